/* Ed25519 public keys and signatures, RFC 8032 sections 5.1.5 and 5.1.6. Constant time. */
#include "curve25519.h"
#include "ed25519.h"
#include "scalar25519.h"
#include "words.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

/* bytes = encoding of scalar * B: double and add with either B or, for a bit of 0, the neutral
 * point; the two are exchanged without a branch. Not inlined, as its frame must not lie under the
 * hashing. */
__attribute__((noinline)) static void multiply_base(uint8_t bytes[32], const uint32_t scalar[8])
{
    rootlet_field25519 registers[ROOTLET_FIELD25519_REGISTERS];
    uint32_t *addend = registers[ROOTLET_ED25519_ADDEND];
    uint32_t *other = registers[12];
    rootlet_ed25519_base(registers);
    rootlet_ed25519_to_addend(registers);
    rootlet_words_copy(other, addend, ROOTLET_ED25519_ADDEND_WORDS);
    rootlet_ed25519_neutral(registers);
    rootlet_ed25519_to_addend(registers);
    uint32_t swap = 0;
    for (unsigned i = 255; i-- > 0;) {
        uint32_t bit = scalar[i / 32] >> (i % 32) & 1;
        rootlet_words_swap(addend, other, ROOTLET_ED25519_ADDEND_WORDS, swap ^ bit);
        swap = bit;
        rootlet_ed25519_double(registers);
        rootlet_ed25519_add(registers);
    }
    rootlet_ed25519_encode(bytes, registers);
    rootlet_words_wipe(registers[0], ROOTLET_FIELD25519_WORDS);
}

/* The secret scalar and the 32 bytes that are hashed into nonces. */
static void expand(uint32_t scalar[8], uint8_t seed[64], const uint8_t private_key[32])
{
    rootlet_sha512 hash;
    rootlet_sha512_init(&hash);
    rootlet_sha512_update(&hash, private_key, 32);
    rootlet_sha512_final(&hash, seed);
    rootlet_words_load(scalar, seed, 8);
    rootlet_curve25519_clamp(scalar);
}

void rootlet_ed25519_public(uint8_t public_key[ROOTLET_ED25519_KEY_BYTES],
                            const uint8_t private_key[ROOTLET_ED25519_KEY_BYTES])
{
    uint32_t scalar[8];
    uint8_t seed[64];
    expand(scalar, seed, private_key);
    multiply_base(public_key, scalar);
    rootlet_words_wipe(scalar, 8);
    rootlet_wipe(seed, sizeof seed);
}

void rootlet_ed25519_sign(uint8_t signature[ROOTLET_ED25519_SIGNATURE_BYTES],
                          const uint8_t private_key[ROOTLET_ED25519_KEY_BYTES],
                          const uint8_t *prefix, size_t prefix_length, const uint8_t *message,
                          size_t message_length)
{
    uint8_t seed[64];
    uint8_t public_key[32];
    uint32_t scalar[8];
    uint32_t nonce[8];
    uint32_t challenge[8];
    uint32_t s[ROOTLET_SCALAR25519_WIDE];
    rootlet_ed25519_part parts[4] = {
        {seed + 32, 32}, {NULL, 0}, {prefix, prefix_length}, {message, message_length}};

    expand(scalar, seed, private_key);
    rootlet_ed25519_hash(nonce, parts);
    multiply_base(signature, nonce);
    multiply_base(public_key, scalar);
    parts[0].bytes = signature;
    parts[1] = (rootlet_ed25519_part){public_key, 32};
    rootlet_ed25519_hash(challenge, parts);

    /* s = nonce + challenge * scalar: below 2^253 + 2^253 * 2^255, no carry out of 16 words */
    rootlet_words_product(s, challenge, scalar);
    s[8] += rootlet_words_row(s, s, nonce, 8, 1, 0);
    rootlet_scalar25519_reduce(s);
    rootlet_words_store(signature + 32, s, 8);

    rootlet_wipe(seed, sizeof seed);
    rootlet_words_wipe(scalar, 8);
    rootlet_words_wipe(nonce, 8);
    rootlet_words_wipe(s, ROOTLET_SCALAR25519_WIDE);
}
