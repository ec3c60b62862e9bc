/* See scalar25519.h. */
#include "scalar25519.h"

#include "words.h"

/* 2^256 - L: adding it subtracts L, and carries when the difference is not negative. */
static const uint32_t minus_order[8] = {0xa30a2c13, 0xa7ed9ce5, 0x5d086329, 0xeb210621,
                                        0xffffffff, 0xffffffff, 0xffffffff, 0xefffffff};

/* Not inlined: smaller so, where the library is one file. */
__attribute__((noinline)) void rootlet_scalar25519_clamp(uint32_t r[8], const uint8_t bytes[32])
{
    rootlet_words_load(r, bytes, 8);
    r[0] &= ~(uint32_t)7;
    r[7] = (r[7] & 0x7fffffff) | 0x40000000;
}

/* Not inlined: smaller so, where the library is one file. */
__attribute__((noinline)) uint32_t rootlet_scalar25519_bit(const uint32_t s[8], unsigned i)
{
    return s[i / 32] >> i % 32 & 1;
}

bool rootlet_scalar25519_subtract(uint32_t s[8])
{
    uint32_t difference[8];
    uint32_t fits = rootlet_words_add(difference, s, minus_order, 8, 1, 0);
    rootlet_words_swap(s, difference, 8, fits);
    rootlet_words_wipe(difference, 8);
    return fits != 0;
}

/*
 * Byte by byte from the top; r < 2L before and after each step. v = 256 * r + byte is below 2^262.
 *
 * With f = floor(v / 2^252) < 2^10 and c = L - 2^252 < 2^125, q = f - 1 (0 for f = 0) leaves
 * v - q * L = (v - f * 2^252) + 2^252 - q * c: above 0 and below 2^253 < 2L; for f = 0 below 2^252.
 * So no step needs a correction, and one subtraction at the end is enough.
 */
void rootlet_scalar25519_reduce(uint32_t r[8], const uint8_t bytes[64])
{
    rootlet_words_wipe(r, 8);
    for (unsigned i = 64; i-- > 0;) {
        uint32_t top = rootlet_words_add(r, r, r, 8, 255, bytes[i]);
        uint32_t f = top << 4 | r[7] >> 28;
        /* What leaves r at the top is q * 2^256 - top * 2^256: the minus of minus_order. */
        rootlet_words_add(r, r, minus_order, 8, f - ((f + 1023) >> 10), 0);
    }
    rootlet_scalar25519_subtract(r);
}
