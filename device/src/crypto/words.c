/* See words.h. */
#include "words.h"

/* A word of an object of another type, such as 64-bit numbers. */
#if defined(__GNUC__)
typedef uint32_t __attribute__((may_alias)) any_word;
#else
typedef uint32_t any_word;
#endif

void rootlet_words_load(uint32_t *words, const uint8_t *bytes, size_t count)
{
    do {
        *words++ = rootlet_word_load(bytes);
        bytes += 4;
    } while (--count > 0);
}

void rootlet_words_store(uint8_t *bytes, const uint32_t *words, size_t count)
{
    do {
        uint32_t left = *words++;
        for (unsigned i = 0; i < 4; i++) {
            *bytes++ = (uint8_t)left;
            left >>= 8;
        }
    } while (--count > 0);
}

void rootlet_words_copy(void *to, const void *from, size_t count)
{
    any_word *t = to;
    const any_word *f = from;
    do {
        *t++ = *f++;
    } while (--count > 0);
}

void rootlet_words_wipe(void *words, size_t count)
{
    volatile any_word *to = words;
    do {
        *to++ = 0;
        *to++ = 0;
        count -= 2;
    } while (count > 0);
}

void rootlet_words_swap(uint32_t *a, uint32_t *b, size_t count, uint32_t swap)
{
    uint32_t mask = 0 - swap;
    do {
        uint32_t x = *a;
        uint32_t y = *b;
        uint32_t difference = (x ^ y) & mask;
        *a++ = x ^ difference;
        *b++ = y ^ difference;
    } while (--count > 0);
}

#if !defined(ROOTLET_KERNEL_UMAAL) && !defined(ROOTLET_KERNEL_ARMV7M)

/*
 * w < 2^16, so that both halves of b times w fit a word. low is exact by the condition in words.h;
 * high <= w * (2^16 - 1) + 2^16 - 1 < 2^32; the carry behind it is at most w.
 */
uint32_t rootlet_words_add(uint32_t *r, const uint32_t *a, const uint32_t *b, size_t count,
                           uint32_t w, uint32_t carry)
{
    do {
        uint32_t low = w * (*b & 0xffff) + carry;
        uint32_t high = w * (*b++ >> 16) + (low >> 16);
        uint32_t product = high << 16 | (low & 0xffff);
        uint32_t sum = product + *a++;
        carry = (high >> 16) + (sum < product);
        *r++ = sum;
    } while (--count > 0);
    return carry;
}

#endif
