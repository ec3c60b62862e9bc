/* See poly1305.h. p = 2^130 - 5. */
#include "poly1305.h"

#include "words.h"

#include "base/bytes.h"

void rootlet_poly1305_init(rootlet_poly1305 *poly, const uint8_t key[32])
{
    rootlet_wipe(poly, sizeof *poly);
    rootlet_words_load(poly->r, key, 4);
    rootlet_words_load(poly->s, key + 16, 4);
    poly->r[0] &= 0x0fffffff;
    for (unsigned i = 1; i < 4; i++) {
        poly->r[i] &= 0x0ffffffc;
    }
}

/*
 * h = h * r modulo p, not fully reduced. h < 2^131 and r < 2^124, so the product is below 2^255:
 * eight words. What is above bit 130, x, comes back as 5x = 4x + x; then
 * h < 2^130 + 2^128 + 2^126 + ... < 2^131.
 */
static void multiply(rootlet_poly1305 *poly)
{
    uint32_t t[9];
    rootlet_words_wipe(t, 9);
    for (unsigned i = 0; i < 4; i++) {
        t[i + 5] = rootlet_words_row(t + i, t + i, poly->h, 5, poly->r[i], 0);
    }
    uint64_t carry = 0;
    for (unsigned i = 0; i < 4; i++) {
        uint32_t high = i == 0 ? t[4] & ~(uint32_t)3 : t[4 + i];
        carry += (uint64_t)t[i] + high + (t[4 + i] >> 2 | t[5 + i] << 30);
        poly->h[i] = (uint32_t)carry;
        carry >>= 32;
    }
    poly->h[4] = (t[4] & 3) + (uint32_t)carry; /* at most 3 + 2 */
    rootlet_words_wipe(t, 9);
}

void rootlet_poly1305_update(rootlet_poly1305 *poly, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        uint8_t block[16];
        uint32_t m[4];
        size_t take = length < 16 ? length : 16;
        rootlet_wipe(block, 16);
        rootlet_copy(block, bytes, take);
        rootlet_words_load(m, block, 4);
        /* h + m + 2^128: at most 6 + 1 + 1 times 2^128 = 2^131 */
        poly->h[4] += 1 + rootlet_words_row(poly->h, poly->h, m, 4, 1, 0);
        multiply(poly);
        bytes += take;
        length -= take;
    }
}

void rootlet_poly1305_final(rootlet_poly1305 *poly, uint8_t tag[16])
{
    uint32_t sum[4];
    /* h < 2p, so h / p is 1 when h + 5 >= 2^130 and else 0; h - p = h + 5 - 2^130. */
    uint32_t quotient = (poly->h[4] + rootlet_words_row(sum, poly->h, poly->h, 4, 0, 5)) >> 2;
    rootlet_words_row(sum, poly->h, poly->s, 4, 1, 5 * quotient);
    rootlet_words_store(tag, sum, 4);
    rootlet_wipe(poly, sizeof *poly);
}
