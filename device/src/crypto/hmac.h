/* HMAC-SHA-256 in pieces, for HKDF. */
#ifndef ROOTLET_CRYPTO_HMAC_H
#define ROOTLET_CRYPTO_HMAC_H

#include "rootlet/crypto.h"

/* HMAC of message || suffix; as rootlet_hmac_sha256 otherwise. */
void rootlet_hmac_sha256_joined(uint8_t mac[ROOTLET_SHA256_BYTES], const uint8_t *key,
                                size_t key_length, const uint8_t *message, size_t message_length,
                                const uint8_t *suffix, size_t suffix_length);

#endif
