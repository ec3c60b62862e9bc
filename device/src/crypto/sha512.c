/*
 * SHA-512, FIPS 180-4. The context's words are the state, from h to a, then the block as it fills.
 * Expanded in full the schedule would be the deepest point of the library's stack.
 */
#include "sha2.h"
#include "words.h"

#include "rootlet/crypto.h"

#define STATE 8
#define BLOCK 16

/* In the amounts of sigma. */
#define WORD_TOO 32u /* rotates by 32 more */
#define SHIFT 64u    /* what falls out does not come back */

/* sum plus three rotations to the right of x, combined: by the numbers in the lower bytes of
 * amounts, none a multiple of 32. A function and a loop, for the compiler writes each out in a
 * dozen instructions. */
__attribute__((noinline)) static uint64_t add_sigma(const uint64_t *x, uint32_t amounts,
                                                    uint64_t sum)
{
    uint32_t low = 0;
    uint32_t high = 0;
    do {
        uint32_t a = (uint32_t)*x;
        uint32_t b = (uint32_t)(*x >> 32);
        unsigned n = amounts & 31;
        if (amounts & WORD_TOO) {
            a = b;
            b = (uint32_t)*x;
        }
        low ^= a >> n | b << (32 - n);
        if (amounts & SHIFT) {
            a = 0;
        }
        high ^= b >> n | a << (32 - n);
        amounts >>= 8;
    } while (amounts != 0);
    return ((uint64_t)high << 32 | low) + sum;
}

/* Section 4.1.3: each function's amounts. */
#define UPPER_SIGMA_0 0x27221cu /* 28, 34, 39 */
#define UPPER_SIGMA_1 0x29120eu /* 14, 18, 41 */
#define LOWER_SIGMA_0 0x470801u /* 1, 8, shift by 7 */
#define LOWER_SIGMA_1 0x463d13u /* 19, 61, shift by 6 */

/* Maj(a, b, c) is Ch of a ^ c, b and c. */
#define MAJORITY 0x800000u

/* sum plus a sigma of x[2] plus Ch(x[2], x[1], x[0]) or Maj of the three. Not inlined: smaller so.
 */
__attribute__((noinline)) static uint64_t mix(const uint64_t *x, uint32_t amounts, uint64_t sum)
{
    uint64_t which = x[2];
    if (amounts & MAJORITY) {
        which ^= x[0];
    }
    return add_sigma(x + 2, amounts, sum + (x[0] ^ (which & (x[1] ^ x[0]))));
}

/*
 * FIPS 180-4 section 6.4.2. v is the state, from h to a, and 16 words of the schedule: the first is
 * this round's, then the next a takes its place, so after a round all stand one word further. After
 * 16 rounds they are moved back.
 */
void rootlet_sha512_compress(uint64_t words[STATE + BLOCK])
{
    uint64_t x[STATE + BLOCK + BLOCK];
    const uint64_t *from = words;
    uint64_t *v;
    const uint32_t *k = rootlet_sha2_round;
    uint32_t upper = 0;
    uint32_t whole = 1;
    do {
        v = x;
        rootlet_words_copy(v, from, 2 * (STATE + BLOCK));
        do {
            whole += *k < upper;
            upper = *k++;
            uint64_t sum = add_sigma(v + 9, LOWER_SIGMA_0, v[8] + v[17]);
            v[24] = add_sigma(v + 22, LOWER_SIGMA_1, sum);
            sum = v[8] + v[0] + ((uint64_t)upper << 32 | rootlet_sha2_lower(upper, whole));
            sum = mix(v + 1, UPPER_SIGMA_1, sum);
            v[4] += sum;
            v[8] = mix(v + 5, UPPER_SIGMA_0 | MAJORITY, sum);
        } while (++v != x + BLOCK);
        from = v;
    } while (whole < 7); /* the last 12 cube roots are above 7 */
    for (unsigned i = 0; i < STATE; i++) {
        words[i] += v[i];
    }
    rootlet_words_wipe(x, 2 * (STATE + BLOCK + BLOCK));
}

void rootlet_sha512_init(rootlet_sha512 *hash)
{
    rootlet_words_copy(hash->words, rootlet_sha2_initial, 2 * STATE);
    hash->length = 0;
}

/* Not inlined: smaller so, where the library is one file. */
__attribute__((noinline)) void rootlet_sha512_update(rootlet_sha512 *hash, const uint8_t *bytes,
                                                     size_t length)
{
    rootlet_sha2_update(hash, bytes, length, ROOTLET_SHA512_BLOCK);
}

void rootlet_sha512_final(rootlet_sha512 *hash, uint8_t digest[ROOTLET_SHA512_BYTES])
{
    rootlet_sha2_final(hash, digest, ROOTLET_SHA512_BLOCK);
}
