/* What SHA-256 and SHA-512 share: constants (FIPS 180-4 sections 4.2 and 5.3), and output. */
#ifndef ROOTLET_CRYPTO_SHA2_H
#define ROOTLET_CRYPTO_SHA2_H

#include <stdint.h>

/* First 64 bits of the fractional parts of the square roots of the first 8 primes and the cube
 * roots of the first 80: SHA-512's initial state, from h to a, and round constants. SHA-256's are
 * the high halves of the first 8 and 64. */
extern const uint64_t rootlet_sha2_initial[8];
extern const uint64_t rootlet_sha2_round[80];

/* Writes a word of a digest, big-endian (FIPS 180-4 section 3.1); returns where the next one goes.
 */
uint8_t *rootlet_sha2_store(uint8_t *digest, uint32_t word);

#endif
