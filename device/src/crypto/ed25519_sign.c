/* Ed25519 public keys and signatures, RFC 8032 sections 5.1.5 and 5.1.6. Constant time. */
#include "ed25519.h"
#include "scalar25519.h"
#include "words.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

#define OTHER 12 /* first register of the other addend, see programs25519.h */

/*
 * bytes = encoding of scalar * B, scalar below 2^255: double and add with either B or, for a bit of
 * 0, the neutral point; the two are exchanged without a branch. Not inlined, as its frame must not
 * lie under the hashing.
 */
__attribute__((noinline)) static void multiply_base(uint8_t bytes[32], const uint32_t scalar[8])
{
    rootlet_field25519 registers;
    uint32_t swap = 1;
    rootlet_field25519_begin(registers, false);
    rootlet_field25519_run(registers, FE_PROGRAM(base));
    rootlet_field25519_run(registers, FE_PROGRAM(both_neutral));
    for (unsigned i = 255; i-- > 0;) {
        uint32_t bit = rootlet_scalar25519_bit(scalar, i);
        rootlet_words_swap(ROOTLET_FIELD25519_AT(registers, ROOTLET_ED25519_ADDEND),
                           ROOTLET_FIELD25519_AT(registers, OTHER), ROOTLET_ED25519_ADDEND_WORDS,
                           swap ^ bit);
        swap = bit;
        rootlet_field25519_run(registers, FE_PROGRAM(twice));
        rootlet_field25519_run(registers, FE_PROGRAM(add));
    }
    rootlet_ed25519_encode(bytes, registers);
    rootlet_words_wipe(registers, ROOTLET_FIELD25519_WORDS);
}

/* What a private key becomes, and what a signature is made of. */
typedef struct secrets {
    uint8_t digest[64]; /* of the private key: the scalar, then what nonces are hashed from */
    uint32_t scalar[8];
    uint32_t nonce[8];
    uint32_t s[16];
} secrets;

static void expand_key(secrets *secret, const uint8_t private_key[32])
{
    rootlet_sha512 hash;
    rootlet_sha512_init(&hash);
    rootlet_sha512_update(&hash, private_key, 32);
    rootlet_sha512_final(&hash, secret->digest);
    rootlet_scalar25519_clamp(secret->scalar, secret->digest);
}

void rootlet_ed25519_public(uint8_t public_key[ROOTLET_ED25519_KEY_BYTES],
                            const uint8_t private_key[ROOTLET_ED25519_KEY_BYTES])
{
    secrets secret;
    expand_key(&secret, private_key);
    multiply_base(public_key, secret.scalar);
    rootlet_wipe(&secret, sizeof secret);
}

void rootlet_ed25519_sign(uint8_t signature[ROOTLET_ED25519_SIGNATURE_BYTES],
                          const uint8_t private_key[ROOTLET_ED25519_KEY_BYTES],
                          const uint8_t *prefix, size_t prefix_length, const uint8_t *message,
                          size_t message_length)
{
    secrets secret;
    uint32_t challenge[8];
    uint8_t public_key[32];
    rootlet_ed25519_part parts[4] = {{secret.digest + 32, 32},
                                     {public_key, 0},
                                     {prefix, prefix_length},
                                     {message, message_length}};

    expand_key(&secret, private_key);
    rootlet_ed25519_hash(secret.nonce, parts);
    multiply_base(signature, secret.nonce);
    multiply_base(public_key, secret.scalar);
    parts[0].bytes = signature;
    parts[1].length = sizeof public_key;
    rootlet_ed25519_hash(challenge, parts);

    /* s = nonce + challenge * scalar, below 2^253 + 2^253 * 2^255: the carry goes no further. */
    rootlet_words_product(secret.s, challenge, secret.scalar);
    secret.s[8] += rootlet_words_add(secret.s, secret.s, secret.nonce, 8, 1, 0);
    rootlet_words_store(secret.digest, secret.s, 16);
    rootlet_scalar25519_reduce(secret.s, secret.digest);
    rootlet_words_store(signature + 32, secret.s, 8);
    rootlet_wipe(&secret, sizeof secret);
}
