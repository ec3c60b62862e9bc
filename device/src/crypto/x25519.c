/* X25519, RFC 7748 section 5, as a Montgomery ladder over field programs. */
#include "curve25519.h"
#include "field25519.h"
#include "words.h"

#include "rootlet/crypto.h"

#define MUL ROOTLET_FIELD25519_MUL
#define ADD ROOTLET_FIELD25519_ADD
#define SUB ROOTLET_FIELD25519_SUB
#define ADD_A24 ROOTLET_FIELD25519_ADD_A24
#define END ROOTLET_FIELD25519_END

/* x_2, z_2, x_3, z_3 of the RFC in registers 0 to 3, x_1 in 4. */
static const uint16_t ladder_step[] = {
    ADD(8, 0, 1),     /* A */
    SUB(9, 0, 1),     /* B */
    ADD(10, 2, 3),    /* C */
    SUB(11, 2, 3),    /* D */
    MUL(11, 11, 8),   /* DA */
    MUL(10, 10, 9),   /* CB */
    MUL(8, 8, 8),     /* AA */
    MUL(9, 9, 9),     /* BB */
    ADD(2, 11, 10),   /* DA + CB */
    MUL(2, 2, 2),     /* x_3 */
    SUB(3, 11, 10),   /* DA - CB */
    MUL(3, 3, 3),     /* its square */
    MUL(3, 3, 4),     /* z_3 */
    MUL(0, 8, 9),     /* x_2 */
    SUB(9, 8, 9),     /* E */
    ADD_A24(8, 8, 9), /* AA + a24 * E */
    MUL(1, 9, 8),     /* z_2 */
    END,
};

rootlet_status rootlet_x25519(uint8_t shared[ROOTLET_X25519_BYTES],
                              const uint8_t scalar[ROOTLET_X25519_BYTES],
                              const uint8_t point[ROOTLET_X25519_BYTES])
{
    rootlet_field25519 registers[ROOTLET_FIELD25519_REGISTERS];
    uint32_t k[8];
    rootlet_words_load(k, scalar, 8);
    rootlet_curve25519_clamp(k);

    rootlet_words_wipe(registers[0], ROOTLET_FIELD25519_WORDS);
    rootlet_words_load(registers[2], point, 8);
    registers[2][7] &= 0x7fffffff; /* RFC 7748 section 5: the top bit is ignored */
    rootlet_words_copy(registers[4], registers[2], 8);
    registers[0][0] = 1;
    registers[3][0] = 1;

    uint32_t swap = 0;
    for (unsigned i = 255; i-- > 0;) {
        uint32_t bit = k[i / 32] >> (i % 32) & 1;
        rootlet_words_swap(registers[0], registers[2], 16, swap ^ bit);
        swap = bit;
        rootlet_field25519_run(registers, ladder_step);
    }
    /* The last bit of a clamped scalar is 0: nothing is left to swap. */
    rootlet_field25519_divide(registers);
    rootlet_words_store(shared, registers[0], 8);
    bool zero = rootlet_field25519_is_zero(registers, 0);
    rootlet_words_wipe(registers[0], ROOTLET_FIELD25519_WORDS);
    rootlet_words_wipe(k, 8);
    return zero ? ROOTLET_ERR_CRYPTO_ZERO_SHARED : ROOTLET_OK;
}

void rootlet_x25519_public(uint8_t public_key[ROOTLET_X25519_BYTES],
                           const uint8_t scalar[ROOTLET_X25519_BYTES])
{
    static const uint8_t base[ROOTLET_X25519_BYTES] = {9};
    /* A clamped scalar is no multiple of the base point's prime order: never zero. */
    rootlet_status status = rootlet_x25519(public_key, scalar, base);
    (void)status;
}
