/* HMAC-SHA-256, RFC 2104. */
#include "base/bytes.h"
#include "rootlet/crypto.h"

#define BLOCK 64
#define INNER 0x36
#define OUTER 0x5c

/* Starts a hash over the block after each of its bytes was exchanged with pad. */
static void start(rootlet_sha256 *hash, uint8_t block[BLOCK], uint8_t pad)
{
    for (unsigned i = 0; i < BLOCK; i++) {
        block[i] ^= pad;
    }
    rootlet_sha256_init(hash);
    rootlet_sha256_update(hash, block, BLOCK);
}

void rootlet_hmac_sha256(uint8_t mac[ROOTLET_SHA256_BYTES], const uint8_t *key, size_t key_length,
                         const uint8_t *message, size_t message_length)
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
    start(&hash, block, INNER);
    rootlet_sha256_update(&hash, message, message_length);
    rootlet_sha256_final(&hash, mac);
    start(&hash, block, INNER ^ OUTER);
    rootlet_sha256_update(&hash, mac, ROOTLET_SHA256_BYTES);
    rootlet_sha256_final(&hash, mac);
    rootlet_wipe(block, BLOCK);
}
