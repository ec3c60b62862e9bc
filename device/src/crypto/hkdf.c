/* HKDF with SHA-256, RFC 5869. */
#include "hmac.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

void rootlet_hkdf_sha256_extract(uint8_t prk[ROOTLET_SHA256_BYTES], const uint8_t *salt,
                                 size_t salt_length, const uint8_t *ikm, size_t ikm_length)
{
    rootlet_hmac_sha256(prk, salt, salt_length, ikm, ikm_length);
}

rootlet_status rootlet_hkdf_sha256_expand(uint8_t *out, size_t out_length,
                                          const uint8_t prk[ROOTLET_SHA256_BYTES],
                                          const uint8_t *info, size_t info_length)
{
    static const uint8_t counter = 1;
    uint8_t okm[ROOTLET_SHA256_BYTES];
    if (out_length > sizeof okm) {
        return ROOTLET_ERR_MISUSE;
    }
    rootlet_hmac_sha256_joined(okm, prk, ROOTLET_SHA256_BYTES, info, info_length, &counter, 1);
    rootlet_copy(out, okm, out_length);
    rootlet_wipe(okm, sizeof okm);
    return ROOTLET_OK;
}
