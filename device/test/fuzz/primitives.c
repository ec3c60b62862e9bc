/* Hashes and ciphers against OpenSSL's, on the same bytes. */
#include "fuzz.h"

#include "rootlet/crypto.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define OPERATIONS 5
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

static void check_aead(fuzz_input *input)
{
    uint8_t key_nonce[44], tag[16], expected_tag[16], expected[SEALED_MOST];
    size_t aad_length, length;
    int done;
    fuzz_fill(input, key_nonce, sizeof key_nonce);
    uint8_t *aad = fuzz_copy(input, fuzz_byte(input) % 40, &aad_length);
    uint8_t *data = fuzz_copy(input, SEALED_MOST, &length);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    EXPECT(EVP_EncryptInit_ex(context, EVP_chacha20_poly1305(), NULL, key_nonce, key_nonce + 32) ==
           1);
    EXPECT(EVP_EncryptUpdate(context, NULL, &done, aad, (int)aad_length) == 1);
    EXPECT(EVP_EncryptUpdate(context, expected, &done, data, (int)length) == 1);
    EXPECT(EVP_EncryptFinal_ex(context, expected + done, &done) == 1);
    EXPECT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, expected_tag) == 1);
    rootlet_chacha20poly1305_seal(data, length, tag, key_nonce, aad, aad_length);
    EXPECT(memcmp(tag, expected_tag, sizeof tag) == 0);
    EXPECT(memcmp(data, expected, length) == 0);
    EXPECT(rootlet_chacha20poly1305_open(data, length, tag, key_nonce, aad, aad_length) ==
           ROOTLET_OK);
    REACHED(length > 0);
    tag[fuzz_byte(input) % 16] ^= (uint8_t)(1u << fuzz_byte(input) % 8);
    EXPECT(rootlet_chacha20poly1305_open(data, length, tag, key_nonce, aad, aad_length) ==
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
        check_hkdf(&input);
        break;
    default:
        check_aead(&input);
        break;
    }
    return 0;
}
