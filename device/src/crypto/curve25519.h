/* What X25519 and Ed25519 signing share: the clamped scalar. */
#ifndef ROOTLET_CRYPTO_CURVE25519_H
#define ROOTLET_CRYPTO_CURVE25519_H

#include <stdint.h>

/* RFC 7748 section 5 and RFC 8032 section 5.1.5: a multiple of 8 with bit 254 the highest. */
static inline void rootlet_curve25519_clamp(uint32_t scalar[8])
{
    scalar[0] &= ~(uint32_t)7;
    scalar[7] = (scalar[7] & 0x7fffffff) | 0x40000000;
}

#endif
