/* HKDF with SHA-256, RFC 5869: as much as one block. */
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
    uint8_t counted[ROOTLET_HKDF_INFO_BYTES + 1];
    uint8_t okm[ROOTLET_SHA256_BYTES];
    if (out_length > sizeof okm || info_length > ROOTLET_HKDF_INFO_BYTES) {
        return ROOTLET_ERR_MISUSE;
    }
    rootlet_copy(counted, info, info_length);
    counted[info_length] = 1; /* the first and only block, RFC 5869 section 2.3 */
    rootlet_hmac_sha256(okm, prk, ROOTLET_SHA256_BYTES, counted, info_length + 1);
    rootlet_copy(out, okm, out_length);
    rootlet_wipe(okm, sizeof okm);
    return ROOTLET_OK;
}
