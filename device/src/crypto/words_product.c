/*
 * The wide multiply in portable C, one row per pass. A file that defines the same function for
 * one core (long multiplies, two rows per pass) can take its place.
 */
#include "words.h"

void rootlet_words_product(uint32_t product[16], const uint32_t a[8], const uint32_t b[8])
{
    for (size_t i = 0; i < 8; i++) {
        product[i] = 0;
    }
    for (size_t i = 0; i < 8; i++) {
        product[i + 8] = rootlet_words_row(product + i, product + i, b, 8, a[i], 0);
    }
}
