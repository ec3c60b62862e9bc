/* See words.h. */
#include "words.h"

#include "multiply.h"

/* A word of an object of another type, such as 64-bit numbers. */
#if defined(__GNUC__)
typedef uint32_t __attribute__((may_alias)) word;
#else
typedef uint32_t word;
#endif

void rootlet_words_load(uint32_t *words, const uint8_t *bytes, size_t count)
{
    do {
        *words++ = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                   (uint32_t)bytes[3] << 24;
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
    word *t = to;
    const word *f = from;
    do {
        *t++ = *f++;
    } while (--count > 0);
}

void rootlet_words_wipe(void *words, size_t count)
{
    volatile word *to = words;
    do {
        *to++ = 0;
    } while (--count > 0);
}

uint32_t rootlet_words_row(uint32_t *r, const uint32_t *a, const uint32_t *b, size_t count,
                           uint32_t w, uint32_t carry)
{
    do {
        uint32_t sum = *a++;
        rootlet_multiply_add(&sum, &carry, w, *b++);
        *r++ = sum;
    } while (--count > 0);
    return carry;
}

void rootlet_words_swap(uint32_t *a, uint32_t *b, size_t count, uint32_t swap)
{
    uint32_t mask = 0 - swap;
    do {
        uint32_t difference = (*a ^ *b) & mask;
        *a++ ^= difference;
        *b++ ^= difference;
    } while (--count > 0);
}
