/*
 * The Edwards curve of Ed25519 over field programs (RFC 8032 section 5.1), for verify and sign.
 *
 * A point is extended coordinates: X, Z, Y, T = XY/Z in registers 0 to 3. The addend, the point to
 * be added, lies in registers 4 to 7 as Y-X, Y+X, 2Z, 2dT.
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

/* d of the curve, -121665/121666. */
extern const rootlet_field25519 rootlet_ed25519_d;

/* Registers 0 to 3 = the neutral point; the base point; the affine point with x in 0 and y in 2. */
void rootlet_ed25519_neutral(rootlet_field25519 *registers);
void rootlet_ed25519_base(rootlet_field25519 *registers);
void rootlet_ed25519_extend(rootlet_field25519 *registers);

/* The addend = the point. Uses register 8. */
void rootlet_ed25519_to_addend(rootlet_field25519 *registers);

/* Doubles the point; adds the addend to it (complete: for all pairs). Both use 8 to 11. */
void rootlet_ed25519_double(rootlet_field25519 *registers);
void rootlet_ed25519_add(rootlet_field25519 *registers);

/* RFC 8032 section 5.1.2. Encodes an affine point with canonical x in 0 and y in 2; or any point,
 * which becomes affine. */
void rootlet_ed25519_pack(uint8_t bytes[32], const rootlet_field25519 *registers);
void rootlet_ed25519_encode(uint8_t bytes[32], rootlet_field25519 *registers);

#endif
