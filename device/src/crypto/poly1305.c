/* See poly1305.h. p = 2^130 - 5. Numbers in words of 32 bits: x = x_0 + x_1 * 2^32 + ... */
#include "poly1305.h"

#include "words.h"

#include "base/bytes.h"

void rootlet_poly1305_init(rootlet_poly1305 *poly, const uint8_t key[32])
{
    rootlet_words_wipe(poly, sizeof *poly / 4);
    rootlet_words_load(poly->key + 3, key, 8);
    poly->key[3] &= 0x0fffffff;
    for (unsigned i = 0; i < 3; i++) {
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
 * h_i * (5/4 r_j) at 2^(32 * (i+j-4)): row i takes four words of poly->key from 3 - i on. Of h_4
 * only h_4 * r_0 stays at 2^128.
 *
 * top, what is at 2^128: the four rows carry at most 1.25 * 2^28 each, h_4 * r_0 is below
 * 6 * 2^28 and the row of h_4 carries at most 1. So top < 2^28 * 11 + 6, and 5/4 of it fits a word.
 */
static void add_block(rootlet_poly1305 *poly, const uint8_t block[16])
{
    uint32_t *t = poly->t;
    rootlet_words_load(t, block, 4);
    poly->h[4] += 1 + rootlet_words_row(poly->h, poly->h, t, 4, 1, 0);
    rootlet_words_wipe(t, 4);
    uint32_t top = poly->h[4] * poly->key[3];
    for (unsigned i = 0; i < 4; i++) {
        top += rootlet_words_row(t, t, poly->key + 3 - i, 4, poly->h[i], 0);
    }
    top += rootlet_words_row(t + 1, t + 1, poly->key, 3, poly->h[4], 0);
    poly->h[4] = (top & 3) + rootlet_words_row(poly->h, t, t, 4, 0, (top >> 2) * 5);
}

void rootlet_poly1305_update(rootlet_poly1305 *poly, const uint8_t *bytes, size_t length)
{
    uint8_t block[16];
    for (size_t i = 0; i < length; i++) {
        if (i % 16 == 0) {
            rootlet_wipe(block, 16);
        }
        block[i % 16] = bytes[i];
        if (i % 16 == 15 || i + 1 == length) {
            add_block(poly, block);
        }
    }
}

void rootlet_poly1305_final(rootlet_poly1305 *poly, uint8_t tag[16])
{
    /* h < 5 * 2^128 < 2p: h / p is 1 when h + 5 >= 2^130 and else 0, and h - p = h + 5 - 2^130. */
    uint32_t quotient = (poly->h[4] + rootlet_words_row(poly->t, poly->h, poly->h, 4, 0, 5)) >> 2;
    rootlet_words_row(poly->t, poly->h, poly->key + 7, 4, 1, 5 * quotient);
    rootlet_words_store(tag, poly->t, 4);
    rootlet_wipe(poly, sizeof *poly);
}
