/*
 * SHA-512, FIPS 180-4. The context's words are the state, from h to a, then the block as it fills.
 * The schedule is made 16 words at a time, in the block's place: expanded in full it would be the
 * deepest point of the library's stack.
 */
#include "sha2.h"
#include "words.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

#define STATE 8
#define BLOCK 16
#define ROUNDS 80

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
        if (amounts & 32) {
            a = b;
            b = (uint32_t)x;
        }
        low ^= a >> n | b << (32 - n);
        high ^= b >> n | a << (32 - n);
        amounts >>= 8;
    } while (amounts != 0);
    return (uint64_t)high << 32 | low;
}

/* The next 16 words of the schedule take the place of the last. */
static void expand(uint64_t w[BLOCK])
{
    for (unsigned i = 0; i < BLOCK; i++) {
        uint64_t a = w[(i + 1) % BLOCK];
        uint64_t b = w[(i + 14) % BLOCK];
        w[i] += (sigma(a, 0x0801) ^ a >> 7) + w[(i + 9) % BLOCK] + (sigma(b, 0x3d13) ^ b >> 6);
    }
}

/* FIPS 180-4 section 6.4.2, 16 rounds at a time. The block's words are used up. */
static void compress(uint64_t words[STATE + BLOCK])
{
    uint64_t x[STATE + BLOCK];
    const uint64_t *k = rootlet_sha2_round;
    rootlet_words_copy(x, words, 2 * STATE);
    for (;;) {
        rootlet_words_copy(x + STATE, words + STATE, 2 * BLOCK);
        for (uint64_t *v = x; v < x + BLOCK; v++) {
            /* h to a in v[0] to v[7], then this round's word: where the next a goes. */
            uint64_t e = v[3];
            uint64_t a = v[7];
            uint64_t t1 = v[0] + sigma(e, 0x29120e) + (v[1] ^ (e & (v[2] ^ v[1]))) + *k++ + v[8];
            v[4] += t1;
            v[8] = t1 + sigma(a, 0x27221c) + ((a & v[6]) | (v[5] & (a | v[6])));
        }
        rootlet_words_copy(x, x + BLOCK, 2 * STATE);
        if (k == rootlet_sha2_round + ROUNDS) {
            break;
        }
        expand(words + STATE);
    }
    for (unsigned i = 0; i < STATE; i++) {
        words[i] += x[i];
    }
    rootlet_words_wipe(x, 2 * (STATE + BLOCK));
}

void rootlet_sha512_init(rootlet_sha512 *hash)
{
    for (unsigned i = 0; i < STATE; i++) {
        hash->words[STATE - 1 - i] = rootlet_sha2_initial[i];
    }
    hash->length = 0;
}

void rootlet_sha512_update(rootlet_sha512 *hash, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        uint64_t *word = hash->words + STATE + hash->length / sizeof *word % BLOCK;
        *word = *word << 8 | bytes[i];
        hash->length++;
        if (hash->length % 128 == 0) {
            compress(hash->words);
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
    compress(hash->words);
    for (unsigned i = STATE; i-- > 0;) {
        digest = rootlet_sha2_store(digest, (uint32_t)(hash->words[i] >> 32));
        digest = rootlet_sha2_store(digest, (uint32_t)hash->words[i]);
    }
    rootlet_wipe(hash, sizeof *hash);
}
