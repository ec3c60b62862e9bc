/*
 * See field25519.h. p = 2^255 - 19; 2^256 = 38 and 2^255 = 19 modulo p. Every operation takes any
 * eight words; programs use no register before they wrote it.
 */
#include "field25519.h"

#include "multiply.h"
#include "words.h"

#define AT(r) ROOTLET_FIELD25519_AT(registers, r)
#define PRODUCT 16 /* its first register */

/*
 * r = a + w * b modulo p, w at most 121665; a and b are any words.
 *
 * What is above bit 255 is found first, from the top words alone: top < 2 * (w + 1) < 2^18.
 * Taken off as top * 2^255 and put back below as 19 * top, the initial carry. The carry that
 * arrives in word 7 is at most w + 1 and is not folded again: r < 2^255 + (w + 1) * 2^224.
 */
static void add_multiple(uint32_t r[8], const uint32_t a[8], const uint32_t b[8], uint32_t w)
{
    uint32_t low = a[7];
    uint32_t high = 0;
    rootlet_multiply_add(&low, &high, w, b[7]);
    uint32_t top = high << 1 | low >> 31;
    rootlet_words_row(r, a, b, 8, w, 19 * top);
    r[7] -= top << 31;
}

static void complement(uint32_t r[8], const uint32_t a[8])
{
    for (unsigned i = 0; i < 8; i++) {
        r[i] = ~a[i];
    }
}

/* r = a - b modulo p: the complement, 2^256 - 1 - x, is 37 - x, and 37 - ((37 - a) + b) = a - b.
 * r is any words. temporary must not be b. */
static void subtract(uint32_t r[8], const uint32_t a[8], const uint32_t b[8], uint32_t temporary[8])
{
    complement(temporary, a);
    add_multiple(r, temporary, b, 1);
    complement(r, r);
}

void rootlet_field25519_load(uint32_t *registers, unsigned r, const uint8_t bytes[32])
{
    rootlet_words_load(AT(r), bytes, 8);
    AT(r)[7] &= 0x7fffffff;
}

bool rootlet_field25519_is_zero(uint32_t *registers, unsigned index)
{
    uint32_t *r = AT(index);
    uint32_t *sum = AT(PRODUCT);
    add_multiple(r, r, r, 0);
    /* r < 2p; so r >= p exactly when r + 19 has bit 255, and then r - p = r + 19 - 2^255. */
    rootlet_words_row(sum, r, r, 8, 0, 19);
    rootlet_words_row(r, r, r, 8, 0, 19 * (sum[7] >> 31));
    r[7] &= 0x7fffffff;
    uint32_t any = 0;
    for (unsigned i = 0; i < 8; i++) {
        any |= r[i];
    }
    return any == 0;
}

static const uint32_t constants[][8] = {
    [FE_D] = {0x135978a3, 0x75eb4dca, 0x4141d8ab, 0x00700a4d, 0x7779e898, 0x8cc74079, 0x2b6ffe73,
              0x52036cee},
    [FE_ROOT_OF_MINUS_ONE] = {0x4a0ea0b0, 0xc4ee1b27, 0xad2fe478, 0x2f431806, 0x3dfbd7a7,
                              0x2b4d0099, 0x4fc1df0b, 0x2b832480},
    [FE_BASE_X] = {0x8f25d51a, 0xc9562d60, 0x9525a7b2, 0x692cc760, 0xfdd6dc5c, 0xc0a4e231,
                   0xcd6e53fe, 0x216936d3},
    [FE_BASE_Y] = {0x66666658, 0x66666666, 0x66666666, 0x66666666, 0x66666666, 0x66666666,
                   0x66666666, 0x66666666},
};

void rootlet_field25519_run(uint32_t *registers, const uint16_t *program)
{
    uint32_t *product = AT(PRODUCT);
    uint32_t *r = registers;
    for (;;) {
        unsigned code = *program++;
        unsigned n = code & 15;
        unsigned times = 1;
        const uint32_t *last = r;
        const uint32_t *a = AT(code >> 4 & 15);
        const uint32_t *b = AT(n);
        r = AT(code >> 8 & 15);
        switch (code >> 12) {
        case FE_OP_RAISE:
            a = b = last;
            times = code & 255;
            /* fall through */
        case FE_OP_MUL:
            do {
                rootlet_words_product(product, a, b);
                add_multiple(r, product, product + 8, 38);
                a = b = r;
            } while (--times > 0);
            break;
        case FE_OP_ADD:
            add_multiple(r, a, b, 1);
            break;
        case FE_OP_ADD_A24:
            add_multiple(r, a, b, 121665);
            break;
        case FE_OP_SUB:
            subtract(r, a, b, product);
            break;
        case FE_OP_SET:
            rootlet_words_wipe(r, 8);
            r[0] = n;
            break;
        case FE_OP_LOAD:
            rootlet_words_copy(r, constants[n], 8);
            break;
        default: /* FE_END */
            return;
        }
    }
}

/* Exponents of z on the right. 2^252 - 3 = (2^250 - 1) * 4 + 1, and 1/z = z^(p-2) with
 * p - 2 = 8 * (2^252 - 3) + 3. */
const uint16_t rootlet_field25519_divide[] = {
    FE_MUL(8, 1, 1),                                                        /* 2 */
    FE_RAISE(9, 2),                                                         /* 8 */
    FE_MUL(9, 9, 1),                                                        /* 9 */
    FE_MUL(8, 8, 9),                                                        /* 11 */
    FE_MUL(8, 8, 8),                                                        /* 22 */
    FE_MUL(8, 8, 9),                                                        /* 2^5 - 1 */
    FE_RAISE(9, 5),    FE_MUL(9, 9, 8),                                     /* 2^10 - 1 */
    FE_RAISE(10, 10),  FE_MUL(10, 10, 9),                                   /* 2^20 - 1 */
    FE_RAISE(8, 20),   FE_MUL(8, 8, 10),                                    /* 2^40 - 1 */
    FE_RAISE(8, 10),   FE_MUL(8, 8, 9),                                     /* 2^50 - 1 */
    FE_RAISE(9, 50),   FE_MUL(9, 9, 8),                                     /* 2^100 - 1 */
    FE_RAISE(10, 100), FE_MUL(10, 10, 9),                                   /* 2^200 - 1 */
    FE_RAISE(10, 50),  FE_MUL(10, 10, 8),                                   /* 2^250 - 1 */
    FE_RAISE(10, 2),                                                        /* 2^252 - 4 */
    FE_MUL(8, 10, 1),                                                       /* 2^252 - 3 */
    FE_RAISE(9, 3),    FE_MUL(9, 9, 1),   FE_MUL(9, 9, 1), FE_MUL(9, 9, 1), /* p - 2 */
    FE_MUL(0, 0, 9),   FE_MUL(2, 2, 9),   FE_END,
};
