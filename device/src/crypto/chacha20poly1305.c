/* AEAD_CHACHA20_POLY1305, RFC 8439 section 2.8. */
#include "chacha20.h"
#include "poly1305.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

/* The tag over aad and ciphertext. */
static void authenticate(const uint8_t *data, size_t length, uint8_t tag[16],
                         const uint8_t key_nonce[ROOTLET_CHACHA20POLY1305_KEY_NONCE_BYTES],
                         const uint8_t *aad, size_t aad_length)
{
    rootlet_poly1305 poly;
    uint8_t block[16];
    rootlet_wipe(&poly, sizeof poly);
    rootlet_chacha20((uint8_t *)(poly.key + 4), 32, key_nonce, 0);
    rootlet_poly1305_init(&poly);
    rootlet_poly1305_update(&poly, aad, aad_length);
    rootlet_poly1305_update(&poly, data, length);
    rootlet_wipe(block, sizeof block);
    for (unsigned i = 0; i < 4; i++) {
        block[i] = (uint8_t)(aad_length >> (8 * i));
        block[8 + i] = (uint8_t)(length >> (8 * i));
    }
    rootlet_poly1305_update(&poly, block, sizeof block);
    rootlet_poly1305_final(&poly, tag);
}

void rootlet_chacha20poly1305_seal(
    uint8_t *data, size_t length, uint8_t tag[ROOTLET_CHACHA20POLY1305_TAG_BYTES],
    const uint8_t key_nonce[ROOTLET_CHACHA20POLY1305_KEY_NONCE_BYTES], const uint8_t *aad,
    size_t aad_length)
{
    rootlet_chacha20(data, length, key_nonce, 1);
    authenticate(data, length, tag, key_nonce, aad, aad_length);
}

rootlet_status
rootlet_chacha20poly1305_open(uint8_t *data, size_t length,
                              const uint8_t tag[ROOTLET_CHACHA20POLY1305_TAG_BYTES],
                              const uint8_t key_nonce[ROOTLET_CHACHA20POLY1305_KEY_NONCE_BYTES],
                              const uint8_t *aad, size_t aad_length)
{
    uint8_t expected[ROOTLET_CHACHA20POLY1305_TAG_BYTES];
    authenticate(data, length, expected, key_nonce, aad, aad_length);
    bool equal = rootlet_equal(expected, tag, sizeof expected);
    rootlet_wipe(expected, sizeof expected);
    if (!equal) {
        return ROOTLET_ERR_CRYPTO_TAG;
    }
    rootlet_chacha20(data, length, key_nonce, 1);
    return ROOTLET_OK;
}
