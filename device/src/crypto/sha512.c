/*
 * SHA-512, FIPS 180-4. The context's words are the state, from h to a, then the block as it fills.
 * Expanded in full the schedule would be the deepest point of the library's stack.
 */
#include "sha2.h"
#include "words.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

#define STATE 8
#define BLOCK 16
#define ROUNDS 80

/* In the amounts of sigma. */
#define WORD_TOO 32u /* rotates by 32 more */
#define SHIFT 64u    /* what falls out does not come back */

/* Three rotations to the right of x, combined: by the numbers in the lower bytes of amounts, none a
 * multiple of 32. A function and a loop, for the compiler writes each out in a dozen instructions.
 */
__attribute__((noinline)) static uint64_t sigma(uint64_t x, uint32_t amounts)
{
    uint32_t low = 0;
    uint32_t high = 0;
    do {
        uint32_t a = (uint32_t)x;
        uint32_t b = (uint32_t)(x >> 32);
        unsigned n = amounts & 31;
        if (amounts & WORD_TOO) {
            a = b;
            b = (uint32_t)x;
        }
        low ^= a >> n | b << (32 - n);
        if (amounts & SHIFT) {
            a = 0;
        }
        high ^= b >> n | a << (32 - n);
        amounts >>= 8;
    } while (amounts != 0);
    return (uint64_t)high << 32 | low;
}

/* Section 4.1.3: each function's amounts. */
#define UPPER_SIGMA_0 0x27221cu /* 28, 34, 39 */
#define UPPER_SIGMA_1 0x29120eu /* 14, 18, 41 */
#define LOWER_SIGMA_0 0x470801u /* 1, 8, shift by 7 */
#define LOWER_SIGMA_1 0x463d13u /* 19, 61, shift by 6 */

/* Maj(a, b, c) is Ch of a ^ c, b and c. */
#define MAJORITY 0x800000u

/* A sigma of x[2], and Ch(x[2], x[1], x[0]) or Maj of the three. Not inlined: smaller so. */
__attribute__((noinline)) static uint64_t mix(const uint64_t *x, uint32_t amounts)
{
    uint64_t which = x[2];
    if (amounts & MAJORITY) {
        which ^= x[0];
    }
    return sigma(x[2], amounts) + (x[0] ^ (which & (x[1] ^ x[0])));
}

/* FIPS 180-4 section 6.4.2. The block's words are used up: each round moves them, and the state, by
 * one, and adds a word of the schedule behind, which the last 16 rounds do not need. */
static void compress_512(uint64_t words[STATE + BLOCK])
{
    uint64_t *const w = words + STATE;
    uint64_t x[STATE + 1]; /* h to a, then the next a */
    rootlet_words_copy(x, words, 2 * STATE);
    for (const uint64_t *k = rootlet_sha2_round; k != rootlet_sha2_round + ROUNDS; k++) {
        uint64_t t1 = w[0] + *k + x[0] + mix(x + 1, UPPER_SIGMA_1);
        x[4] += t1;
        x[8] = t1 + mix(x + 5, UPPER_SIGMA_0 | MAJORITY);
        rootlet_words_copy(x, x + 1, 2 * STATE);
        uint64_t next = w[0] + sigma(w[1], LOWER_SIGMA_0) + w[9] + sigma(w[14], LOWER_SIGMA_1);
        rootlet_words_copy(w, w + 1, 2 * (BLOCK - 1));
        w[BLOCK - 1] = next;
    }
    for (unsigned i = 0; i < STATE; i++) {
        words[i] += x[i];
    }
    rootlet_wipe(x, sizeof x);
}

void rootlet_sha512_init(rootlet_sha512 *hash)
{
    rootlet_words_copy(hash->words, rootlet_sha2_initial, 2 * STATE);
    hash->length = 0;
}

void rootlet_sha512_update(rootlet_sha512 *hash, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        uint64_t *word = hash->words + STATE + hash->length / sizeof *word % BLOCK;
        *word = *word << 8 | bytes[i];
        hash->length++;
        if (hash->length % 128 == 0) {
            compress_512(hash->words);
        }
    }
}

void rootlet_sha512_final(rootlet_sha512 *hash, uint8_t digest[ROOTLET_SHA512_BYTES])
{
    /* FIPS 180-4 section 5.1: a bit 1, zeros, and the length in bits in the last two words. */
    uint32_t length = hash->length;
    uint8_t byte = 0x80;
    do {
        rootlet_sha512_update(hash, &byte, 1);
        byte = 0;
    } while (hash->length % 128 != 112);
    hash->words[STATE + BLOCK - 2] = 0;
    hash->words[STATE + BLOCK - 1] = (uint64_t)length << 3;
    compress_512(hash->words);
    for (unsigned i = STATE; i-- > 0;) {
        digest = rootlet_sha2_store(digest, (uint32_t)(hash->words[i] >> 32));
        digest = rootlet_sha2_store(digest, (uint32_t)hash->words[i]);
    }
    rootlet_wipe(hash, sizeof *hash);
}
