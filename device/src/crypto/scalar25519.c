/* See scalar25519.h. */
#include "scalar25519.h"

#include "words.h"

static const uint32_t order[8] = {0x5cf5d3ed, 0x5812631a, 0xa2f79cd6, 0x14def9de,
                                  0x00000000, 0x00000000, 0x00000000, 0x10000000};
/* 2^256 - L */
static const uint32_t negative_order[8] = {0xa30a2c13, 0xa7ed9ce5, 0x5d086329, 0xeb210621,
                                           0xffffffff, 0xffffffff, 0xffffffff, 0xefffffff};

/*
 * Word by word from the top: each step takes the window x[i] to x[i + 8], below L * 2^32, to its
 * remainder in x[i] to x[i + 7].
 *
 * q = floor(window / 2^252) is never too small, as L > 2^252, and too large by less than one L:
 * q * (L - 2^252) < 2^32 * 2^125 < L. So window - q * L is above -L, and L is added once when it is
 * negative. In the one case where q would be 2^32 (the window is 2^284 or more) 2^32 - 1
 * serves: 0 < window - (2^32 - 1) * L < L.
 */
void rootlet_scalar25519_reduce(uint32_t x[ROOTLET_SCALAR25519_WIDE])
{
    x[16] = 0;
    for (unsigned i = 9; i-- > 0;) {
        uint32_t *window = x + i;
        uint32_t q = (window[8] << 4 | window[7] >> 28) | (0 - (window[8] >> 28));
        uint32_t carry = rootlet_words_row(window, window, negative_order, 8, q, 0);
        uint32_t borrow = q - carry - window[8]; /* 0, or 1 when the remainder is negative */
        rootlet_words_row(window, window, order, 8, borrow, 0);
    }
}

bool rootlet_scalar25519_canonical(const uint32_t s[8])
{
    uint32_t sum[8];
    return rootlet_words_row(sum, s, negative_order, 8, 1, 0) == 0;
}
