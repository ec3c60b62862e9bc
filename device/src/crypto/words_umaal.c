/*
 * The kernel of cores with the DSP extension (Cortex-M4 and up): UMAAL is a * b + x + y, which is
 * exactly two words, in constant time. Two words at a time, for LDRD and STRD.
 */
#include "words.h"

#if defined(ROOTLET_KERNEL_UMAAL)

uint32_t rootlet_words_add(uint32_t *r, const uint32_t *a, const uint32_t *b, size_t count,
                           uint32_t w, uint32_t carry)
{
    uint32_t a0, a1, b0, b1;
    __asm__ volatile(
        "1:                                 \n\t"
        "ldrd  %[a0], %[a1], [%[a]], #8     \n\t"
        "ldrd  %[b0], %[b1], [%[b]], #8     \n\t"
        "umaal %[a0], %[carry], %[w], %[b0] \n\t"
        "umaal %[a1], %[carry], %[w], %[b1] \n\t"
        "strd  %[a0], %[a1], [%[r]], #8     \n\t"
        "subs  %[count], %[count], #2       \n\t"
        "bne   1b                           \n\t"
        : [r] "+&r"(r), [a] "+&r"(a), [b] "+&r"(b), [count] "+&r"(count), [carry] "+&r"(carry),
          [a0] "=&r"(a0), [a1] "=&r"(a1), [b0] "=&r"(b0), [b1] "=&r"(b1)
        : [w] "r"(w)
        : "cc", "memory");
    return carry;
}

uint32_t rootlet_words_accumulate(uint32_t *r, const uint32_t *b, size_t count, uint32_t w)
{
    return rootlet_words_add(r, r, b, count, w, 0);
}

/*
 * product = product + (w0 + w1 * 2^32) * b; the two words above are written, not added to. Column j
 * takes w0 * b[j] and w1 * b[j - 1], so a word of b and one of the product are read once for two
 * multiplications.
 */
static void accumulate_two_rows(uint32_t *product, uint32_t w0, uint32_t w1, const uint32_t *b)
{
    uint32_t first = 0, second = 0, before = 0, count = 4; /* the rows' carries, b[j - 1] */
    uint32_t p0, p1, b0, b1;
    __asm__ volatile("1:                                        \n\t"
                     "ldrd  %[b0], %[b1], [%[b]], #8            \n\t"
                     "ldrd  %[p0], %[p1], [%[p]]                \n\t"
                     "umaal %[p0], %[first], %[w0], %[b0]       \n\t"
                     "umaal %[p0], %[second], %[w1], %[before]  \n\t"
                     "umaal %[p1], %[first], %[w0], %[b1]       \n\t"
                     "umaal %[p1], %[second], %[w1], %[b0]      \n\t"
                     "mov   %[before], %[b1]                    \n\t"
                     "strd  %[p0], %[p1], [%[p]], #8            \n\t"
                     "subs  %[count], %[count], #1              \n\t"
                     "bne   1b                                  \n\t"
                     "umaal %[first], %[second], %[w1], %[before] \n\t"
                     "strd  %[first], %[second], [%[p]]         \n\t"
                     : [p] "+&r"(product), [b] "+&r"(b), [count] "+&r"(count), [first] "+&r"(first),
                       [second] "+&r"(second), [before] "+&r"(before), [p0] "=&r"(p0),
                       [p1] "=&r"(p1), [b0] "=&r"(b0), [b1] "=&r"(b1)
                     : [w0] "r"(w0), [w1] "r"(w1)
                     : "cc", "memory");
}

void rootlet_words_product(uint32_t product[16], const uint32_t a[8], const uint32_t b[8])
{
    rootlet_words_clear(product);
    for (unsigned i = 0; i < 8; i += 2) {
        accumulate_two_rows(product + i, a[i], a[i + 1], b);
    }
}

#else
typedef int rootlet_words_umaal_is_elsewhere; /* ISO C wants a declaration */
#endif
