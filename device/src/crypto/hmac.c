/* HMAC-SHA-256, RFC 2104. */
#include "hmac.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

#define BLOCK 64

/* A hash that has taken in block after each byte was exchanged with pad. */
static void begin(rootlet_sha256 *hash, uint8_t block[BLOCK], uint8_t pad)
{
    for (unsigned i = 0; i < BLOCK; i++) {
        block[i] ^= pad;
    }
    rootlet_sha256_init(hash);
    rootlet_sha256_update(hash, block, BLOCK);
}

void rootlet_hmac_sha256_joined(uint8_t mac[ROOTLET_SHA256_BYTES], const uint8_t *key,
                                size_t key_length, const uint8_t *message, size_t message_length,
                                const uint8_t *suffix, size_t suffix_length)
{
    rootlet_sha256 hash;
    uint8_t block[BLOCK];
    rootlet_wipe(block, BLOCK);
    if (key_length > BLOCK) {
        rootlet_sha256_init(&hash);
        rootlet_sha256_update(&hash, key, key_length);
        rootlet_sha256_final(&hash, block);
    } else {
        rootlet_copy(block, key, key_length);
    }
    begin(&hash, block, 0x36);
    rootlet_sha256_update(&hash, message, message_length);
    rootlet_sha256_update(&hash, suffix, suffix_length);
    rootlet_sha256_final(&hash, mac);
    begin(&hash, block, 0x36 ^ 0x5c);
    rootlet_sha256_update(&hash, mac, ROOTLET_SHA256_BYTES);
    rootlet_sha256_final(&hash, mac);
    rootlet_wipe(block, BLOCK);
}

void rootlet_hmac_sha256(uint8_t mac[ROOTLET_SHA256_BYTES], const uint8_t *key, size_t key_length,
                         const uint8_t *message, size_t message_length)
{
    rootlet_hmac_sha256_joined(mac, key, key_length, message, message_length, NULL, 0);
}
