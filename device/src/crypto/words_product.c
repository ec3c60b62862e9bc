/*
 * The wide multiply, two rows per pass, so that a word of b and one of the product are read once
 * for two multiplications: smaller than eight rows unrolled and quicker than one at a time. Where
 * a multiplication is many instructions that gains nothing, and one row at a time is smaller.
 */
#include "multiply.h"
#include "words.h"

#if ROOTLET_MULTIPLY_HALVES

void rootlet_words_product(uint32_t product[16], const uint32_t a[8], const uint32_t b[8])
{
    rootlet_words_wipe(product, 8);
    for (unsigned i = 0; i < 8; i++) {
        product[i + 8] = rootlet_words_row(product + i, product + i, b, 8, a[i], 0);
    }
}

#else

/* product = product + (a0 + a1 * 2^32) * b; the two words above are written, not added to.
 * Column j takes a0 * b[j] and a1 * b[j - 1]. */
static void add_rows(uint32_t product[10], uint32_t a0, uint32_t a1, const uint32_t b[8])
{
    uint32_t before = 0;
    uint32_t first = 0; /* the carries of both rows */
    uint32_t second = 0;
    for (unsigned j = 0; j < 8; j++) {
        uint32_t sum = product[j];
        uint32_t word = b[j];
        rootlet_multiply_add(&sum, &first, a0, word);
        rootlet_multiply_add(&sum, &second, a1, before);
        product[j] = sum;
        before = word;
    }
    rootlet_multiply_add(&first, &second, a1, before);
    product[8] = first;
    product[9] = second;
}

void rootlet_words_product(uint32_t product[16], const uint32_t a[8], const uint32_t b[8])
{
    rootlet_words_wipe(product, 8);
    for (unsigned i = 0; i < 8; i += 2) {
        add_rows(product + i, a[i], a[i + 1], b);
    }
}

#endif
