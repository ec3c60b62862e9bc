/* See words.h. */
#include "words.h"

void rootlet_words_load(uint32_t *words, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++, bytes += 4) {
        words[i] = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                   (uint32_t)bytes[3] << 24;
    }
}

void rootlet_words_store(uint8_t *bytes, const uint32_t *words, size_t count)
{
    for (size_t i = 0; i < 4 * count; i++) {
        bytes[i] = (uint8_t)(words[i / 4] >> (8 * (i % 4)));
    }
}

void rootlet_words_copy(uint32_t *to, const uint32_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = from[i];
    }
}

void rootlet_words_wipe(uint32_t *words, size_t count)
{
    volatile uint32_t *to = words;
    for (size_t i = 0; i < count; i++) {
        to[i] = 0;
    }
}

uint32_t rootlet_words_row(uint32_t *r, const uint32_t *a, const uint32_t *b, size_t count,
                           uint32_t w, uint32_t carry)
{
    for (size_t i = 0; i < count; i++) {
        /* At most (2^32-1)^2 + 2 * (2^32-1) = 2^64 - 1. */
        uint64_t sum = (uint64_t)w * b[i] + a[i] + carry;
        r[i] = (uint32_t)sum;
        carry = (uint32_t)(sum >> 32);
    }
    return carry;
}

void rootlet_words_swap(uint32_t *a, uint32_t *b, size_t count, uint32_t swap)
{
    uint32_t mask = 0 - swap;
    for (size_t i = 0; i < count; i++) {
        uint32_t difference = (a[i] ^ b[i]) & mask;
        a[i] ^= difference;
        b[i] ^= difference;
    }
}
