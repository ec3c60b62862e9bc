/*
 * The field of 2^255 - 19, for X25519 and Ed25519.
 *
 * An element is eight 32-bit words, not unique until it is made canonical. Curve formulas are
 * programs: 16-bit codes, each one operation on three of sixteen registers, run by one loop. That
 * is a third of the size of the same calls in machine code; and as a program is fixed and public,
 * its time does not depend on the registers.
 */
#ifndef ROOTLET_CRYPTO_FIELD25519_H
#define ROOTLET_CRYPTO_FIELD25519_H

#include "programs25519.h"

#include <stdbool.h>
#include <stdint.h>

/* Sixteen registers of eight words, two that hold a product on its way, and two words, the first
 * not 0 where a quick multiplication will do (multiply.h). All that is secret lies in this array,
 * so wiping it is enough. */
#define ROOTLET_FIELD25519_WORDS (8 * 18 + 2)
#define ROOTLET_FIELD25519_QUICK (8 * 18)
typedef uint32_t rootlet_field25519[ROOTLET_FIELD25519_WORDS];

/* The words of register r. */
#define ROOTLET_FIELD25519_AT(registers, r) ((registers) + 8 * (r))

/* One code of a program. */
#define FE_CODE(operation, r, a, b) (uint16_t)((operation) << 12 | (r) << 8 | (a) << 4 | (b))
/* The program ends. */
#define FE_END 0
/* r = a * b, a + b, a - b, a + 60833 * b (60833 = 121666 / 2, of the Montgomery ladder). */
#define FE_MUL(r, a, b) FE_CODE(FE_OP_MUL, r, a, b)
#define FE_ADD(r, a, b) FE_CODE(FE_OP_ADD, r, a, b)
#define FE_SUB(r, a, b) FE_CODE(FE_OP_SUB, r, a, b)
#define FE_ADD_HALF_A24(r, a, b) FE_CODE(FE_OP_ADD_HALF_A24, r, a, b)
/* r = the result of the code before, to the power 2^n; n is 1 to 255. */
#define FE_RAISE(r, n) FE_CODE(FE_OP_RAISE, r, 0, n)
/* r = n, 0 to 15. */
#define FE_SET(r, n) FE_CODE(FE_OP_SET, r, 0, n)
/* r = one of the constants below. */
#define FE_LOAD(r, constant) FE_CODE(FE_OP_LOAD, r, 0, constant)

enum {
    FE_OP_MUL = 1,
    FE_OP_ADD,
    FE_OP_SUB,
    FE_OP_ADD_HALF_A24,
    FE_OP_RAISE,
    FE_OP_SET,
    FE_OP_LOAD,
};

enum {
    FE_ROOT_OF_MINUS_ONE, /* 2^((p-1)/4) */
    FE_BASE_X,            /* of the base point of Ed25519 */
};

/* Whether what follows is public, so that a quick multiplication will do; said once before the
 * first program. */
void rootlet_field25519_begin(uint32_t *registers, bool is_public);

/* Runs FE_PROGRAM(name), or codes from somewhere else. */
void rootlet_field25519_run(uint32_t *registers, unsigned program);
void rootlet_field25519_run_codes(uint32_t *registers, const uint16_t *program);

/* Register r from 32 little-endian bytes; the top bit is ignored. */
void rootlet_field25519_load(uint32_t *registers, unsigned r, const uint8_t bytes[32]);

/* Makes register r, which a program or rootlet_field25519_load wrote, canonical, that is below p,
 * and tells whether it is zero. */
bool rootlet_field25519_is_zero(uint32_t *registers, unsigned r);

#endif
