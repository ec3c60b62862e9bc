/* See sha2.h. */
#include "sha2.h"

#include "words.h"

#include "base/bytes.h"

const uint64_t rootlet_sha2_initial[8] = {
    0x5be0cd19137e2179, 0x1f83d9abfb41bd6b, 0x9b05688c2b3e6c1f, 0x510e527fade682d1,
    0xa54ff53a5f1d36f1, 0x3c6ef372fe94f82b, 0xbb67ae8584caa73b, 0x6a09e667f3bcc908,
};

const uint32_t rootlet_sha2_round[80] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    0xca273ece, 0xd186b8c7, 0xeada7dd6, 0xf57d4f7f, 0x06f067aa, 0x0a637dc5, 0x113f9804, 0x1b710b35,
    0x28db77f5, 0x32caab7b, 0x3c9ebe0a, 0x431d67c4, 0x4cc5d4be, 0x597f299c, 0x5fcb6fab, 0x6c44198c,
};

/* The square of x = whole * 2^32 + upper by 2^32, three times plus 4, in slope; and the cube by
 * 2^32 modulo 2^64. */
static uint64_t cube(uint32_t upper, uint32_t whole, uint64_t *slope)
{
#if defined(ROOTLET_KERNEL_ARMV6M)
    /* Products of 64 bits are a helper of 90 bytes here, and six calls of it: twice as much. */
    const uint32_t x[2] = {upper, whole};
    uint32_t n[8]; /* the square, then the cube */
    rootlet_words_wipe(n, 8);
    n[2] = rootlet_words_accumulate(n, x, 2, upper);
    rootlet_words_accumulate(n + 1, x, 2, whole);
    rootlet_words_accumulate(n + 4, n, 4, upper);
    rootlet_words_accumulate(n + 5, n, 2, whole);
    rootlet_words_add(n + 1, n + 1, n + 1, 2, 2, 4);
    *slope = (uint64_t)n[2] << 32 | n[1];
    return (uint64_t)n[6] << 32 | n[5];
#else
    const uint64_t x = (uint64_t)whole << 32 | upper;
    uint64_t low = (uint64_t)upper * upper;
    uint64_t square = whole * (x + upper) + (low >> 32);
    low &= 0xffffffff;
    *slope = 3 * square + 4;
    return square * x + low * whole + (low * upper >> 32);
#endif
}

/*
 * With x as above, the root is x + f, 0 <= f < 1, and its cube is p * 2^96. So -x^3 modulo 2^96 is
 * 3 x^2 f + 3 x f^2 + f^3, and f is that by 3 x^2 + 3 x f, near enough. Both are taken by 2^32:
 * there 3 x f, with f not known yet, is between 0 and 22. The bits of 3 * whole, and 4, stand for
 * it: found by trial, all 80 come out right with them, which a test compares with the standard. The
 * division takes a bit at a time; the 1 that quotient begins with ends it when it has gone through.
 */
__attribute__((noinline)) uint32_t rootlet_sha2_lower(uint32_t upper, uint32_t whole)
{
    uint64_t slope;
    uint64_t rest = 0 - cube(upper, whole, &slope);
    uint32_t quotient = 1;
    uint32_t before;
    slope |= 3 * whole;
    do {
        before = quotient;
        rest <<= 1;
        quotient <<= 1;
        if (rest >= slope) {
            rest -= slope;
            quotient++;
        }
    } while (before >> 31 == 0);
    return quotient;
}

/* Digests and blocks are bytes in the standard's order, the highest of each word first; a core with
 * the other order keeps them the other way round. Both change the number of a byte within a word,
 * of 4 bytes or 8; one of them does not change it. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define FROM_STANDARD(block) 0
#define FROM_BACKWARDS(block) ((block) / 16 - 1)
#else
#define FROM_STANDARD(block) ((block) / 16 - 1)
#define FROM_BACKWARDS(block) 0
#endif

/* In both contexts the state is half as long as a block; the block and the length follow. */
#define FILLING(hash, block) ((uint8_t *)(hash) + (block) / 2)
#define LENGTH(filling, block) ((uint32_t *)(void *)((filling) + (block)))

/* Not inlined: smaller so, where the library is one file; final, too. */
__attribute__((noinline)) void rootlet_sha2_update(void *hash, const uint8_t *bytes, size_t length,
                                                   unsigned block)
{
    uint8_t *filling = FILLING(hash, block);
    uint32_t *total = LENGTH(filling, block);
    for (; length > 0; length--) {
        uint32_t count = *total;
        filling[(count & (block - 1)) ^ FROM_STANDARD(block)] = *bytes++;
        *total = ++count;
        if ((count & (block - 1)) == 0) {
            if (block == ROOTLET_SHA256_BLOCK) {
                rootlet_sha256_compress(hash);
            } else {
                rootlet_sha512_compress(hash);
            }
        }
    }
}

__attribute__((noinline)) void rootlet_sha2_final(void *hash, uint8_t *digest, unsigned block)
{
    /* FIPS 180-4 section 5.1: a bit 1, zeros, and the length in bits in the last two words. */
    const uint32_t *total = LENGTH(FILLING(hash, block), block);
    uint32_t length = *total;
    uint8_t byte = 0x80;
    do {
        rootlet_sha2_update(hash, &byte, 1, block);
        byte = 0;
    } while (((*total + block / 8) & (block - 1)) != 0);
    if (block == ROOTLET_SHA256_BLOCK) {
        uint32_t *words = hash;
        words[22] = length >> 29;
        words[23] = length << 3;
        rootlet_sha256_compress(words);
    } else {
        uint64_t *words = hash;
        words[22] = 0;
        words[23] = (uint64_t)length << 3;
        rootlet_sha512_compress(words);
    }
    /* The state is from h to a. */
    const uint8_t *state = hash;
    for (unsigned i = block / 2; i-- > 0;) {
        *digest++ = state[i ^ FROM_BACKWARDS(block)];
    }
    rootlet_wipe(hash, block / 16 * 25); /* the size of both contexts */
}
