/*
 * SHA-256, FIPS 180-4. The context's words are the state, from h to a, then the block as it fills.
 * The schedule is expanded in full and used up in place: smaller and quicker than a ring of 16
 * words.
 */
#include "sha2.h"
#include "words.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

#define STATE 8
#define BLOCK 16
#define ROUNDS 64

static uint32_t rotate_right(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

/* FIPS 180-4 section 6.2.2. Rotations are chained, each by as much as its amount is above the one
 * before: fewer registers, of which a Cortex-M0+ has few. */
static void compress_256(uint32_t words[STATE + BLOCK])
{
    uint32_t x[STATE + ROUNDS];
    rootlet_words_copy(x, words, STATE + BLOCK);
    uint32_t *w = x + STATE + BLOCK;
    do {
        uint32_t s0 = rotate_right(w[-15] ^ rotate_right(w[-15], 11), 7) ^ w[-15] >> 3;
        uint32_t s1 = rotate_right(w[-2] ^ rotate_right(w[-2], 2), 17) ^ w[-2] >> 10;
        w[0] = w[-16] + s0 + w[-7] + s1;
    } while (++w != x + STATE + ROUNDS);
    uint32_t e = x[3];
    uint32_t a = x[7];
    uint32_t b_xor_c = x[6] ^ x[5]; /* the bits in which b and c differ */
    uint32_t *v = x;
    const uint32_t *k = rootlet_sha2_round;
    do {
        /* h to a in v[0] to v[7], then this round's word: where the next a goes. */
        uint32_t s1 = rotate_right(e ^ rotate_right(e ^ rotate_right(e, 14), 5), 6);
        uint32_t s0 = rotate_right(a ^ rotate_right(a ^ rotate_right(a, 9), 11), 2);
        uint32_t t1 = v[0] + s1 + (v[1] ^ (e & (v[2] ^ v[1]))) + *k++ + v[8];
        uint32_t b = v[6];
        uint32_t a_xor_b = a ^ b;
        s0 += b ^ (a_xor_b & b_xor_c); /* the majority of a, b, c: b, unless both others differ */
        b_xor_c = a_xor_b;
        e = v[4] += t1;
        a = v[8] = t1 + s0;
    } while (++v != x + ROUNDS);
    for (unsigned i = 0; i < STATE; i++) {
        words[i] += x[ROUNDS + i];
    }
    rootlet_words_wipe(x, STATE + ROUNDS);
}

void rootlet_sha256_init(rootlet_sha256 *hash)
{
    for (unsigned i = 0; i < STATE; i++) {
        hash->words[i] = (uint32_t)(rootlet_sha2_initial[i] >> 32);
    }
    hash->length = 0;
}

void rootlet_sha256_update(rootlet_sha256 *hash, const uint8_t *bytes, size_t length)
{
    uint32_t count = hash->length;
    for (const uint8_t *end = bytes + length; bytes != end;) {
        uint32_t *word = hash->words + STATE + count / sizeof *word % BLOCK;
        *word = *word << 8 | *bytes++;
        if (++count % 64 == 0) {
            compress_256(hash->words);
        }
    }
    hash->length = count;
}

void rootlet_sha256_final(rootlet_sha256 *hash, uint8_t digest[ROOTLET_SHA256_BYTES])
{
    /* FIPS 180-4 section 5.1: a bit 1, zeros, and the length in bits in the last two words. */
    uint32_t length = hash->length;
    uint8_t byte = 0x80;
    do {
        rootlet_sha256_update(hash, &byte, 1);
        byte = 0;
    } while (hash->length % 64 != 56);
    hash->words[STATE + BLOCK - 2] = length >> 29;
    hash->words[STATE + BLOCK - 1] = length << 3;
    compress_256(hash->words);
    for (unsigned i = STATE; i-- > 0;) {
        digest = rootlet_sha2_store(digest, hash->words[i]);
    }
    rootlet_wipe(hash, sizeof *hash);
}
