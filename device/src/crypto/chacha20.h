/* ChaCha20, RFC 8439 section 2.4. */
#ifndef ROOTLET_CRYPTO_CHACHA20_H
#define ROOTLET_CRYPTO_CHACHA20_H

#include <stddef.h>
#include <stdint.h>

/* Combines data with the key stream that starts at block counter; encrypts and decrypts. The nonce
 * stands behind the key. */
void rootlet_chacha20(uint8_t *data, size_t length, const uint8_t key_nonce[44], uint32_t counter);

#endif
