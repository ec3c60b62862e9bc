/*
 * See field25519.h. p = 2^255 - 19; 2^256 = 38 and 2^255 = 19 modulo p.
 *
 * Bounds: every operation takes any words (below 2^256) and gives a result below
 * 2^255 + 2^242, so results always are inputs.
 */
#include "field25519.h"

#include "words.h"

#define MUL ROOTLET_FIELD25519_MUL
#define RAISE ROOTLET_FIELD25519_RAISE
#define END ROOTLET_FIELD25519_END

/*
 * r = a + w * b modulo p, w at most 121665.
 *
 * What is above bit 255 is found first, from the top words alone: top < 2 * (w + 1) < 2^18.
 * Taken off as top * 2^255 and put back below as 19 * top, the initial carry. The carry that
 * arrives in word 7 is at most w + 1 and is not folded again: r < 2^255 + (w + 1) * 2^224.
 */
static void add_multiple(rootlet_field25519 r, const rootlet_field25519 a,
                         const rootlet_field25519 b, uint32_t w)
{
    uint32_t top = (uint32_t)(((uint64_t)w * b[7] + a[7]) >> 31);
    rootlet_words_row(r, a, b, 8, w, 19 * top);
    r[7] -= top << 31;
}

/*
 * r = a - b modulo p, as add_multiple with signed carries.
 *
 * The carry into word 7 is at least -2; 2 is taken off the top word before top is found and thereby
 * left in it, so word 7 ends at 0 or above, and at most at 2^31 + 2: 0 <= r < 2^255 + 2^226.
 */
static void subtract(rootlet_field25519 r, const rootlet_field25519 a, const rootlet_field25519 b)
{
    int32_t top = (int32_t)(((int64_t)a[7] - b[7] - 2) >> 31); /* -3 to 1 */
    int64_t carry = 19 * top;
    for (int i = 0; i < 8; i++) {
        carry += (int64_t)a[i] - b[i];
        r[i] = (uint32_t)carry;
        carry >>= 32;
    }
    r[7] -= (uint32_t)top << 31;
}

static void multiply(rootlet_field25519 r, const rootlet_field25519 a, const rootlet_field25519 b,
                     uint32_t product[16])
{
    rootlet_words_product(product, a, b);
    add_multiple(r, product, product + 8, 38);
}

bool rootlet_field25519_is_zero(rootlet_field25519 *registers, unsigned index)
{
    uint32_t *r = registers[index];
    uint32_t *next = registers[ROOTLET_FIELD25519_PRODUCT];
    add_multiple(r, r, r, 0); /* r < 2^255 + 19, that is at most p + 37 */
    /* r >= p exactly when r + 19 >= 2^255; then r - p = r + 19 - 2^255. */
    rootlet_words_row(next, r, r, 8, 0, 19);
    rootlet_words_row(r, r, r, 8, 0, 19 * (next[7] >> 31));
    r[7] &= 0x7fffffff;
    uint32_t any = 0;
    for (unsigned i = 0; i < 8; i++) {
        any |= r[i];
    }
    return any == 0;
}

void rootlet_field25519_run(rootlet_field25519 *registers, const uint16_t *program)
{
    uint32_t *r = registers[0];
    uint32_t *product = registers[ROOTLET_FIELD25519_PRODUCT];
    for (;;) {
        unsigned code = *program++;
        const uint32_t *last = r;
        const uint32_t *a = registers[code >> 4 & 15];
        const uint32_t *b = registers[code & 15];
        r = registers[code >> 8 & 15];
        switch (code >> 12) {
        case 1:
            multiply(r, a, b, product);
            break;
        case 2:
            add_multiple(r, a, b, 1);
            break;
        case 3:
            subtract(r, a, b);
            break;
        case 4:
            add_multiple(r, a, b, 121665);
            break;
        case 5:
            for (unsigned n = code & 255; n > 0; n--) {
                multiply(r, last, last, product);
                last = r;
            }
            break;
        default:
            return;
        }
    }
}

void rootlet_field25519_power(rootlet_field25519 *registers)
{
    /* Exponents on the right; 2^252 - 3 = (2^250 - 1) * 4 + 1. */
    static const uint16_t program[] = {
        MUL(8, 1, 1), /* 2 */
        RAISE(9, 2),  /* 8 */
        MUL(9, 9, 1), /* 9 */
        MUL(8, 8, 9), /* 11 */
        MUL(8, 8, 8), /* 22 */
        MUL(8, 8, 9), /* 2^5 - 1 */
        RAISE(9, 5),
        MUL(9, 9, 8), /* 2^10 - 1 */
        RAISE(10, 10),
        MUL(10, 10, 9), /* 2^20 - 1 */
        RAISE(8, 20),
        MUL(8, 8, 10), /* 2^40 - 1 */
        RAISE(8, 10),
        MUL(8, 8, 9), /* 2^50 - 1 */
        RAISE(9, 50),
        MUL(9, 9, 8), /* 2^100 - 1 */
        RAISE(10, 100),
        MUL(10, 10, 9), /* 2^200 - 1 */
        RAISE(10, 50),
        MUL(10, 10, 8), /* 2^250 - 1 */
        RAISE(10, 2),
        MUL(8, 10, 1), /* 2^252 - 3 */
        END,
    };
    rootlet_field25519_run(registers, program);
}

void rootlet_field25519_divide(rootlet_field25519 *registers)
{
    /* 1/z = z^(p-2) = (z^(2^252-3))^8 * z^3. */
    static const uint16_t program[] = {
        MUL(8, 8, 8), RAISE(8, 2),  MUL(8, 8, 1), MUL(8, 8, 1),
        MUL(8, 8, 1), MUL(0, 0, 8), MUL(2, 2, 8), END,
    };
    rootlet_field25519_power(registers);
    rootlet_field25519_run(registers, program);
    rootlet_field25519_is_zero(registers, 0);
    rootlet_field25519_is_zero(registers, 2);
}
