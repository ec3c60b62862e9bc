/*
 * The field programs of X25519 and Ed25519, in one object, so that a program is a small number.
 * Exponents and formulas stand beside the codes in programs25519.c.
 */
#ifndef ROOTLET_CRYPTO_PROGRAMS25519_H
#define ROOTLET_CRYPTO_PROGRAMS25519_H

#include <stddef.h>
#include <stdint.h>

typedef struct rootlet_programs25519 {
    /* Register 8 = register 1 to the power 2^252 - 3, and registers 0 and 2 are divided by register
     * 1 (by zero gives zero). Uses 9 and 10. */
    uint16_t divide[29];

    /* X25519 (RFC 7748 section 5): x_2, z_2, x_3, z_3 in registers 0 to 3, x_1 in 4. The start from
     * the base point; from its second code on: x_2 = 1, z_2 = 0, z_3 = 1, x_1 = x_3. */
    uint16_t ladder_start[6];
    uint16_t ladder_step[19];

    /* Ed25519 (ed25519.h): the point = 2 * the point; the point + the addend. Complete; use
     * registers 8, 9 and 11. */
    uint16_t twice[14];
    uint16_t add[15];
    /* The point = the neutral one, and another addend for it in registers 12 to 15. From its fifth
     * code on: the point alone. */
    uint16_t both_neutral[10];
    /* The point = the base point, and the addend for it. From its sixth code on: the addend = the
     * point. */
    uint16_t base[19];

    /* Decoding (RFC 8032 section 5.1.3). In: y in 12. Out: u and v, of which the RFC's are a
     * 121666th, u in 4, v in 5, u v^3 in 7, u v^7 in 1. */
    uint16_t fraction[13];
    /* x = u v^3 (u v^7)^((p-5)/8) in 0, y in 2; v x^2 - u in 9, v x^2 + u in 10, x * sqrt(-1) in
     * 11. */
    uint16_t root[10];
    /* x = -x: the point = the affine one with x in 0 and y in 2, negated. */
    uint16_t negate[6];
} rootlet_programs25519;

extern const rootlet_programs25519 rootlet_field_programs;

/* The number of a program. */
#define FE_PROGRAM(name) (unsigned)(offsetof(rootlet_programs25519, name) / sizeof(uint16_t))
#define FE_LADDER_START_AT_POINT (FE_PROGRAM(ladder_start) + 1)
#define FE_NEUTRAL (FE_PROGRAM(both_neutral) + 4)
#define FE_FROM_POINT (FE_PROGRAM(base) + 5)

#endif
