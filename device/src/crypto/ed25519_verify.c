/* Ed25519 verification, RFC 8032 section 5.1.7. Everything here is public. */
#include "ed25519.h"
#include "scalar25519.h"
#include "words.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

#define MUL ROOTLET_FIELD25519_MUL
#define ADD ROOTLET_FIELD25519_ADD
#define SUB ROOTLET_FIELD25519_SUB
#define END ROOTLET_FIELD25519_END

/*
 * The point of an encoding, x in register 0 and y in 2 (RFC 8032 section 5.1.3); false when there
 * is none, or when it has another encoding than this: y >= p, or x = 0 with the sign bit set.
 */
static bool decode(rootlet_field25519 *registers, const uint8_t bytes[32])
{
    static const rootlet_field25519 root_of_minus_one = {0x4a0ea0b0, 0xc4ee1b27, 0xad2fe478,
                                                         0x2f431806, 0x3dfbd7a7, 0x2b4d0099,
                                                         0x4fc1df0b, 0x2b832480};
    /* In: y in 2, one in 3, d in 4. Out: u in 4, v in 5, u v^3 in 7, u v^7 in 1. */
    static const uint16_t fraction[] = {
        MUL(8, 2, 2), MUL(5, 8, 4), SUB(4, 8, 3), ADD(5, 5, 3), MUL(6, 5, 5),
        MUL(7, 6, 5), MUL(7, 7, 4), MUL(6, 6, 6), MUL(1, 7, 6), END,
    };
    /* x = u v^3 (u v^7)^((p-5)/8) in 0; v x^2 - u in 9, v x^2 + u in 10, x * sqrt(-1) in 11. */
    static const uint16_t root[] = {
        MUL(0, 7, 8), MUL(8, 0, 0), MUL(8, 8, 5), SUB(9, 8, 4), ADD(10, 8, 4), MUL(11, 0, 11), END,
    };
    static const uint16_t negate[] = {SUB(6, 0, 0), SUB(0, 6, 0), END};
    uint8_t encoding[32];

    rootlet_ed25519_neutral(registers);
    rootlet_words_load(registers[2], bytes, 8);
    registers[2][7] &= 0x7fffffff;
    rootlet_words_copy(registers[3], registers[1], 8);
    rootlet_words_copy(registers[4], rootlet_ed25519_d, 8);
    rootlet_field25519_run(registers, fraction);
    rootlet_field25519_power(registers);
    rootlet_words_copy(registers[11], root_of_minus_one, 8);
    rootlet_field25519_run(registers, root);
    if (!rootlet_field25519_is_zero(registers, 9)) {
        if (!rootlet_field25519_is_zero(registers, 10)) {
            return false;
        }
        rootlet_words_copy(registers[0], registers[11], 8);
    }
    rootlet_field25519_is_zero(registers, 0);
    if ((registers[0][0] & 1) != bytes[31] >> 7) {
        rootlet_field25519_run(registers, negate);
    }
    rootlet_field25519_is_zero(registers, 0);
    rootlet_field25519_is_zero(registers, 2);
    rootlet_ed25519_pack(encoding, registers);
    return rootlet_equal(encoding, bytes, sizeof encoding);
}

static void keep_addend(uint32_t kept[ROOTLET_ED25519_ADDEND_WORDS], rootlet_field25519 *registers)
{
    rootlet_ed25519_to_addend(registers);
    rootlet_words_copy(kept, registers[ROOTLET_ED25519_ADDEND], ROOTLET_ED25519_ADDEND_WORDS);
}

/* r = encoding of s * B - h * A; false when public_key is no valid encoding. Not inlined: its
 * frame must not lie under the hashing. */
__attribute__((noinline)) static bool combine(uint8_t r[32], const uint8_t public_key[32],
                                              const uint32_t s[8], const uint32_t h[8])
{
    static const uint16_t negate[] = {SUB(6, 0, 0), SUB(0, 6, 0), END};
    rootlet_field25519 registers[ROOTLET_FIELD25519_REGISTERS];
    uint32_t sums[3][ROOTLET_ED25519_ADDEND_WORDS]; /* B, -A, B - A */

    if (!decode(registers, public_key)) {
        return false;
    }
    rootlet_field25519_run(registers, negate);
    rootlet_ed25519_extend(registers);
    keep_addend(sums[1], registers);
    rootlet_ed25519_base(registers);
    rootlet_ed25519_add(registers);
    keep_addend(sums[2], registers);
    rootlet_ed25519_base(registers);
    keep_addend(sums[0], registers);

    rootlet_ed25519_neutral(registers);
    for (unsigned i = 253; i-- > 0;) {
        unsigned which = (s[i / 32] >> (i % 32) & 1) | (h[i / 32] >> (i % 32) & 1) << 1;
        rootlet_ed25519_double(registers);
        if (which != 0) {
            rootlet_words_copy(registers[ROOTLET_ED25519_ADDEND], sums[which - 1],
                               ROOTLET_ED25519_ADDEND_WORDS);
            rootlet_ed25519_add(registers);
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
    if (!rootlet_scalar25519_canonical(s)) {
        return ROOTLET_ERR_CRYPTO_SIGNATURE;
    }
    rootlet_ed25519_hash(h, parts);
    if (!combine(r, public_key, s, h) || !rootlet_equal(r, signature, sizeof r)) {
        return ROOTLET_ERR_CRYPTO_SIGNATURE;
    }
    return ROOTLET_OK;
}
