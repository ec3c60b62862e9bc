/* Numbers modulo L = 2^252 + 27742317777372353535851937790883648493, the order of the base point
 * (RFC 8032 section 5.1). Constant time. */
#ifndef ROOTLET_CRYPTO_SCALAR25519_H
#define ROOTLET_CRYPTO_SCALAR25519_H

#include <stdbool.h>
#include <stdint.h>

/* Words needed by a number that is to be reduced: 512 bits and one word of room. */
#define ROOTLET_SCALAR25519_WIDE 17

/* x, in 16 words, modulo L; the result is in the first 8 words. */
void rootlet_scalar25519_reduce(uint32_t x[ROOTLET_SCALAR25519_WIDE]);

/* true when s is below L. */
bool rootlet_scalar25519_canonical(const uint32_t s[8]);

#endif
