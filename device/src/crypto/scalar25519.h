/* Numbers modulo L = 2^252 + 27742317777372353535851937790883648493, the order of the base point
 * (RFC 8032 section 5.1). Constant time. */
#ifndef ROOTLET_CRYPTO_SCALAR25519_H
#define ROOTLET_CRYPTO_SCALAR25519_H

#include <stdbool.h>
#include <stdint.h>

/* r = the number in 64 little-endian bytes, modulo L. */
void rootlet_scalar25519_reduce(uint32_t r[8], const uint8_t bytes[64]);

/* The scalar of a private key (RFC 7748 section 5, RFC 8032 section 5.1.5): a multiple of 8 with
 * bit 254 the highest. Not reduced. */
void rootlet_scalar25519_clamp(uint32_t r[8], const uint8_t bytes[32]);

/* Bit i of eight words. i is public, the bit may be secret. */
uint32_t rootlet_scalar25519_bit(const uint32_t s[8], unsigned i);

/* s minus L when that is not negative, which it tells. s below 2L gives s modulo L. */
bool rootlet_scalar25519_subtract(uint32_t s[8]);

#endif
