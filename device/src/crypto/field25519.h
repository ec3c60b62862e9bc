/*
 * The field of 2^255 - 19, for X25519 and Ed25519.
 *
 * An element is eight 32-bit words, any number below 2^256: not unique until it is made
 * canonical. Curve formulas are programs: 16-bit codes, each one operation on three of sixteen
 * registers, run by one loop. That is a third of the size of the same calls in machine code, and
 * as a program is public and fixed, its time does not depend on the registers.
 */
#ifndef ROOTLET_CRYPTO_FIELD25519_H
#define ROOTLET_CRYPTO_FIELD25519_H

#include <stdbool.h>
#include <stdint.h>

typedef uint32_t rootlet_field25519[8];

/* The sixteen registers a program works on, then two that hold a product on its way: all that is
 * secret lies in this array, so wiping it is enough. The curves put a projective x, z, y in 0, 1
 * and 2; programs of field25519.c use 8 to 10 for what lies between. */
#define ROOTLET_FIELD25519_REGISTERS 18
#define ROOTLET_FIELD25519_PRODUCT 16
/* The array in words. */
#define ROOTLET_FIELD25519_WORDS (8 * ROOTLET_FIELD25519_REGISTERS)

/* One operation: register r = a OP b. */
#define ROOTLET_FIELD25519_CODE(operation, r, a, b)                                                \
    (uint16_t)((operation) << 12 | (r) << 8 | (a) << 4 | (b))
#define ROOTLET_FIELD25519_MUL(r, a, b) ROOTLET_FIELD25519_CODE(1, r, a, b)
#define ROOTLET_FIELD25519_ADD(r, a, b) ROOTLET_FIELD25519_CODE(2, r, a, b)
#define ROOTLET_FIELD25519_SUB(r, a, b) ROOTLET_FIELD25519_CODE(3, r, a, b)
/* r = a + 121665 * b, the constant of the Montgomery ladder. */
#define ROOTLET_FIELD25519_ADD_A24(r, a, b) ROOTLET_FIELD25519_CODE(4, r, a, b)
/* r = the result of the operation before, raised to 2^n; n is 1 to 255. */
#define ROOTLET_FIELD25519_RAISE(r, n) ROOTLET_FIELD25519_CODE(5, r, 0, n)
/* Ends a program. */
#define ROOTLET_FIELD25519_END 0

void rootlet_field25519_run(rootlet_field25519 *registers, const uint16_t *program);

/* Register 8 = register 1 to the power 2^252 - 3; uses 9 and 10. */
void rootlet_field25519_power(rootlet_field25519 *registers);

/* Registers 0 and 2 are divided by register 1 (by zero gives zero) and made canonical: below p. */
void rootlet_field25519_divide(rootlet_field25519 *registers);

/* Makes one register canonical; true when it is zero then. */
bool rootlet_field25519_is_zero(rootlet_field25519 *registers, unsigned r);

#endif
