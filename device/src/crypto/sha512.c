/* SHA-512, FIPS 180-4. The message schedule is expanded in full: smaller and quicker than a ring of
 * 16 words. */
#include "sha2.h"
#include "words.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

static uint64_t rotate(uint64_t x, unsigned n)
{
    return x >> n | x << (64 - n);
}

/* FIPS 180-4 section 6.4.2 */
static void compress(uint64_t state[8], const uint8_t *block)
{
    uint64_t w[80];
    uint64_t v[8]; /* a to h */
    for (unsigned i = 0; i < 16; i++) {
        uint64_t word = 0;
        for (unsigned j = 0; j < 8; j++) {
            word = word << 8 | *block++;
        }
        w[i] = word;
    }
    for (unsigned i = 16; i < 80; i++) {
        uint64_t x = w[i - 15];
        uint64_t y = w[i - 2];
        w[i] = w[i - 16] + (rotate(x, 1) ^ rotate(x, 8) ^ x >> 7) + w[i - 7] +
               (rotate(y, 19) ^ rotate(y, 61) ^ y >> 6);
    }
    for (unsigned i = 0; i < 8; i++) {
        v[i] = state[i];
    }
    for (unsigned i = 0; i < 80; i++) {
        uint64_t a = v[0];
        uint64_t e = v[4];
        uint64_t t1 = v[7] + (rotate(e, 14) ^ rotate(e, 18) ^ rotate(e, 41)) +
                      (v[6] ^ (e & (v[5] ^ v[6]))) + rootlet_sha2_round[i] + w[i];
        uint64_t t2 =
            (rotate(a, 28) ^ rotate(a, 34) ^ rotate(a, 39)) + ((a & v[1]) | (v[2] & (a | v[1])));
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

void rootlet_sha512_init(rootlet_sha512 *hash)
{
    for (unsigned i = 0; i < 8; i++) {
        hash->state[i] = rootlet_sha2_initial[i];
    }
    hash->length = 0;
}

void rootlet_sha512_update(rootlet_sha512 *hash, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        hash->block[hash->length++ % 128] = bytes[i];
        if (hash->length % 128 == 0) {
            compress(hash->state, hash->block);
        }
    }
}

void rootlet_sha512_final(rootlet_sha512 *hash, uint8_t digest[ROOTLET_SHA512_BYTES])
{
    /* FIPS 180-4 section 5.1: a bit 1, zeros, and the length in bits at the block's end. */
    uint32_t length = hash->length;
    uint8_t byte = 0x80;
    do {
        rootlet_sha512_update(hash, &byte, 1);
        byte = 0;
    } while (hash->length % 128 != 112);
    for (unsigned i = 16; i-- > 0;) {
        byte = (uint8_t)(i > 4 ? 0 : i == 4 ? length >> 29 : length << 3 >> (8 * i));
        rootlet_sha512_update(hash, &byte, 1);
    }
    for (unsigned i = 0; i < ROOTLET_SHA512_BYTES; i++) {
        digest[i] = (uint8_t)(hash->state[i / 8] >> (64 - 8 - 8 * (i % 8)));
    }
    rootlet_wipe(hash, sizeof *hash);
}
