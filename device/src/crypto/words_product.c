/*
 * The wide multiply in portable C: two rows per pass, so that a word of b and one of the product
 * are read once for two multiplications. Smaller than eight rows unrolled and quicker than one at a
 * time.
 */
#include "words.h"

/*
 * product = product + (a[0] + a[1] * 2^32) * b; the two words above are written, not added to.
 * Column j takes a[0] * b[j] and a[1] * b[j - 1]. Each sum is at most
 * (2^32-1)^2 + 2 * (2^32-1) = 2^64 - 1.
 */
static void add_rows(uint32_t product[10], const uint32_t a[2], const uint32_t b[8])
{
    uint32_t before = 0;
    uint64_t low = 0;
    uint64_t high = 0;
    for (unsigned j = 0; j < 8; j++) {
        uint32_t word = b[j];
        low = (uint64_t)a[0] * word + product[j] + (low >> 32);
        high = (uint64_t)a[1] * before + (uint32_t)low + (high >> 32);
        product[j] = (uint32_t)high;
        before = word;
    }
    high = (uint64_t)a[1] * before + (low >> 32) + (high >> 32);
    product[8] = (uint32_t)high;
    product[9] = (uint32_t)(high >> 32);
}

void rootlet_words_product(uint32_t product[16], const uint32_t a[8], const uint32_t b[8])
{
    rootlet_words_wipe(product, 8);
    for (unsigned i = 0; i < 8; i += 2) {
        add_rows(product + i, a + i, b);
    }
}
