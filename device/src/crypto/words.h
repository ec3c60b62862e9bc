/*
 * Little-endian numbers of several 32-bit words: what field, scalar and Poly1305 arithmetic share.
 * Word 0 is the least significant. No branch or index depends on a value, and no time does, but for
 * the functions named quick: see multiply.h.
 */
#ifndef ROOTLET_CRYPTO_WORDS_H
#define ROOTLET_CRYPTO_WORDS_H

#include "multiply.h"

#include "base/load.h"

#include <stddef.h>
#include <stdint.h>

/* Words from 4 * count little-endian bytes, and back; count is at least 1. bytes may be
 * unaligned. */
void rootlet_words_load(uint32_t *words, const uint8_t *bytes, size_t count);
void rootlet_words_store(uint8_t *bytes, const uint32_t *words, size_t count);

/* These two work on any memory aligned for words; count is even and not 0. Wiping is never
 * optimised away: it is rootlet_wipe, six times as quick. */
void rootlet_words_copy(void *to, const void *from, size_t count);
void rootlet_words_wipe(void *words, size_t count);

/* The lower half of a product, before the first row is added. */
static inline void rootlet_words_clear(uint32_t product[8])
{
    product[0] = product[1] = product[2] = product[3] = 0;
    product[4] = product[5] = product[6] = product[7] = 0;
}

/* Exchanges a and b when swap is 1, leaves them when it is 0; in the same time. */
void rootlet_words_swap(uint32_t *a, uint32_t *b, size_t count, uint32_t swap);

/* r = a + w * b + carry, count words, an even number; returns the carry word. r may be a or b.
 * Exact while w * (2^16 - 1) + carry is below 2^32: any carry for w = 0, a carry up to 2^28 for
 * w up to 60,833. */
uint32_t rootlet_words_add(uint32_t *r, const uint32_t *a, const uint32_t *b, size_t count,
                           uint32_t w, uint32_t carry);

/* r = r + w * b, count words, an even number; returns the carry word. Exact for all inputs. Not
 * inlined: a compiler takes assembly for shorter than it is. */
__attribute__((noinline)) uint32_t rootlet_words_accumulate(uint32_t *r, const uint32_t *b,
                                                            size_t count, uint32_t w);

/* product = a * b, 8 by 8 words; must not overlap a or b. The one routine that decides the speed
 * of both curves. */
void rootlet_words_product(uint32_t product[16], const uint32_t a[8], const uint32_t b[8]);

/* The same for numbers that are public; where there is one kernel only, it is that. */
#if ROOTLET_TWO_KERNELS
uint32_t rootlet_words_add_quick(uint32_t *r, const uint32_t *a, const uint32_t *b, size_t count,
                                 uint32_t w, uint32_t carry);
void rootlet_words_product_quick(uint32_t product[16], const uint32_t a[8], const uint32_t b[8]);
#else
#define rootlet_words_add_quick rootlet_words_add
#define rootlet_words_product_quick rootlet_words_product
#endif

#endif
