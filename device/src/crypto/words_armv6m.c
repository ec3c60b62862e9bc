/*
 * The kernel of the Cortex-M0 and M0+: MULS gives 32 bits of a product, in constant time (in one
 * step or in 32, as the chip's maker chose).
 */
#include "words.h"

#if defined(ROOTLET_KERNEL_ARMV6M)

/*
 * b = h * 2^16 + l and w = wh * 2^16 + wl. l * wl, both middle products and h * wh; the middle ones
 * make 33 bits, whose highest goes to bit 16 of the upper word. r and the carry are added behind
 * that. All eight low registers are in use.
 */
#define ACCUMULATE                                                                                 \
    "ldm  %[b]!, {%[h]}      \n\t"                                                                 \
    "uxth %[l], %[h]         \n\t"                                                                 \
    "lsrs %[h], %[h], #16    \n\t"                                                                 \
    "mov  %[x], %[wl]        \n\t"                                                                 \
    "muls %[x], %[l]         \n\t" /* l * wl */                                                    \
    "mov  %[y], %[wl]        \n\t"                                                                 \
    "muls %[y], %[h]         \n\t" /* h * wl */                                                    \
    "mov  %[z], %[wh]        \n\t"                                                                 \
    "muls %[l], %[z]         \n\t" /* l * wh */                                                    \
    "muls %[h], %[z]         \n\t" /* h * wh */                                                    \
    "adds %[l], %[l], %[y]   \n\t" /* the middle */                                                \
    "movs %[z], #0           \n\t"                                                                 \
    "adcs %[z], %[z]         \n\t"                                                                 \
    "lsls %[z], %[z], #16    \n\t"                                                                 \
    "adds %[h], %[h], %[z]   \n\t"                                                                 \
    "lsls %[y], %[l], #16    \n\t"                                                                 \
    "lsrs %[l], %[l], #16    \n\t"                                                                 \
    "adds %[x], %[x], %[y]   \n\t"                                                                 \
    "adcs %[h], %[l]         \n\t"                                                                 \
    "ldr  %[y], [%[r]]       \n\t"                                                                 \
    "movs %[z], #0           \n\t"                                                                 \
    "adds %[x], %[x], %[y]   \n\t"                                                                 \
    "adcs %[h], %[z]         \n\t"                                                                 \
    "adds %[x], %[x], %[c]   \n\t"                                                                 \
    "adcs %[h], %[z]         \n\t"                                                                 \
    "mov  %[c], %[h]         \n\t"                                                                 \
    "stm  %[r]!, {%[x]}      \n\t"

/* The body of a function of r, b, count and w, with so many words in a round. */
#define ACCUMULATE_BY(words)                                                                       \
    uint32_t carry = 0;                                                                            \
    /* The compiler would look for low registers. */                                               \
    register uint32_t low __asm__("r8") = w & 0xffff;                                              \
    register uint32_t high __asm__("r9") = w >> 16;                                                \
    register const uint32_t *end __asm__("r10") = b + count;                                       \
    uint32_t h, l, x, y, z;                                                                        \
    __asm__ volatile(".syntax unified          \n"                                                 \
                     "1:                       \n\t" words "cmp  %[b], %[end]        \n\t"         \
                     "bne  1b                  \n\t"                                               \
                     : [r] "+&l"(r), [b] "+&l"(b), [c] "+&l"(carry), [h] "=&l"(h), [l] "=&l"(l),   \
                       [x] "=&l"(x), [y] "=&l"(y), [z] "=&l"(z)                                    \
                     : [wl] "r"(low), [wh] "r"(high), [end] "r"(end)                               \
                     : "cc", "memory");                                                            \
    return carry

uint32_t rootlet_words_accumulate(uint32_t *r, const uint32_t *b, size_t count, uint32_t w)
{
    ACCUMULATE_BY(ACCUMULATE);
}

/* Two words a round, and no call: each would be a tenth of the time of both curves. */
__attribute__((always_inline)) static inline uint32_t add_row(uint32_t *r, const uint32_t *b,
                                                              size_t count, uint32_t w)
{
    ACCUMULATE_BY(ACCUMULATE ACCUMULATE);
}

void rootlet_words_product(uint32_t product[16], const uint32_t a[8], const uint32_t b[8])
{
    rootlet_words_clear(product);
    for (unsigned i = 0; i < 8; i++) {
        product[i + 8] = add_row(product + i, b, 8, a[i]);
    }
}

#else
typedef int rootlet_words_armv6m_is_elsewhere; /* ISO C wants a declaration */
#endif
