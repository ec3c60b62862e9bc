/*
 * X25519 and Ed25519 against OpenSSL's, on the same bytes. Apart from the other primitives, since
 * an input takes tens of times longer here.
 */
#include "fuzz.h"

#include "rootlet/crypto.h"

#include <openssl/evp.h>

static void check_x25519(fuzz_input *input)
{
    uint8_t scalar[32], point[32], expected[32], got[32];
    size_t size = sizeof expected;
    fuzz_fill(input, scalar, sizeof scalar);
    fuzz_fill(input, point, sizeof point);
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, scalar, sizeof scalar);
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, point, sizeof point);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(own, NULL);
    EXPECT(own && peer && context && EVP_PKEY_derive_init(context) == 1);
    EXPECT(EVP_PKEY_derive_set_peer(context, peer) == 1);
    bool agreed = EVP_PKEY_derive(context, expected, &size) == 1; /* not for an all-zero result */
    EXPECT((rootlet_x25519(got, scalar, point) == ROOTLET_OK) == agreed);
    EXPECT(!agreed || memcmp(expected, got, sizeof got) == 0);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(own);
    EVP_PKEY_free(peer);
}

/* What this library accepts OpenSSL accepts; it refuses more: keys that are not canonical. */
static void check_ed25519(fuzz_input *input)
{
    uint8_t private_key[32], public_key[32], signature[64], expected[64];
    size_t size = sizeof expected;
    uint8_t flips = fuzz_byte(input);
    fuzz_fill(input, private_key, sizeof private_key);
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private_key, 32);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EXPECT(key && context && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1);
    EXPECT(EVP_DigestSign(context, expected, &size, input->next, input->left) == 1);
    rootlet_ed25519_sign(signature, private_key, NULL, 0, input->next, input->left);
    EXPECT(memcmp(signature, expected, sizeof signature) == 0);
    rootlet_ed25519_public(public_key, private_key);
    const bool intact = (flips & 3) == 0;
    for (; flips & 3; flips--) {
        uint8_t at = fuzz_byte(input);
        (at & 0x80 ? public_key : signature)[at & (at & 0x80 ? 31 : 63)] ^= fuzz_byte(input);
    }
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
    EVP_MD_CTX_reset(context);
    EXPECT(EVP_DigestVerifyInit(context, NULL, NULL, NULL, peer) == 1);
    bool other = EVP_DigestVerify(context, signature, 64, input->next, input->left) == 1;
    bool own = rootlet_ed25519_verify(signature, public_key, NULL, 0, input->next, input->left) ==
               ROOTLET_OK;
    REACHED(own);
    EXPECT(!own || other);
    EXPECT(own || !intact);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    EVP_PKEY_free(peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    fuzz_input input = {bytes, length};
    if (fuzz_byte(&input) & 1) {
        check_ed25519(&input);
    } else {
        check_x25519(&input);
    }
    return 0;
}
