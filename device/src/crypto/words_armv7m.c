/*
 * The kernels of the Cortex-M3. MUL and MLA take the same time for all operands; UMLAL does not
 * (Cortex-M3 Technical Reference Manual, instruction timings), so it stands in quick functions
 * only; these take two words at a time, for LDRD and STRD.
 */
#include "words.h"

#if defined(ROOTLET_KERNEL_ARMV7M)

/*
 * b = h * 2^16 + l and w = wh * 2^16 + wl:
 *
 *   ll  = l * wl
 *   mid = l * wh + ll >> 16            (2^16-1)^2 + 2^16-1 < 2^32
 *   oth = h * wl + mid mod 2^16        likewise
 *   h   = h * wh + mid >> 16 + oth >> 16
 *
 * and h, oth mod 2^16, ll mod 2^16 is the product; r and the carry are added behind that.
 */
uint32_t rootlet_words_accumulate(uint32_t *r, const uint32_t *b, size_t count, uint32_t w)
{
    uint32_t carry = 0;
    uint32_t low = w & 0xffff;
    uint32_t high = w >> 16;
    uint32_t word, sum, ll, mid, oth;
    __asm__ volatile(
        "1:                                 \n\t"
        "ldr  %[h], [%[b]], #4              \n\t"
        "ldr  %[sum], [%[r]]                \n\t"
        "uxth %[ll], %[h]                   \n\t" /* l */
        "lsrs %[h], %[h], #16               \n\t"
        "mul  %[mid], %[ll], %[wh]          \n\t"
        "mul  %[ll], %[ll], %[wl]           \n\t"
        "add  %[mid], %[mid], %[ll], lsr #16 \n\t"
        "uxth %[oth], %[mid]                \n\t"
        "mla  %[oth], %[h], %[wl], %[oth]   \n\t"
        "lsrs %[mid], %[mid], #16           \n\t"
        "mla  %[h], %[h], %[wh], %[mid]     \n\t"
        "add  %[h], %[h], %[oth], lsr #16   \n\t"
        "bfi  %[ll], %[oth], #16, #16       \n\t"
        "adds %[sum], %[sum], %[ll]         \n\t"
        "adc  %[h], %[h], #0                \n\t"
        "adds %[sum], %[sum], %[carry]      \n\t"
        "adc  %[carry], %[h], #0            \n\t"
        "str  %[sum], [%[r]], #4            \n\t"
        "subs %[count], %[count], #1        \n\t"
        "bne  1b                            \n\t"
        : [r] "+&r"(r), [b] "+&r"(b), [count] "+&r"(count), [carry] "+&r"(carry), [h] "=&r"(word),
          [sum] "=&r"(sum), [ll] "=&r"(ll), [mid] "=&r"(mid), [oth] "=&r"(oth)
        : [wl] "r"(low), [wh] "r"(high)
        : "cc", "memory");
    return carry;
}

void rootlet_words_product(uint32_t product[16], const uint32_t a[8], const uint32_t b[8])
{
    rootlet_words_clear(product);
    for (unsigned i = 0; i < 8; i++) {
        product[i + 8] = rootlet_words_accumulate(product + i, b, 8, a[i]);
    }
}

/* As in words.c: low = w * l + carry, high = w * h + low >> 16, both below 2^32; the carry behind
 * high mod 2^16, low mod 2^16 is high >> 16, at most w, and that of the sum. */
uint32_t rootlet_words_add(uint32_t *r, const uint32_t *a, const uint32_t *b, size_t count,
                           uint32_t w, uint32_t carry)
{
    uint32_t low, high, sum;
    __asm__ volatile("1:                                   \n\t"
                     "ldr  %[low], [%[b]], #4              \n\t"
                     "ldr  %[sum], [%[a]], #4              \n\t"
                     "lsrs %[high], %[low], #16            \n\t"
                     "uxth %[low], %[low]                  \n\t"
                     "mla  %[low], %[low], %[w], %[carry]  \n\t"
                     "mul  %[high], %[high], %[w]          \n\t"
                     "add  %[high], %[high], %[low], lsr #16 \n\t"
                     "bfi  %[low], %[high], #16, #16       \n\t"
                     "adds %[sum], %[sum], %[low]          \n\t"
                     "adc  %[carry], %[zero], %[high], lsr #16 \n\t"
                     "str  %[sum], [%[r]], #4              \n\t"
                     "subs %[count], %[count], #1          \n\t"
                     "bne  1b                              \n\t"
                     : [r] "+&r"(r), [a] "+&r"(a), [b] "+&r"(b), [count] "+&r"(count),
                       [carry] "+&r"(carry), [low] "=&r"(low), [high] "=&r"(high), [sum] "=&r"(sum)
                     : [w] "r"(w), [zero] "r"(0)
                     : "cc", "memory");
    return carry;
}

