/* SHA-256, SHA-512, HMAC and HKDF. */
#include "crypto.h"

#include "crypto/sha2.h"
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

/* The lower half of each is computed. */
static void test_round_constants(void)
{
    static const uint64_t expected[80] = {
        /* FIPS 180-4 section 4.2.3 */
        0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
        0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
        0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
        0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
        0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
        0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
        0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
        0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
        0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
        0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
        0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
        0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
        0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
        0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
        0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
        0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
        0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
        0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
        0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
        0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
    };
    uint32_t whole = 1;
    uint32_t before = 0;
    for (unsigned i = 0; i < 80; i++) {
        uint32_t upper = rootlet_sha2_round[i];
        whole += upper < before;
        before = upper;
        uint64_t constant = (uint64_t)upper << 32 | rootlet_sha2_lower(upper, whole);
        check(constant == expected[i], "sha512", "round constant");
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
    test_round_constants();
    test_contexts();
    test_hmac(folder);
    test_hkdf(folder);
}
