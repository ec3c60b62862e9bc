/* Poly1305 over whole blocks, RFC 8439 section 2.5, as the AEAD construction uses it. */
#ifndef ROOTLET_CRYPTO_POLY1305_H
#define ROOTLET_CRYPTO_POLY1305_H

#include <stddef.h>
#include <stdint.h>

typedef struct rootlet_poly1305 {
    uint32_t key[12]; /* 0; 5/4 of r_1, r_2, r_3; r_0 to r_3; s_0 to s_3 */
    uint32_t h[5];    /* the accumulator */
    uint32_t t[4];    /* a block, a product */
} rootlet_poly1305;

/* The 32 bytes of the key stand from poly->key[4] on, all else is 0. A key is used for one message
 * only. */
void rootlet_poly1305_init(rootlet_poly1305 *poly);

/* Takes in bytes, with zeros added up to a whole block of 16 (RFC 8439 section 2.8). */
void rootlet_poly1305_update(rootlet_poly1305 *poly, const uint8_t *bytes, size_t length);

/* Writes the tag and wipes the context. */
void rootlet_poly1305_final(rootlet_poly1305 *poly, uint8_t tag[16]);

#endif
