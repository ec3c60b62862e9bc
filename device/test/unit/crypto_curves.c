/* X25519, Ed25519, and the profile's operations that call them. */
#include "crypto.h"

#include "rootlet/crypto.h"
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

static vectors v;

static void test_x25519(const char *folder, const char *name)
{
    static const uint8_t zeros[32];
    static const uint8_t base[32] = {9};
    uint8_t shared[32];
    vectors_open(&v, folder, name);
    while (vectors_next(&v)) {
        rootlet_status status = rootlet_x25519(shared, v.bytes[1], v.bytes[2]);
        vectors_check(&v, vectors_equal(&v, 3, shared, sizeof shared));
        bool zero = memcmp(shared, zeros, sizeof zeros) == 0;
        vectors_check(&v, status == (zero ? ROOTLET_ERR_CRYPTO_ZERO_SHARED : ROOTLET_OK));
        if (vectors_equal(&v, 2, base, sizeof base)) {
            rootlet_x25519_public(shared, v.bytes[1]);
            vectors_check(&v, vectors_equal(&v, 3, shared, sizeof shared));
        }
    }
}

static void test_x25519_iterated(const char *folder)
{
    vectors_open(&v, folder, "x25519_iterated.txt");
    while (vectors_next(&v)) {
        uint8_t scalar[32] = {9};
        uint8_t point[32] = {9};
        for (unsigned long n = strtoul(v.text[0], NULL, 10); n > 0; n--) {
            uint8_t last[32];
            memcpy(last, scalar, sizeof last);
            /* The result may be written over an input. */
            vectors_check(&v, rootlet_x25519(scalar, scalar, point) == ROOTLET_OK);
            memcpy(point, last, sizeof point);
        }
        vectors_check(&v, vectors_equal(&v, 1, scalar, sizeof scalar));
    }
}

static bool verifies(const uint8_t *signature, const uint8_t *key, const uint8_t *message,
                     size_t length)
{
    rootlet_status status = rootlet_ed25519_verify(signature, key, NULL, 0, message, length);
    return status == ROOTLET_OK;
}

static void test_ed25519(const char *folder)
{
    uint8_t key[32];
    uint8_t signature[64];
    vectors_open(&v, folder, "ed25519.txt");
    while (vectors_next(&v)) {
        uint8_t *message = v.bytes[3];
        size_t length = v.length[3];
        size_t cut = length / 3;
        rootlet_ed25519_public(key, v.bytes[1]);
        vectors_check(&v, vectors_equal(&v, 2, key, sizeof key));
        rootlet_ed25519_sign(signature, v.bytes[1], message, cut, message + cut, length - cut);
        vectors_check(&v, vectors_equal(&v, 4, signature, sizeof signature));
        vectors_check(&v, rootlet_ed25519_verify(signature, key, message, cut, message + cut,
                                                 length - cut) == ROOTLET_OK);
        vectors_check(&v, verifies(signature, key, message, length));
        message[length] = 0;
        vectors_check(&v, !verifies(signature, key, message, length + 1));
    }
}

static void test_ed25519_edge(const char *folder)
{
    vectors_open(&v, folder, "ed25519_edge.txt");
    while (vectors_next(&v)) {
        bool good = strcmp(v.text[1], "good") == 0;
        vectors_check(&v, verifies(v.bytes[4], v.bytes[2], v.bytes[3], v.length[3]) == good);
    }
}

static void test_profile_exchange(void)
{
    uint8_t private_a[ROOTLET_PRIVATE_KEY_BYTES] = {1};
    uint8_t private_b[ROOTLET_PRIVATE_KEY_BYTES] = {2, 3};
    uint8_t share_a[ROOTLET_KEY_SHARE_BYTES];
    uint8_t share_b[ROOTLET_KEY_SHARE_BYTES];
    uint8_t secret_a[ROOTLET_SHARED_SECRET_BYTES];
    uint8_t secret_b[ROOTLET_SHARED_SECRET_BYTES];
    static const uint8_t zeros[ROOTLET_KEY_SHARE_BYTES];
    rootlet_profile_share(share_a, private_a);
    rootlet_profile_share(share_b, private_b);
    check(rootlet_profile_agree(secret_a, private_a, share_b) == ROOTLET_OK, "profile", "agree");
    check(rootlet_profile_agree(secret_b, private_b, share_a) == ROOTLET_OK, "profile", "agree");
    check(memcmp(secret_a, secret_b, sizeof secret_a) == 0, "profile", "same secret");
    check(rootlet_profile_agree(secret_a, private_a, zeros) == ROOTLET_ERR_CRYPTO_ZERO_SHARED,
          "profile", "bad share");
}

static void test_profile_signature(void)
{
    static const uint8_t text[] = "context and message";
    uint8_t private_key[ROOTLET_PRIVATE_KEY_BYTES] = {5};
    uint8_t public_key[ROOTLET_PUBLIC_KEY_BYTES];
    uint8_t signature[ROOTLET_SIGNATURE_BYTES + 1];
    rootlet_ed25519_public(public_key, private_key);
    size_t length = rootlet_profile_sign(signature, private_key, text, 8, text + 8, 11);
    check(length == ROOTLET_SIGNATURE_BYTES, "profile", "signature length");
    for (size_t i = length - 1; i <= length + 1; i++) {
        rootlet_status status =
            rootlet_profile_verify(signature, i, public_key, text, 8, text + 8, 11);
        check(status == (i == length ? ROOTLET_OK : ROOTLET_ERR_CRYPTO_SIGNATURE), "profile",
              "verify");
    }
}

static void test_profile_records(void)
{
    uint8_t key[ROOTLET_AEAD_KEY_NONCE_BYTES] = {6};
    uint8_t tag[ROOTLET_AEAD_TAG_BYTES];
    uint8_t data[5] = "data";
    rootlet_profile_seal(data, sizeof data, tag, key, NULL, 0);
    check(memcmp(data, "data", 4) != 0, "profile", "seal");
    check(rootlet_profile_open(data, sizeof data, tag, key, NULL, 0) == ROOTLET_OK &&
              memcmp(data, "data", 5) == 0,
          "profile", "open");
    check(rootlet_profile_open(data, sizeof data, tag, key, NULL, 0) == ROOTLET_ERR_CRYPTO_TAG,
          "profile", "open twice");
}

void test_curves(const char *folder)
{
    test_x25519(folder, "x25519.txt");
    test_x25519(folder, "x25519_edge.txt");
    test_x25519_iterated(folder);
    test_ed25519(folder);
    test_ed25519_edge(folder);
    test_profile_exchange();
    test_profile_signature();
    test_profile_records();
}
