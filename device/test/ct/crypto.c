/*
 * Constant time, shown by valgrind: secrets are marked as undefined memory, so a branch or an
 * address that depends on one is an error (after Adam Langley's ctgrind). Run as
 *
 *     valgrind --error-exitcode=1 crypto
 *
 * Link with -Wl,--wrap=rootlet_equal: whether a tag matches is made known by protocol, so the
 * wrapper marks that one bit as defined again. "crypto control" branches on a secret on purpose: it
 * must be reported, else this program shows nothing.
 */
#include "marks.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

#include <stdio.h>
#include <string.h>

bool __real_rootlet_equal(const uint8_t *a, const uint8_t *b, size_t length);
bool __wrap_rootlet_equal(const uint8_t *a, const uint8_t *b, size_t length);

bool __wrap_rootlet_equal(const uint8_t *a, const uint8_t *b, size_t length)
{
    bool equal = __real_rootlet_equal(a, b, length);
    VALGRIND_MAKE_MEM_DEFINED(&equal, sizeof equal);
    return equal;
}

static void test_x25519(void)
{
    uint8_t scalar[32] = {1, 2, 3};
    uint8_t public_key[32];
    uint8_t shared[32];
    secret(scalar, sizeof scalar);
    rootlet_x25519_public(public_key, scalar);
    known(public_key, sizeof public_key);
    /* The peer's share is known, but the all-zero check is on a secret. */
    rootlet_status status = rootlet_x25519(shared, scalar, public_key);
    known(&status, sizeof status);
    memset(public_key, 0, sizeof public_key);
    rootlet_status zero = rootlet_x25519(shared, scalar, public_key);
    known(&zero, sizeof zero);
    if (status != ROOTLET_OK || zero != ROOTLET_ERR_CRYPTO_ZERO_SHARED) {
        printf("wrong status\n");
    }
}

static void test_ed25519(void)
{
    uint8_t private_key[32] = {4, 5, 6};
    uint8_t public_key[32];
    uint8_t signature[64];
    static const uint8_t message[150] = "signed";
    secret(private_key, sizeof private_key);
    rootlet_ed25519_public(public_key, private_key);
    rootlet_ed25519_sign(signature, private_key, message, 70, message + 70, 80);
    known(public_key, sizeof public_key);
    known(signature, sizeof signature);
    if (rootlet_ed25519_verify(signature, public_key, message, 70, message + 70, 80) !=
        ROOTLET_OK) {
        printf("wrong signature\n");
    }
}

/* Key and plaintext are secret, and so is the tag that is expected when opening. */
static void test_aead(void)
{
    uint8_t key_nonce[44] = {7};
    uint8_t data[100] = "plaintext";
    uint8_t aad[13] = "aad";
    uint8_t tag[16];
    secret(key_nonce, sizeof key_nonce);
    secret(data, sizeof data);
    rootlet_chacha20poly1305_seal(data, sizeof data, tag, key_nonce, aad, sizeof aad);
    known(data, sizeof data);
    known(tag, sizeof tag);
    rootlet_status good =
        rootlet_chacha20poly1305_open(data, sizeof data, tag, key_nonce, aad, sizeof aad);
    tag[15] ^= 1;
    rootlet_status bad =
        rootlet_chacha20poly1305_open(data, sizeof data, tag, key_nonce, aad, sizeof aad);
    if (good != ROOTLET_OK || bad != ROOTLET_ERR_CRYPTO_TAG) {
        printf("wrong verdict\n");
    }
}

static void test_hkdf(void)
{
    uint8_t key[100] = {9};
    uint8_t info[40] = "info";
    uint8_t out[32];
    secret(key, sizeof key);
    rootlet_hmac_sha256(out, key, 32, info, sizeof info);
    rootlet_hmac_sha256(out, key, sizeof key, info, sizeof info);
    rootlet_hkdf_sha256_extract(out, key, 32, key + 32, 32);
    if (rootlet_hkdf_sha256_expand(out, 12, out, info, sizeof info) != ROOTLET_OK) {
        printf("wrong status\n");
    }
}

/* Where two secrets first differ must not show. */
static void test_equal(void)
{
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    secret(a, sizeof a);
    secret(b, sizeof b);
    if (!rootlet_equal(a, b, sizeof a)) {
        printf("wrong verdict\n");
    }
}

static void control(void)
{
    volatile uint8_t key[1] = {1};
    secret((void *)key, sizeof key);
    if (key[0] != 0) {
        printf("branched on a secret\n");
    }
}

int main(int count, char **arguments)
{
    if (!RUNNING_ON_VALGRIND) {
        fprintf(stderr, "run %s under valgrind\n", arguments[0]);
        return 2;
    }
    if (count == 2 && strcmp(arguments[1], "control") == 0) {
        control();
        return 0;
    }
    test_x25519();
    test_ed25519();
    test_aead();
    test_hkdf();
    test_equal();
    printf("done\n");
    return 0;
}
