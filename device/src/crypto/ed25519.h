/*
 * The Edwards curve of Ed25519 (RFC 8032 section 5.1), for verify and sign. Its field programs are
 * in programs25519.h.
 *
 * A point is extended coordinates: X, Z, Y in registers 0 to 2, and T = XY/Z as two factors, E in
 * 10 and H in 3: only an addition asks for T, so none is made for a doubling. The addend, the point
 * to be added, lies in registers 4 to 7 as Y-X, Y+X, 2Z, 2dT, all multiplied by the same number.
 */
#ifndef ROOTLET_CRYPTO_ED25519_H
#define ROOTLET_CRYPTO_ED25519_H

#include "field25519.h"

#include <stddef.h>
#include <stdint.h>

#define ROOTLET_ED25519_ADDEND 4        /* its first register */
#define ROOTLET_ED25519_ADDEND_WORDS 32 /* four registers */

/* A piece of a message to be hashed. */
typedef struct rootlet_ed25519_part {
    const uint8_t *bytes;
    size_t length;
} rootlet_ed25519_part;

/* scalar = SHA-512(parts) modulo L. */
void rootlet_ed25519_hash(uint32_t scalar[8], const rootlet_ed25519_part parts[4]);

/* RFC 8032 section 5.1.2. Encodes an affine point with x in 0 and y in 2; or any point, which
 * becomes affine. */
void rootlet_ed25519_pack(uint8_t bytes[32], uint32_t *registers);
void rootlet_ed25519_encode(uint8_t bytes[32], uint32_t *registers);

#endif
