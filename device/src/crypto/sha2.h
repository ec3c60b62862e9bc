/* What SHA-256 and SHA-512 share: constants (FIPS 180-4 sections 4.2 and 5.3), input and output. */
#ifndef ROOTLET_CRYPTO_SHA2_H
#define ROOTLET_CRYPTO_SHA2_H

#include <stddef.h>
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

/* Bytes of a block, which say which of the two hashes it is. */
#define ROOTLET_SHA256_BLOCK 64
#define ROOTLET_SHA512_BLOCK 128

/* As the functions of crypto.h; hash is a rootlet_sha256 or a rootlet_sha512. */
void rootlet_sha2_update(void *hash, const uint8_t *bytes, size_t length, unsigned block);
void rootlet_sha2_final(void *hash, uint8_t *digest, unsigned block);

/* The block of a context into its state. */
void rootlet_sha256_compress(uint32_t words[24]);
void rootlet_sha512_compress(uint64_t words[24]);

#endif
