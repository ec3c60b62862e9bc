/*
 * See field25519.h. p = 2^255 - 19; 2^256 = 38 and 2^255 = 19 modulo p. Every operation takes any
 * eight words; programs use no register before they wrote it.
 */
#include "field25519.h"

#include "words.h"

#define AT(r) ROOTLET_FIELD25519_AT(registers, r)
#define PRODUCT 16 /* its first register */

/* The lower word of a + b + carry, and the carry behind it: -1 to 2, in two's complement. */
static inline uint32_t add_words(uint32_t a, uint32_t b, uint32_t *carry)
{
#if defined(ROOTLET_KERNEL_ARMV6M)
    /* With so few registers the compiler keeps 64-bit sums in memory. */
    uint32_t sum = a + b;
    uint32_t over = sum < b;
    sum += *carry;
    *carry = over + (sum < *carry) - (*carry >> 31);
    return sum;
#else
    uint64_t sum = (uint64_t)a + b + *carry;
    *carry = (uint32_t)(sum >> 32) - (*carry >> 31);
    return (uint32_t)sum;
#endif
}

/*
 * r = a + b modulo p for mask 0, a - b for mask 2^32 - 1; all are any words.
 *
 * With c = b or its complement 2^256 - 1 - b, which is 37 - b: the result is a + c, less 37. What
 * is above bit 255 is found first, from the top words alone, as top from -1 to 3; it is taken off
 * as top * 2^255 and put back below as 19 * top. All but the last 1 of what top is made of is in
 * the sum, so what stays is at least 2^226 and cannot become negative; it is below 2^255 + 2^228.
 */
static void add_or_subtract(uint32_t r[8], const uint32_t a[8], const uint32_t b[8], uint32_t mask)
{
    uint32_t top = (((a[7] >> 2) + ((b[7] ^ mask) >> 2) + (1u << 29) - 1) >> 29) - 1;
    uint32_t carry = 19 * top - (mask & 37);
    for (unsigned i = 0; i < 8; i++) {
        r[i] = add_words(a[i], b[i] ^ mask, &carry);
    }
    r[7] -= top << 31;
}

/*
 * r = a + w * b modulo p, w at most 60,833; a and b are any words.
 *
 * As above: the sum is at most (2^16-1) + w * (2^16-1) + (2^16-1) < 2^32, and top at most
 * 2 * (w + 1), so the initial carry is below 2^22. What top misses, the lower half of the lowest
 * sum, is below 2^17 in units of 2^224, and the carry that arrives in word 7 at most w + 1; neither
 * is folded again: r < 2^255 + 2^18 * 2^224.
 */
static void add_multiple(uint32_t r[8], const uint32_t a[8], const uint32_t b[8], uint32_t w,
                         bool quick)
{
    uint32_t sum = (a[7] >> 16) + w * (b[7] >> 16) + (w * (b[7] & 0xffff) >> 16);
    uint32_t top = sum >> 15;
    if (quick) {
        rootlet_words_add_quick(r, a, b, 8, w, 19 * top);
    } else {
        rootlet_words_add(r, a, b, 8, w, 19 * top);
    }
    r[7] -= top << 31;
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
    /* r < 2p, so that r + 19 reaches 2^255 exactly when r >= p, and r - p = r + 19 - 2^255. */
    rootlet_words_add(sum, r, r, 8, 0, 19);
    rootlet_words_add(r, r, r, 8, 0, 19 * (sum[7] >> 31));
    r[7] &= 0x7fffffff;
    uint32_t any = 0;
    for (unsigned i = 0; i < 8; i++) {
        any |= r[i];
    }
    return any == 0;
}

static const uint32_t constants[][8] = {
    [FE_ROOT_OF_MINUS_ONE] = {0x4a0ea0b0, 0xc4ee1b27, 0xad2fe478, 0x2f431806, 0x3dfbd7a7,
                              0x2b4d0099, 0x4fc1df0b, 0x2b832480},
    [FE_BASE_X] = {0x8f25d51a, 0xc9562d60, 0x9525a7b2, 0x692cc760, 0xfdd6dc5c, 0xc0a4e231,
                   0xcd6e53fe, 0x216936d3},
};

void rootlet_field25519_begin(uint32_t *registers, bool is_public)
{
    registers[ROOTLET_FIELD25519_QUICK] = is_public;
}

void rootlet_field25519_run_codes(uint32_t *registers, const uint16_t *program)
{
    const bool quick = ROOTLET_TWO_KERNELS && registers[ROOTLET_FIELD25519_QUICK] != 0;
    uint32_t *const product = AT(PRODUCT);
    uint32_t *r = registers;
    for (;;) {
        const unsigned code = *program++;
        const unsigned operation = code >> 12;
        const unsigned n = code & 15;
        const uint32_t *a = AT(code >> 4 & 15);
        const uint32_t *b = AT(n);
        const uint32_t *last = r;
        unsigned times = 1;
        r = AT(code >> 8 & 15);
        switch (operation) {
        case FE_OP_ADD:
            add_or_subtract(r, a, b, 0);
            break;
        case FE_OP_SUB:
            add_or_subtract(r, a, b, 0xffffffff);
            break;
        case FE_OP_RAISE:
            a = b = last;
            times = code & 255;
            /* fall through */
        case FE_OP_MUL:
        case FE_OP_ADD_HALF_A24:
            do {
                uint32_t w = 60833;
                if (operation != FE_OP_ADD_HALF_A24) {
                    if (quick) {
                        rootlet_words_product_quick(product, a, b);
                    } else {
                        rootlet_words_product(product, a, b);
                    }
                    a = product;
                    b = product + 8;
                    w = 38;
                }
                add_multiple(r, a, b, w, quick);
                a = b = r;
            } while (--times > 0);
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

/* Not inlined: ten callers give it a number that says little, and the address says much. */
__attribute__((noinline)) void rootlet_field25519_run(uint32_t *registers, unsigned program)
{
    const uint8_t *programs = (const uint8_t *)&rootlet_field_programs;
    rootlet_field25519_run_codes(registers,
                                 (const uint16_t *)(const void *)(programs + 2 * program));
}
