/* X25519, RFC 7748 section 5, as a Montgomery ladder over field programs (programs25519.h). */
#include "field25519.h"
#include "scalar25519.h"
#include "words.h"

#include "rootlet/crypto.h"

#define SCALAR 12 /* the register that keeps the scalar */

/* As rootlet_x25519; without a point it is the base point. */
rootlet_status rootlet_x25519(uint8_t shared[ROOTLET_X25519_BYTES],
                              const uint8_t scalar[ROOTLET_X25519_BYTES],
                              const uint8_t point[ROOTLET_X25519_BYTES])
{
    rootlet_field25519 registers;
    unsigned start = FE_PROGRAM(ladder_start);
    uint32_t swap = 0;

    rootlet_field25519_begin(registers, ROOTLET_X25519_QUICK);
    rootlet_scalar25519_clamp(ROOTLET_FIELD25519_AT(registers, SCALAR), scalar);
    if (point != NULL) {
        rootlet_field25519_load(registers, 2, point);
        start = FE_LADDER_START_AT_POINT;
    }
    rootlet_field25519_run(registers, start);
    for (unsigned i = 255; i-- > 0;) {
        uint32_t bit = rootlet_scalar25519_bit(ROOTLET_FIELD25519_AT(registers, SCALAR), i);
        rootlet_words_swap(ROOTLET_FIELD25519_AT(registers, 0), ROOTLET_FIELD25519_AT(registers, 2),
                           16, swap ^ bit);
        swap = bit;
        rootlet_field25519_run(registers, FE_PROGRAM(ladder_step));
    }
    /* The last bit of a clamped scalar is 0: nothing is left to swap. */
    rootlet_field25519_run(registers, FE_PROGRAM(divide));
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
