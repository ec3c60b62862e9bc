/*
 * SHA-256, FIPS 180-4. The context's words are the state, from h to a, then the block as it fills.
 * The schedule is expanded in full and used up in place: smaller and quicker than a ring of 16
 * words.
 */
#include "sha2.h"
#include "words.h"

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
void rootlet_sha256_compress(uint32_t words[STATE + BLOCK])
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

/* Not inlined: smaller so, where the library is one file; final, too. */
__attribute__((noinline)) void rootlet_sha256_update(rootlet_sha256 *hash, const uint8_t *bytes,
                                                     size_t length)
{
    rootlet_sha2_update(hash, bytes, length, ROOTLET_SHA256_BLOCK);
}

__attribute__((noinline)) void rootlet_sha256_final(rootlet_sha256 *hash,
                                                    uint8_t digest[ROOTLET_SHA256_BYTES])
{
    rootlet_sha2_final(hash, digest, ROOTLET_SHA256_BLOCK);
}
