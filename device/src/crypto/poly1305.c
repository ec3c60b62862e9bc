/* See poly1305.h. p = 2^130 - 5. Numbers in words of 32 bits: x = x_0 + x_1 * 2^32 + ... */
#include "poly1305.h"

#include "words.h"

#include "base/bytes.h"

void rootlet_poly1305_init(rootlet_poly1305 *poly)
{
    rootlet_words_load(poly->key + 4, (const uint8_t *)(poly->key + 4), 8);
    poly->key[4] &= 0x0fffffff;
    for (unsigned i = 1; i < 4; i++) {
        uint32_t r = poly->key[i + 4] & 0x0ffffffc;
        poly->key[i + 4] = r;
        poly->key[i] = r + (r >> 2);
    }
}

/*
 * h = (h + block + 2^128) * r modulo p, not fully reduced: h_4 is at most 4 before and after, and 6
 * between.
 *
 * r_1 to r_3 are multiples of 4 and 2^130 = 5, so h_i * r_j at 2^(32 * (i+j)) with i + j >= 4 is
 * h_i * (5/4 r_j) at 2^(32 * (i+j-4)): row i takes four words of poly->key from 4 - i on. Of h_4
 * only h_4 * r_0 stays at 2^128; where that would stand below, the key has a 0. The row of h_4
 * carries nothing: 6 * 5/4 * 2^28 < 2^31.
 *
 * top, what is at 2^128: the other rows carry at most 1.25 * 2^28 each, and h_4 * r_0 is below
 * 6 * 2^28. So top < 2^28 * 11, and 5/4 of it fits a word.
 */
static void add_block(rootlet_poly1305 *poly, const uint8_t block[16])
{
    uint32_t *const h = poly->h;
    uint32_t *const t = poly->t;
    rootlet_words_load(t, block, 4);
    h[4] += 1 + rootlet_words_add(h, h, t, 4, 1, 0);
    for (unsigned i = 0; i < 4; i++) {
        t[i] = h[4] * poly->key[i];
    }
    uint32_t top = h[4] * poly->key[4];
    for (unsigned i = 0; i < 4; i++) {
        top += rootlet_words_accumulate(t, poly->key + 4 - i, 4, h[i]);
    }
    uint64_t sum = (top >> 2) * 5;
    for (unsigned i = 0; i < 4; i++) {
        sum += t[i];
        h[i] = (uint32_t)sum;
        sum >>= 32;
    }
    h[4] = (top & 3) + (uint32_t)sum;
}

void rootlet_poly1305_update(rootlet_poly1305 *poly, const uint8_t *bytes, size_t length)
{
    uint8_t block[16];
    while (length >= sizeof block) {
        add_block(poly, bytes);
        bytes += sizeof block;
        length -= sizeof block;
    }
    if (length > 0) {
        rootlet_wipe(block, sizeof block);
        rootlet_copy(block, bytes, length);
        add_block(poly, block);
    }
}

void rootlet_poly1305_final(rootlet_poly1305 *poly, uint8_t tag[16])
{
    /* h < 5 * 2^128 < 2p: h / p is 1 when h + 5 >= 2^130 and else 0, and h - p = h + 5 - 2^130. */
    uint32_t quotient = (poly->h[4] + rootlet_words_add(poly->t, poly->h, poly->h, 4, 0, 5)) >> 2;
    rootlet_words_add(poly->t, poly->h, poly->key + 8, 4, 1, 5 * quotient);
    rootlet_words_store(tag, poly->t, 4);
    rootlet_wipe(poly, sizeof *poly);
}
