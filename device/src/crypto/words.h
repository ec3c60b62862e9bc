/*
 * Little-endian numbers of several 32-bit words: what field, scalar and Poly1305 arithmetic share.
 * Word 0 is the least significant; counts are at least 1. No branch or index depends on a value.
 */
#ifndef ROOTLET_CRYPTO_WORDS_H
#define ROOTLET_CRYPTO_WORDS_H

#include <stddef.h>
#include <stdint.h>

/* Words from 4 * count little-endian bytes, and back. bytes may be unaligned. */
void rootlet_words_load(uint32_t *words, const uint8_t *bytes, size_t count);
void rootlet_words_store(uint8_t *bytes, const uint32_t *words, size_t count);

/* These two work on any memory aligned for words. Wiping is never optimised away: it is
 * rootlet_wipe, four times as quick. */
void rootlet_words_copy(void *to, const void *from, size_t count);
void rootlet_words_wipe(void *words, size_t count);

/* r = a + w * b + carry, count words; returns the carry word. Exact for all inputs.
 * r may be a or b. */
uint32_t rootlet_words_row(uint32_t *r, const uint32_t *a, const uint32_t *b, size_t count,
                           uint32_t w, uint32_t carry);

/* Exchanges a and b when swap is 1, leaves them when it is 0; in the same time. */
void rootlet_words_swap(uint32_t *a, uint32_t *b, size_t count, uint32_t swap);

/* product = a * b, 8 by 8 words; must not overlap a or b. The one routine that decides the speed
 * of both curves, in a file of its own so that one for a certain core can take its place. */
void rootlet_words_product(uint32_t product[16], const uint32_t a[8], const uint32_t b[8]);

#endif
