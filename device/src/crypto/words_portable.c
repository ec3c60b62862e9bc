/*
 * The kernels in C. Long multiplication where the core has one of constant time (x86-64, riscv32);
 * else, and for tests, halves of words.
 */
#include "words.h"

#if defined(ROOTLET_KERNEL_PORTABLE)

/* high, low = a * b + high + low: at most (2^32-1)^2 + 2 * (2^32-1) = 2^64 - 1. */
static inline void multiply_long(uint32_t *low, uint32_t *high, uint32_t a, uint32_t b)
{
    uint64_t sum = (uint64_t)a * b + *low + *high;
    *low = (uint32_t)sum;
    *high = (uint32_t)(sum >> 32);
}

/* The same of four products of halves. bottom, middle and other are at most
 * (2^16-1)^2 + 2^16 - 1, below 2^32; what follows are parts of the whole, below 2^64. */
static inline void multiply_halves(uint32_t *low, uint32_t *high, uint32_t a, uint32_t b)
{
    uint32_t bottom = (a & 0xffff) * (b & 0xffff);
    uint32_t middle = (a >> 16) * (b & 0xffff) + (bottom >> 16);
    uint32_t other = (a & 0xffff) * (b >> 16) + (middle & 0xffff);
    uint32_t top = (a >> 16) * (b >> 16) + (middle >> 16) + (other >> 16);
    uint32_t sum = (other << 16 | (bottom & 0xffff)) + *low;
    top += sum < *low;
    sum += *high;
    *low = sum;
    *high = top + (sum < *high);
}

uint32_t rootlet_words_accumulate(uint32_t *r, const uint32_t *b, size_t count, uint32_t w)
{
    uint32_t carry = 0;
    do {
        if (ROOTLET_HALVES || ROOTLET_TWO_KERNELS) {
            multiply_halves(r++, &carry, w, *b++);
        } else {
            multiply_long(r++, &carry, w, *b++);
        }
    } while (--count > 0);
    return carry;
}

void rootlet_words_product(uint32_t product[16], const uint32_t a[8], const uint32_t b[8])
{
    rootlet_words_clear(product);
    for (unsigned i = 0; i < 8; i++) {
        product[i + 8] = rootlet_words_accumulate(product + i, b, 8, a[i]);
    }
}

#if ROOTLET_TWO_KERNELS

uint32_t rootlet_words_add_quick(uint32_t *r, const uint32_t *a, const uint32_t *b, size_t count,
                                 uint32_t w, uint32_t carry)
{
    do {
        uint32_t sum = *a++;
        multiply_long(&sum, &carry, w, *b++);
        *r++ = sum;
    } while (--count > 0);
    return carry;
}

void rootlet_words_product_quick(uint32_t product[16], const uint32_t a[8], const uint32_t b[8])
{
    rootlet_words_clear(product);
    for (unsigned i = 0; i < 8; i++) {
        product[i + 8] = rootlet_words_add_quick(product + i, product + i, b, 8, a[i], 0);
    }
}

#endif
#else
typedef int rootlet_words_portable_is_elsewhere; /* ISO C wants a declaration */
#endif
