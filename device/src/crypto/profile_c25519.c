/* The operations of the profile c25519: X25519, Ed25519, ChaCha20-Poly1305. A build that takes them
 * from PSA Crypto or a secure element leaves this file out. */
#include "rootlet/crypto.h"

#if !ROOTLET_PROFILE_P256

void rootlet_profile_share(uint8_t share[ROOTLET_KEY_SHARE_BYTES],
                           const uint8_t private_key[ROOTLET_PRIVATE_KEY_BYTES])
{
    rootlet_x25519_public(share, private_key);
}

rootlet_status rootlet_profile_agree(uint8_t secret[ROOTLET_SHARED_SECRET_BYTES],
                                     const uint8_t private_key[ROOTLET_PRIVATE_KEY_BYTES],
                                     const uint8_t share[ROOTLET_KEY_SHARE_BYTES])
{
    return rootlet_x25519(secret, private_key, share);
}

rootlet_status rootlet_profile_verify(const uint8_t *signature, size_t signature_length,
                                      const uint8_t public_key[ROOTLET_PUBLIC_KEY_BYTES],
                                      const uint8_t *prefix, size_t prefix_length,
                                      const uint8_t *message, size_t message_length)
{
    if (signature_length != ROOTLET_ED25519_SIGNATURE_BYTES) {
        return ROOTLET_ERR_CRYPTO_SIGNATURE;
    }
    return rootlet_ed25519_verify(signature, public_key, prefix, prefix_length, message,
                                  message_length);
}

size_t rootlet_profile_sign(uint8_t signature[ROOTLET_SIGNATURE_BYTES],
                            const uint8_t private_key[ROOTLET_PRIVATE_KEY_BYTES],
                            const uint8_t *prefix, size_t prefix_length, const uint8_t *message,
                            size_t message_length)
{
    rootlet_ed25519_sign(signature, private_key, prefix, prefix_length, message, message_length);
    return ROOTLET_ED25519_SIGNATURE_BYTES;
}

void rootlet_profile_seal(uint8_t *data, size_t length, uint8_t tag[ROOTLET_AEAD_TAG_BYTES],
                          const uint8_t key_nonce[ROOTLET_AEAD_KEY_NONCE_BYTES], const uint8_t *aad,
                          size_t aad_length)
{
    rootlet_chacha20poly1305_seal(data, length, tag, key_nonce, aad, aad_length);
}

rootlet_status rootlet_profile_open(uint8_t *data, size_t length,
                                    const uint8_t tag[ROOTLET_AEAD_TAG_BYTES],
                                    const uint8_t key_nonce[ROOTLET_AEAD_KEY_NONCE_BYTES],
                                    const uint8_t *aad, size_t aad_length)
{
    return rootlet_chacha20poly1305_open(data, length, tag, key_nonce, aad, aad_length);
}

#else
typedef int rootlet_profile_is_elsewhere; /* ISO C wants a declaration */
#endif
