/* What SHA-256 and SHA-512 share: constants (FIPS 180-4 sections 4.2 and 5.3), and output. */
#ifndef ROOTLET_CRYPTO_SHA2_H
#define ROOTLET_CRYPTO_SHA2_H

#include <stdint.h>

/* First 64 bits of the fractional parts of the square roots of the first 8 primes: SHA-512's
 * initial state, from h to a. SHA-256's is the upper halves. */
extern const uint64_t rootlet_sha2_initial[8];

/* First 32 bits of the fractional parts of the cube roots of the first 80 primes. The first 64 are
 * SHA-256's round constants, and all are the upper halves of SHA-512's. */
extern const uint32_t rootlet_sha2_round[80];

/* The lower half of SHA-512's constant, from the upper one and the whole part of the root. Half as
 * much as the 80 halves; an Ed25519 verification takes 1 % longer for it. */
uint32_t rootlet_sha2_lower(uint32_t upper, uint32_t whole);

/* Writes a word of a digest, big-endian (FIPS 180-4 section 3.1); returns where the next one goes.
 */
uint8_t *rootlet_sha2_store(uint8_t *digest, uint32_t word);

#endif
