/* Ed25519 verification, RFC 8032 section 5.1.7. Everything here is public. */
#include "ed25519.h"
#include "scalar25519.h"
#include "words.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

/* In: y in 12. Out: u = y^2 - 1 in 4, v = d y^2 + 1 in 5, u v^3 in 7, u v^7 in 1. */
static const uint16_t fraction[] = {
    FE_SET(3, 1),    FE_LOAD(4, FE_D), FE_MUL(8, 12, 12), FE_MUL(5, 8, 4),
    FE_SUB(4, 8, 3), FE_ADD(5, 5, 3),  FE_MUL(6, 5, 5),   FE_MUL(7, 6, 5),
    FE_MUL(7, 7, 4), FE_MUL(6, 6, 6),  FE_MUL(1, 7, 6),   FE_END,
};
/* x = u v^3 (u v^7)^((p-5)/8) in 0, y in 2; v x^2 - u in 9, v x^2 + u in 10, x * sqrt(-1) in 11. */
static const uint16_t root[] = {
    FE_MUL(0, 7, 8),   FE_SET(2, 0),    FE_ADD(2, 2, 12), FE_MUL(8, 0, 0),
    FE_MUL(8, 8, 5),   FE_SUB(9, 8, 4), FE_ADD(10, 8, 4), FE_LOAD(11, FE_ROOT_OF_MINUS_ONE),
    FE_MUL(11, 0, 11), FE_END,
};
static const uint16_t negate[] = {FE_SET(8, 0), FE_SUB(0, 8, 0), FE_END};

/*
 * The point of an encoding, x in register 0 and y in 2 (RFC 8032 section 5.1.3); false when there
 * is none, or when it has another encoding than this: y >= p, or x = 0 with the sign bit set.
 */
static bool decode(uint32_t *registers, const uint8_t bytes[32])
{
    uint8_t encoding[32];
    rootlet_field25519_load(registers, 12, bytes);
    rootlet_field25519_run(registers, fraction);
    rootlet_field25519_run(registers, rootlet_field25519_divide); /* for the power in 8 */
    rootlet_field25519_run(registers, root);
    if (!rootlet_field25519_is_zero(registers, 9)) {
        if (!rootlet_field25519_is_zero(registers, 10)) {
            return false;
        }
        rootlet_words_copy(ROOTLET_FIELD25519_AT(registers, 0),
                           ROOTLET_FIELD25519_AT(registers, 11), 8);
    }
    rootlet_field25519_is_zero(registers, 0);
    if ((ROOTLET_FIELD25519_AT(registers, 0)[0] & 1) != bytes[31] >> 7) {
        rootlet_field25519_run(registers, negate);
    }
    rootlet_ed25519_pack(encoding, registers);
    return rootlet_equal(encoding, bytes, sizeof encoding);
}

#define WORDS ROOTLET_ED25519_ADDEND_WORDS

/* Adds an addend, which is kept elsewhere, to the point. */
static void add(uint32_t *registers, const uint32_t addend[WORDS])
{
    rootlet_words_copy(ROOTLET_FIELD25519_AT(registers, ROOTLET_ED25519_ADDEND), addend, WORDS);
    rootlet_field25519_run(registers, rootlet_ed25519_add);
}

/* r = encoding of s * B - h * A, both bits of a place at once; false when public_key encodes no
 * point. Not inlined: its frame must not lie under the hashing. */
__attribute__((noinline)) static bool combine(uint8_t r[32], const uint8_t public_key[32],
                                              const uint32_t s[8], const uint32_t h[8])
{
    rootlet_field25519 registers;
    uint32_t sums[2][WORDS]; /* the addends for -A and B - A */
    uint32_t *made = ROOTLET_FIELD25519_AT(registers, ROOTLET_ED25519_ADDEND);
    uint32_t *base = ROOTLET_FIELD25519_AT(registers, 12); /* the one for B */

    rootlet_field25519_begin(registers, true);
    rootlet_field25519_run(registers, rootlet_ed25519_neutral);
    if (!decode(registers, public_key)) {
        return false;
    }
    rootlet_field25519_run(registers, negate);
    rootlet_field25519_run(registers, rootlet_ed25519_from_affine);
    rootlet_words_copy(sums[0], made, WORDS);
    rootlet_field25519_run(registers, rootlet_ed25519_base);
    rootlet_words_copy(base, made, WORDS);
    add(registers, sums[0]);
    rootlet_field25519_run(registers, rootlet_ed25519_from_point);
    rootlet_words_copy(sums[1], made, WORDS);

    rootlet_field25519_run(registers, rootlet_ed25519_neutral);
    for (unsigned i = 253; i-- > 0;) {
        unsigned bits = (s[i / 32] >> i % 32 & 1) | (h[i / 32] >> i % 32 & 1) << 1;
        rootlet_field25519_run(registers, rootlet_ed25519_double);
        if (bits != 0) {
            add(registers, bits == 1 ? base : sums[bits - 2]);
        }
    }
    rootlet_ed25519_encode(r, registers);
    return true;
}

rootlet_status rootlet_ed25519_verify(const uint8_t signature[ROOTLET_ED25519_SIGNATURE_BYTES],
                                      const uint8_t public_key[ROOTLET_ED25519_KEY_BYTES],
                                      const uint8_t *prefix, size_t prefix_length,
                                      const uint8_t *message, size_t message_length)
{
    const rootlet_ed25519_part parts[4] = {
        {signature, 32}, {public_key, 32}, {prefix, prefix_length}, {message, message_length}};
    uint32_t s[8];
    uint32_t h[8];
    uint8_t r[32];
    rootlet_words_load(s, signature + 32, 8);
    if (rootlet_scalar25519_subtract(s)) {
        return ROOTLET_ERR_CRYPTO_SIGNATURE;
    }
    rootlet_ed25519_hash(h, parts);
    if (!combine(r, public_key, s, h) || !rootlet_equal(r, signature, sizeof r)) {
        return ROOTLET_ERR_CRYPTO_SIGNATURE;
    }
    return ROOTLET_OK;
}
