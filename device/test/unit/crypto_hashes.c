/* SHA-256, SHA-512, HMAC and HKDF. */
#include "crypto.h"

#include "rootlet/crypto.h"
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

static vectors v;

static void test_sha256(const char *folder)
{
    uint8_t digest[ROOTLET_SHA256_BYTES];
    rootlet_sha256 hash;
    vectors_open(&v, folder, "sha256.txt");
    while (vectors_next(&v)) {
        rootlet_sha256_init(&hash);
        for (unsigned long n = strtoul(v.text[1], NULL, 10); n > 0; n--) {
            rootlet_sha256_update(&hash, v.bytes[2], v.length[2]);
        }
        rootlet_sha256_final(&hash, digest);
        vectors_check(&v, vectors_equal(&v, 3, digest, sizeof digest));
    }
}

static void test_sha512(const char *folder)
{
    uint8_t digest[ROOTLET_SHA512_BYTES];
    rootlet_sha512 hash;
    vectors_open(&v, folder, "sha512.txt");
    while (vectors_next(&v)) {
        rootlet_sha512_init(&hash);
        for (unsigned long n = strtoul(v.text[1], NULL, 10); n > 0; n--) {
            rootlet_sha512_update(&hash, v.bytes[2], v.length[2]);
        }
        rootlet_sha512_final(&hash, digest);
        vectors_check(&v, vectors_equal(&v, 3, digest, sizeof digest));
    }
}

/* A context that was copied goes on by itself, and a final one holds nothing more. */
static void test_contexts(void)
{
    uint8_t zeros[sizeof(rootlet_sha512)] = {0};
    uint8_t first[ROOTLET_SHA512_BYTES];
    uint8_t second[ROOTLET_SHA512_BYTES];
    rootlet_sha512 hash;
    rootlet_sha512_init(&hash);
    rootlet_sha512_update(&hash, (const uint8_t *)"some bytes", 10);
    rootlet_sha512 copy = hash;
    rootlet_sha512_final(&hash, first);
    rootlet_sha512_final(&copy, second);
    check(memcmp(first, second, sizeof first) == 0, "sha512", "copy");
    check(memcmp(&hash, zeros, sizeof hash) == 0, "sha512", "wiped");

    rootlet_sha256 small;
    rootlet_sha256_init(&small);
    rootlet_sha256_update(&small, (const uint8_t *)"some bytes", 10);
    rootlet_sha256 small_copy = small;
    rootlet_sha256_final(&small, first);
    rootlet_sha256_final(&small_copy, second);
    check(memcmp(first, second, ROOTLET_SHA256_BYTES) == 0, "sha256", "copy");
    check(memcmp(&small, zeros, sizeof small) == 0, "sha256", "wiped");
}

static void test_hmac(const char *folder)
{
    uint8_t mac[ROOTLET_SHA256_BYTES];
    vectors_open(&v, folder, "hmac_sha256.txt");
    while (vectors_next(&v)) {
        rootlet_hmac_sha256(mac, v.bytes[1], v.length[1], v.bytes[2], v.length[2]);
        vectors_check(&v, memcmp(mac, v.bytes[3], v.length[3]) == 0);
        /* The mac may be written over the key, or over the message. */
        uint8_t key[VECTORS_BYTES];
        memcpy(key, v.bytes[1], sizeof key);
        rootlet_hmac_sha256(key, key, v.length[1], v.bytes[2], v.length[2]);
        vectors_check(&v, memcmp(key, mac, sizeof mac) == 0);
        rootlet_hmac_sha256(v.bytes[2], v.bytes[1], v.length[1], v.bytes[2], v.length[2]);
        vectors_check(&v, memcmp(v.bytes[2], mac, sizeof mac) == 0);
    }
}

static void test_hkdf(const char *folder)
{
    uint8_t prk[ROOTLET_SHA256_BYTES];
    uint8_t okm[ROOTLET_SHA256_BYTES + 1];
    vectors_open(&v, folder, "hkdf_sha256.txt");
    while (vectors_next(&v)) {
        rootlet_hkdf_sha256_extract(prk, v.bytes[1], v.length[1], v.bytes[2], v.length[2]);
        vectors_check(&v, vectors_equal(&v, 3, prk, sizeof prk));
        for (size_t length = 0; length <= ROOTLET_SHA256_BYTES; length++) {
            memset(okm, 0xa5, sizeof okm);
            rootlet_status status =
                rootlet_hkdf_sha256_expand(okm, length, prk, v.bytes[4], v.length[4]);
            vectors_check(&v, status == ROOTLET_OK && memcmp(okm, v.bytes[5], length) == 0 &&
                                  okm[length] == 0xa5);
        }
        vectors_check(&v, rootlet_hkdf_sha256_expand(okm, 33, prk, v.bytes[4], v.length[4]) ==
                              ROOTLET_ERR_MISUSE);
        vectors_check(
            &v, rootlet_hkdf_sha256_expand(okm, 32, prk, v.bytes[4], ROOTLET_HKDF_INFO_BYTES + 1) ==
                    ROOTLET_ERR_MISUSE);
    }
}

void test_hashes(const char *folder)
{
    test_sha256(folder);
    test_sha512(folder);
    test_contexts();
    test_hmac(folder);
    test_hkdf(folder);
}
