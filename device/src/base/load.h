/* Little-endian numbers: 32-bit words of cryptography, and everything in Roughtime. */
#ifndef ROOTLET_BASE_LOAD_H
#define ROOTLET_BASE_LOAD_H

#include <stdint.h>

/* A number from four little-endian bytes; the compiler makes one access of it where the core has
 * unaligned ones. */
/*@ requires \valid_read(bytes + (0 .. 3));
    assigns \nothing; */
static inline __attribute__((always_inline)) uint32_t rootlet_word_load(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* The same, whichever way is smaller. */
#if defined(__ARM_FEATURE_UNALIGNED)
#define rootlet_load_le32 rootlet_word_load
#else
/*@ requires \valid_read(bytes + (0 .. 3));
    assigns \nothing; */
uint32_t rootlet_load_le32(const uint8_t *bytes);
#endif

#endif
