/* ChaCha20, Poly1305 and both together. */
#include "crypto.h"

#include "crypto/chacha20.h"
#include "crypto/poly1305.h"
#include "rootlet/crypto.h"
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

static vectors v;

/* As the functions take them: the nonce behind the key. */
static const uint8_t *both(const uint8_t *key, const uint8_t *nonce)
{
    static uint8_t key_nonce[ROOTLET_CHACHA20POLY1305_KEY_NONCE_BYTES];
    memcpy(key_nonce, key, ROOTLET_CHACHA20POLY1305_KEY_BYTES);
    memcpy(key_nonce + ROOTLET_CHACHA20POLY1305_KEY_BYTES, nonce,
           ROOTLET_CHACHA20POLY1305_NONCE_BYTES);
    return key_nonce;
}

static void test_chacha20(const char *folder)
{
    vectors_open(&v, folder, "chacha20.txt");
    while (vectors_next(&v)) {
        uint32_t counter = (uint32_t)strtoul(v.text[3], NULL, 10);
        rootlet_chacha20(v.bytes[4], v.length[4], both(v.bytes[1], v.bytes[2]), counter);
        vectors_check(&v, vectors_equal(&v, 5, v.bytes[4], v.length[4]));
    }
}

static void test_poly1305(const char *folder, const char *name)
{
    uint8_t tag[16];
    uint8_t zeros[sizeof(rootlet_poly1305)] = {0};
    rootlet_poly1305 poly;
    vectors_open(&v, folder, name);
    while (vectors_next(&v)) {
        memset(&poly, 0, sizeof poly);
        memcpy(poly.key + 4, v.bytes[1], 32);
        rootlet_poly1305_init(&poly);
        rootlet_poly1305_update(&poly, v.bytes[2], v.length[2]);
        rootlet_poly1305_final(&poly, tag);
        vectors_check(&v, vectors_equal(&v, 3, tag, sizeof tag));
        vectors_check(&v, memcmp(&poly, zeros, sizeof poly) == 0);
    }
}

/* Sealing, opening, and every single bit of the tag. */
static void test_vector(void)
{
    uint8_t tag[16];
    uint8_t before[VECTORS_BYTES];
    const uint8_t *key = both(v.bytes[1], v.bytes[2]);
    const uint8_t *aad = v.bytes[3];
    uint8_t *data = v.bytes[4];
    size_t length = v.length[4];
    size_t aad_length = v.length[3];

    memcpy(before, data, length);
    rootlet_chacha20poly1305_seal(data, length, tag, key, aad, aad_length);
    vectors_check(&v, vectors_equal(&v, 5, data, length));
    vectors_check(&v, vectors_equal(&v, 6, tag, sizeof tag));
    for (unsigned bit = 0; bit < 128; bit++) {
        tag[bit / 8] ^= (uint8_t)(1u << bit % 8);
        vectors_check(&v, rootlet_chacha20poly1305_open(data, length, tag, key, aad, aad_length) ==
                              ROOTLET_ERR_CRYPTO_TAG);
        vectors_check(&v, vectors_equal(&v, 5, data, length));
        tag[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    vectors_check(&v, rootlet_chacha20poly1305_open(data, length, tag, key, aad, aad_length) ==
                          ROOTLET_OK);
    vectors_check(&v, memcmp(data, before, length) == 0);
}

/* Lengths around blocks, at addresses that are not aligned, with nothing written beyond. */
static void test_lengths(void)
{
    static uint8_t buffer[3 + 200 + 1];
    uint8_t key[1 + ROOTLET_CHACHA20POLY1305_KEY_NONCE_BYTES];
    uint8_t tag[17];
    for (unsigned i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)(i * 7);
    }
    for (size_t length = 0; length <= 200; length++) {
        uint8_t *data = buffer + 3;
        memset(buffer, 0xa5, sizeof buffer);
        memset(data, 'x', length);
        rootlet_chacha20poly1305_seal(data, length, tag + 1, key + 1, key, length % 33);
        rootlet_status status =
            rootlet_chacha20poly1305_open(data, length, tag + 1, key + 1, key, length % 33);
        bool same = true;
        for (size_t i = 0; i < length; i++) {
            same = same && data[i] == 'x';
        }
        check(status == ROOTLET_OK && same && data[-1] == 0xa5 && data[length] == 0xa5,
              "chacha20poly1305", "lengths");
    }
}

void test_aead(const char *folder)
{
    test_chacha20(folder);
    test_poly1305(folder, "poly1305.txt");
    test_poly1305(folder, "poly1305_edge.txt");
    vectors_open(&v, folder, "chacha20poly1305.txt");
    while (vectors_next(&v)) {
        test_vector();
    }
    test_lengths();
}
