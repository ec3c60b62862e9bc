/* The primitives against OpenSSL's, on the same bytes. */
#include "fuzz.h"

#include "rootlet/crypto.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define OPERATIONS 7
#define SEALED_MOST 600

static void check_hash(fuzz_input *input, const EVP_MD *kind)
{
    uint8_t expected[64], got[64];
    unsigned size;
    EXPECT(EVP_Digest(input->next, input->left, expected, &size, kind, NULL) == 1);
    /* In two pieces, cut anywhere. */
    size_t cut = input->left == 0 ? 0 : input->next[0] % input->left;
    if (size == ROOTLET_SHA256_BYTES) {
        rootlet_sha256 hash;
        rootlet_sha256_init(&hash);
        rootlet_sha256_update(&hash, input->next, cut);
        rootlet_sha256_update(&hash, input->next + cut, input->left - cut);
        rootlet_sha256_final(&hash, got);
    } else {
        rootlet_sha512 hash;
        rootlet_sha512_init(&hash);
        rootlet_sha512_update(&hash, input->next, cut);
        rootlet_sha512_update(&hash, input->next + cut, input->left - cut);
        rootlet_sha512_final(&hash, got);
    }
    EXPECT(memcmp(expected, got, size) == 0);
}

static void check_hmac(fuzz_input *input)
{
    uint8_t expected[32], got[32];
    size_t key_length;
    uint8_t *key = fuzz_copy(input, fuzz_byte(input), &key_length);
    EXPECT(HMAC(EVP_sha256(), key, (int)key_length, input->next, input->left, expected, NULL));
    rootlet_hmac_sha256(got, key, key_length, input->next, input->left);
    EXPECT(memcmp(expected, got, sizeof got) == 0);
    free(key);
}

/* HKDF-Expand of one block is HMAC of the info and a byte 1 (RFC 5869 section 2.3). */
static void check_hkdf(fuzz_input *input)
{
    uint8_t expected[32], got[32], prk[32];
    size_t length;
    for (size_t i = 0; i < sizeof prk; i++) {
        prk[i] = fuzz_byte(input);
    }
    size_t out_length = fuzz_byte(input) % 34;
    uint8_t *info = fuzz_copy(input, ROOTLET_HKDF_INFO_BYTES, &length);
    uint8_t counted[ROOTLET_HKDF_INFO_BYTES + 1];
    memcpy(counted, info, length);
    counted[length] = 1;
    EXPECT(HMAC(EVP_sha256(), prk, sizeof prk, counted, length + 1, expected, NULL));
    rootlet_status status = rootlet_hkdf_sha256_expand(got, out_length, prk, info, length);
    EXPECT((status == ROOTLET_OK) == (out_length <= sizeof got));
    EXPECT(status != ROOTLET_OK || memcmp(expected, got, out_length) == 0);
    free(info);
}

static void fill(uint8_t *bytes, size_t length, fuzz_input *input)
{
    for (size_t i = 0; i < length; i++) {
        bytes[i] = fuzz_byte(input);
    }
}

static void check_x25519(fuzz_input *input)
{
    uint8_t scalar[32], point[32], expected[32], got[32];
    size_t size = sizeof expected;
    fill(scalar, sizeof scalar, input);
    fill(point, sizeof point, input);
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
    fill(private_key, sizeof private_key, input);
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

static void check_aead(fuzz_input *input)
{
    uint8_t key[32], nonce[12], tag[16], expected_tag[16], expected[SEALED_MOST];
    size_t aad_length, length;
    int done;
    fill(key, sizeof key, input);
    fill(nonce, sizeof nonce, input);
    uint8_t *aad = fuzz_copy(input, fuzz_byte(input) % 40, &aad_length);
    uint8_t *data = fuzz_copy(input, SEALED_MOST, &length);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    EXPECT(EVP_EncryptInit_ex(context, EVP_chacha20_poly1305(), NULL, key, nonce) == 1);
    EXPECT(EVP_EncryptUpdate(context, NULL, &done, aad, (int)aad_length) == 1);
    EXPECT(EVP_EncryptUpdate(context, expected, &done, data, (int)length) == 1);
    EXPECT(EVP_EncryptFinal_ex(context, expected + done, &done) == 1);
    EXPECT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, expected_tag) == 1);
    rootlet_chacha20poly1305_seal(data, length, tag, key, nonce, aad, aad_length);
    EXPECT(memcmp(tag, expected_tag, sizeof tag) == 0);
    EXPECT(memcmp(data, expected, length) == 0);
    EXPECT(rootlet_chacha20poly1305_open(data, length, tag, key, nonce, aad, aad_length) ==
           ROOTLET_OK);
    tag[fuzz_byte(input) % 16] ^= (uint8_t)(1u << fuzz_byte(input) % 8);
    EXPECT(rootlet_chacha20poly1305_open(data, length, tag, key, nonce, aad, aad_length) ==
           ROOTLET_ERR_CRYPTO_TAG);
    EVP_CIPHER_CTX_free(context);
    free(aad);
    free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    fuzz_input input = {bytes, length};
    switch (fuzz_byte(&input) % OPERATIONS) {
    case 0:
        check_hash(&input, EVP_sha256());
        break;
    case 1:
        check_hash(&input, EVP_sha512());
        break;
    case 2:
        check_hmac(&input);
        break;
    case 3:
        check_x25519(&input);
        break;
    case 4:
        check_ed25519(&input);
        break;
    case 5:
        check_hkdf(&input);
        break;
    default:
        check_aead(&input);
        break;
    }
    return 0;
}
