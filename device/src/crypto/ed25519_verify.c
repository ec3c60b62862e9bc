/* Ed25519 verification, RFC 8032 section 5.1.7. Everything here is public. */
#include "ed25519.h"
#include "scalar25519.h"
#include "words.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

/*
 * The point of an encoding, x in register 0 and y in 2 (RFC 8032 section 5.1.3); false when there
 * is none, or when it has another encoding than this: y >= p, or x = 0 with the sign bit set.
 */
static bool decode(uint32_t *registers, const uint8_t bytes[32])
{
    uint8_t encoding[32];
    rootlet_field25519_load(registers, 12, bytes);
    rootlet_field25519_run(registers, FE_PROGRAM(fraction));
    rootlet_field25519_run(registers, FE_PROGRAM(divide)); /* for the power in 8 */
    rootlet_field25519_run(registers, FE_PROGRAM(root));
    if (!rootlet_field25519_is_zero(registers, 9)) {
        if (!rootlet_field25519_is_zero(registers, 10)) {
            return false;
        }
        rootlet_words_copy(ROOTLET_FIELD25519_AT(registers, 0),
                           ROOTLET_FIELD25519_AT(registers, 11), 8);
    }
    rootlet_field25519_is_zero(registers, 0);
    if ((ROOTLET_FIELD25519_AT(registers, 0)[0] & 1) != bytes[31] >> 7) {
        rootlet_field25519_run(registers, FE_PROGRAM(negate));
    }
    rootlet_ed25519_pack(encoding, registers);
    return rootlet_equal(encoding, bytes, sizeof encoding);
}

#define WORDS ROOTLET_ED25519_ADDEND_WORDS

/* Adds an addend, which is kept elsewhere, to the point. */
static void add_addend(uint32_t *registers, const uint32_t addend[WORDS])
{
    rootlet_words_copy(ROOTLET_FIELD25519_AT(registers, ROOTLET_ED25519_ADDEND), addend, WORDS);
    rootlet_field25519_run(registers, FE_PROGRAM(add));
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
    rootlet_field25519_run(registers, FE_NEUTRAL);
    if (!decode(registers, public_key)) {
        return false;
    }
    rootlet_field25519_run(registers, FE_PROGRAM(negate));
    rootlet_field25519_run(registers, FE_FROM_POINT);
    rootlet_words_copy(sums[0], made, WORDS);
    rootlet_field25519_run(registers, FE_PROGRAM(base));
    rootlet_words_copy(base, made, WORDS);
    add_addend(registers, sums[0]);
    rootlet_field25519_run(registers, FE_FROM_POINT);
    rootlet_words_copy(sums[1], made, WORDS);

    rootlet_field25519_run(registers, FE_NEUTRAL);
    for (unsigned i = 253; i-- > 0;) {
        unsigned bits = rootlet_scalar25519_bit(s, i) | rootlet_scalar25519_bit(h, i) << 1;
        rootlet_field25519_run(registers, FE_PROGRAM(twice));
        if (bits != 0) {
            add_addend(registers, bits == 1 ? base : sums[bits - 2]);
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
