/* SHA-256, FIPS 180-4. The message schedule is expanded in full: smaller and quicker than a ring of
 * 16 words. */
#include "sha2.h"
#include "words.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

static uint32_t rotate(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

/* FIPS 180-4 section 6.2.2 */
static void compress(uint32_t state[8], const uint8_t *block)
{
    uint32_t w[64];
    uint32_t v[8]; /* a to h */
    for (unsigned i = 0; i < 16; i++) {
        uint32_t word = 0;
        for (unsigned j = 0; j < 4; j++) {
            word = word << 8 | *block++;
        }
        w[i] = word;
    }
    for (unsigned i = 16; i < 64; i++) {
        uint32_t x = w[i - 15];
        uint32_t y = w[i - 2];
        w[i] = w[i - 16] + (rotate(x, 7) ^ rotate(x, 18) ^ x >> 3) + w[i - 7] +
               (rotate(y, 17) ^ rotate(y, 19) ^ y >> 10);
    }
    for (unsigned i = 0; i < 8; i++) {
        v[i] = state[i];
    }
    for (unsigned i = 0; i < 64; i++) {
        uint32_t a = v[0];
        uint32_t e = v[4];
        uint32_t t1 = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
                      (v[6] ^ (e & (v[5] ^ v[6]))) + (uint32_t)(rootlet_sha2_round[i] >> 32) + w[i];
        uint32_t t2 =
            (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & v[1]) | (v[2] & (a | v[1])));
        for (unsigned j = 7; j > 0; j--) {
            v[j] = v[j - 1];
        }
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (unsigned i = 0; i < 8; i++) {
        state[i] += v[i];
    }
    rootlet_words_wipe((uint32_t *)(void *)w, sizeof w / 4);
    rootlet_words_wipe((uint32_t *)(void *)v, sizeof v / 4);
}

void rootlet_sha256_init(rootlet_sha256 *hash)
{
    for (unsigned i = 0; i < 8; i++) {
        hash->state[i] = (uint32_t)(rootlet_sha2_initial[i] >> 32);
    }
    hash->length = 0;
}

void rootlet_sha256_update(rootlet_sha256 *hash, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        hash->block[hash->length++ % 64] = bytes[i];
        if (hash->length % 64 == 0) {
            compress(hash->state, hash->block);
        }
    }
}

void rootlet_sha256_final(rootlet_sha256 *hash, uint8_t digest[ROOTLET_SHA256_BYTES])
{
    /* FIPS 180-4 section 5.1: a bit 1, zeros, and the length in bits at the block's end. */
    uint32_t length = hash->length;
    uint8_t byte = 0x80;
    do {
        rootlet_sha256_update(hash, &byte, 1);
        byte = 0;
    } while (hash->length % 64 != 56);
    for (unsigned i = 8; i-- > 0;) {
        byte = (uint8_t)(i > 4 ? 0 : i == 4 ? length >> 29 : length << 3 >> (8 * i));
        rootlet_sha256_update(hash, &byte, 1);
    }
    for (unsigned i = 0; i < ROOTLET_SHA256_BYTES; i++) {
        digest[i] = (uint8_t)(hash->state[i / 4] >> (32 - 8 - 8 * (i % 4)));
    }
    rootlet_wipe(hash, sizeof *hash);
}