/* UMLAL adds into 64 bits: w * b + a, at most 2^64 - 2^32, and the carry behind that. */
uint32_t rootlet_words_add_quick(uint32_t *r, const uint32_t *a, const uint32_t *b, size_t count,
                                 uint32_t w, uint32_t carry)
{
    uint32_t a0, a1, b0, b1, high;
    __asm__ volatile(
        "1:                                \n\t"
        "ldrd  %[a0], %[a1], [%[a]], #8    \n\t"
        "ldrd  %[b0], %[b1], [%[b]], #8    \n\t"
        "mov   %[high], #0                 \n\t"
        "umlal %[a0], %[high], %[w], %[b0] \n\t"
        "adds  %[a0], %[a0], %[carry]      \n\t"
        "adc   %[carry], %[high], #0       \n\t"
        "mov   %[high], #0                 \n\t"
        "umlal %[a1], %[high], %[w], %[b1] \n\t"
        "adds  %[a1], %[a1], %[carry]      \n\t"
        "adc   %[carry], %[high], #0       \n\t"
        "strd  %[a0], %[a1], [%[r]], #8    \n\t"
        "subs  %[count], %[count], #2      \n\t"
        "bne   1b                          \n\t"
        : [r] "+&r"(r), [a] "+&r"(a), [b] "+&r"(b), [count] "+&r"(count), [carry] "+&r"(carry),
          [a0] "=&r"(a0), [a1] "=&r"(a1), [b0] "=&r"(b0), [b1] "=&r"(b1), [high] "=&r"(high)
        : [w] "r"(w)
        : "cc", "memory");
    return carry;
}

/*
 * Two rows per pass: product += (w0 + w1 * 2^32) * b; the two words above are written, not added
 * to. Column j takes w0 * b[j] and w1 * b[j - 1], so a word of b and one of the product are read
 * once for two multiplications. Each row has a carry; UMLAL takes it as the low word of its sum and
 * leaves the next one in a register set to zero, so the three registers change places, and stand as
 * before after two columns.
 */
void rootlet_words_product_quick(uint32_t product[16], const uint32_t a[8], const uint32_t b[8])
{
    const uint32_t *const end = a + 8;
    uint32_t w0, w1, first, second, before, p0, p1, b0, b1, next, count;
    rootlet_words_clear(product);
    __asm__ volatile(
        "1:                                    \n\t"
        "ldrd  %[w0], %[w1], [%[a]], #8        \n\t"
        "mov   %[first], #0                    \n\t"
        "mov   %[second], #0                   \n\t"
        "mov   %[before], #0                   \n\t"
        "mov   %[count], #4                    \n\t"
        "2:                                    \n\t"
        "ldrd  %[b0], %[b1], [%[b]], #8        \n\t"
        "ldrd  %[p0], %[p1], [%[p]]            \n\t"
        "mov   %[next], #0                     \n\t"
        "umlal %[first], %[next], %[w0], %[b0] \n\t"
        "adds  %[p0], %[p0], %[first]          \n\t"
        "adc   %[next], %[next], #0            \n\t" /* first's carry */
        "mov   %[first], #0                    \n\t"
        "umlal %[second], %[first], %[w1], %[before] \n\t"
        "adds  %[p0], %[p0], %[second]         \n\t"
        "adc   %[first], %[first], #0          \n\t" /* second's carry */
        "mov   %[second], #0                   \n\t"
        "umlal %[first], %[second], %[w1], %[b0] \n\t"
        "adds  %[p1], %[p1], %[first]          \n\t"
        "adc   %[second], %[second], #0        \n\t"
        "mov   %[first], #0                    \n\t"
        "umlal %[next], %[first], %[w0], %[b1] \n\t"
        "adds  %[p1], %[p1], %[next]           \n\t"
        "adc   %[first], %[first], #0          \n\t"
        "strd  %[p0], %[p1], [%[p]], #8        \n\t"
        "mov   %[before], %[b1]                \n\t"
        "subs  %[count], %[count], #1          \n\t"
        "bne   2b                              \n\t"
        "umlal %[first], %[count], %[w1], %[before] \n\t" /* count is 0 */
        "adds  %[first], %[first], %[second]   \n\t"
        "adc   %[count], %[count], #0          \n\t"
        "strd  %[first], %[count], [%[p]]      \n\t"
        "subs  %[b], %[b], #32                 \n\t"
        "subs  %[p], %[p], #24                 \n\t"
        "ldr   %[next], %[end]                 \n\t"
        "cmp   %[a], %[next]                   \n\t"
        "bne   1b                              \n\t"
        : [p] "+&r"(product), [a] "+&r"(a), [b] "+&r"(b), [w0] "=&r"(w0), [w1] "=&r"(w1),
          [first] "=&r"(first), [second] "=&r"(second), [before] "=&r"(before), [p0] "=&r"(p0),
          [p1] "=&r"(p1), [b0] "=&r"(b0), [b1] "=&r"(b1), [next] "=&r"(next), [count] "=&r"(count)
        : [end] "m"(end)
        : "cc", "memory");
}

#else
typedef int rootlet_words_armv7m_is_elsewhere; /* ISO C wants a declaration */
#endif
