/*
 * The Edwards curve of Ed25519 as field programs (RFC 8032 section 5.1), for verify and sign.
 *
 * A point is extended coordinates: X, Z, Y in registers 0 to 2, and T = XY/Z as two factors, E in
 * 10 and H in 3: only an addition asks for T, so none is made for a doubling. The addend, the point
 * to be added, lies in registers 4 to 7 as Y-X, Y+X, 2Z, 2dT.
 */
#ifndef ROOTLET_CRYPTO_ED25519_H
#define ROOTLET_CRYPTO_ED25519_H

#include "field25519.h"

#include <stddef.h>
#include <stdint.h>

#define ROOTLET_ED25519_ADDEND 4        /* its first register */
#define ROOTLET_ED25519_ADDEND_WORDS 32 /* four registers */

/* The point = 2 * the point; the point + the addend. Complete; use registers 8, 9 and 11. */
extern const uint16_t rootlet_ed25519_double[];
extern const uint16_t rootlet_ed25519_add[];
/* The point = the neutral one. */
extern const uint16_t rootlet_ed25519_neutral[];
/* The addend = the base point, which becomes the point too. */
extern const uint16_t rootlet_ed25519_base[];
/* From its third code on: the addend = the affine point with x in 0 and y in 2, which becomes the
 * point. From its sixth code on: the addend = the point. */
#define rootlet_ed25519_from_affine (rootlet_ed25519_base + 2)
#define rootlet_ed25519_from_point (rootlet_ed25519_base + 5)

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
