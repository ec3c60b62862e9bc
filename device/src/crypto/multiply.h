/*
 * The step that all long arithmetic is made of: a * b + x + y, which is exactly two words.
 *
 * Constant time as far as the core's multiplication is: see ROOTLET_MULTIPLY_HALVES in config.h.
 */
#ifndef ROOTLET_CRYPTO_MULTIPLY_H
#define ROOTLET_CRYPTO_MULTIPLY_H

#include "rootlet/config.h"

#include <stdint.h>

/* high, low = a * b + high + low: at most (2^32-1)^2 + 2 * (2^32-1) = 2^64 - 1. */
static inline void rootlet_multiply_add(uint32_t *low, uint32_t *high, uint32_t a, uint32_t b)
{
#if ROOTLET_MULTIPLY_HALVES
    /* Four products of halves, less code and time than the compiler's helper. Each sum here is at
     * most (2^16-1)^2 + 2^16 - 1, below 2^32; the last three are parts of the whole, below 2^64. */
    uint32_t bottom = (a & 0xffff) * (b & 0xffff);
    uint32_t middle = (a >> 16) * (b & 0xffff) + (bottom >> 16);
    uint32_t other = (a & 0xffff) * (b >> 16) + (middle & 0xffff);
    uint32_t top = (a >> 16) * (b >> 16) + (middle >> 16) + (other >> 16);
    uint32_t sum = (other << 16 | (bottom & 0xffff)) + *low;
    top += sum < *low;
    sum += *high;
    *low = sum;
    *high = top + (sum < *high);
#elif defined(__GNUC__) && defined(__ARM_FEATURE_DSP)
    /* Cortex-M4 and up have just this as one instruction. */
    __asm__("umaal %0, %1, %2, %3" : "+r"(*low), "+r"(*high) : "r"(a), "r"(b));
#else
    uint64_t sum = (uint64_t)a * b + *low + *high;
    *low = (uint32_t)sum;
    *high = (uint32_t)(sum >> 32);
#endif
}

#endif
