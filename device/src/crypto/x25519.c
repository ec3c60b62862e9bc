/* X25519, RFC 7748 section 5, as a Montgomery ladder over field programs. */
#include "field25519.h"
#include "scalar25519.h"
#include "words.h"

#include "rootlet/crypto.h"

/* x_2, z_2, x_3, z_3 of the RFC in registers 0 to 3, x_1 in 4. */
static const uint16_t ladder_step[] = {
    FE_ADD(8, 0, 1),          /* A */
    FE_SUB(9, 0, 1),          /* B */
    FE_ADD(10, 2, 3),         /* C */
    FE_SUB(11, 2, 3),         /* D */
    FE_MUL(11, 11, 8),        /* DA */
    FE_MUL(10, 10, 9),        /* CB */
    FE_MUL(8, 8, 8),          /* AA */
    FE_MUL(9, 9, 9),          /* BB */
    FE_ADD(2, 11, 10),        /* DA + CB */
    FE_MUL(2, 2, 2),          /* x_3 */
    FE_SUB(3, 11, 10),        /* DA - CB */
    FE_MUL(3, 3, 3),          /* its square */
    FE_MUL(3, 3, 4),          /* z_3 */
    FE_MUL(0, 8, 9),          /* x_2 */
    FE_SUB(10, 8, 9),         /* E = AA - BB */
    FE_ADD(8, 10, 10),        /* 2E */
    FE_ADD_HALF_A24(8, 9, 8), /* BB + 121666 * E = AA + a24 * E */
    FE_MUL(1, 10, 8),         /* z_2 */
    FE_END,
};

/* x_3 = 9, the base point; from the second code on: x_2 = 1, z_2 = 0, z_3 = 1, x_1 = x_3. */
static const uint16_t ladder_start[] = {FE_SET(2, 9), FE_SET(0, 1),    FE_SET(1, 0),
                                        FE_SET(3, 1), FE_ADD(4, 2, 1), FE_END};

#define SCALAR 12 /* the register that keeps the scalar */

/* As rootlet_x25519; without a point it is the base point. */
rootlet_status rootlet_x25519(uint8_t shared[ROOTLET_X25519_BYTES],
                              const uint8_t scalar[ROOTLET_X25519_BYTES],
                              const uint8_t point[ROOTLET_X25519_BYTES])
{
    rootlet_field25519 registers;
    const uint16_t *start = ladder_start;
    uint32_t swap = 0;

    rootlet_field25519_begin(registers, ROOTLET_X25519_QUICK);
    rootlet_scalar25519_clamp(ROOTLET_FIELD25519_AT(registers, SCALAR), scalar);
    if (point != NULL) {
        rootlet_field25519_load(registers, 2, point);
        start++;
    }
    rootlet_field25519_run(registers, start);
    for (unsigned i = 255; i-- > 0;) {
        uint32_t bit = ROOTLET_FIELD25519_AT(registers, SCALAR)[i / 32] >> i % 32 & 1;
        rootlet_words_swap(ROOTLET_FIELD25519_AT(registers, 0), ROOTLET_FIELD25519_AT(registers, 2),
                           16, swap ^ bit);
        swap = bit;
        rootlet_field25519_run(registers, ladder_step);
    }
    /* The last bit of a clamped scalar is 0: nothing is left to swap. */
    rootlet_field25519_run(registers, rootlet_field25519_divide);
    bool zero = rootlet_field25519_is_zero(registers, 0);
    rootlet_words_store(shared, ROOTLET_FIELD25519_AT(registers, 0), 8);
    rootlet_words_wipe(registers, ROOTLET_FIELD25519_WORDS);
    return (rootlet_status)(zero * ROOTLET_ERR_CRYPTO_ZERO_SHARED); /* no branch on a secret */
}

void rootlet_x25519_public(uint8_t public_key[ROOTLET_X25519_BYTES],
                           const uint8_t scalar[ROOTLET_X25519_BYTES])
{
    /* Never zero: a clamped scalar is no multiple of the base point's prime order. */
    rootlet_status status = rootlet_x25519(public_key, scalar, NULL);
    (void)status;
}
