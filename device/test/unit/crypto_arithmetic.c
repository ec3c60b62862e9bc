/* What lies under the curves: words, the field, numbers modulo the order. */
#include "crypto.h"

#include "crypto/field25519.h"
#include "crypto/scalar25519.h"
#include "crypto/words.h"
#include "vectors.h"

#include <string.h>

static vectors v;

static const uint16_t *field_program(const char *name)
{
    static const uint16_t mul[] = {FE_MUL(2, 0, 1), FE_END};
    static const uint16_t add[] = {FE_ADD(2, 0, 1), FE_END};
    static const uint16_t sub[] = {FE_SUB(2, 0, 1), FE_END};
    static const uint16_t a24[] = {FE_ADD_HALF_A24(2, 0, 1), FE_END};
    return strcmp(name, "mul") == 0   ? mul
           : strcmp(name, "add") == 0 ? add
           : strcmp(name, "sub") == 0 ? sub
                                      : a24;
}

static void test_field(const char *folder)
{
    rootlet_field25519 registers;
    uint8_t result[32];
    memset(registers, 0xa5, sizeof registers);
    vectors_open(&v, folder, "field25519_edge.txt");
    while (vectors_next(&v)) {
        rootlet_words_load(ROOTLET_FIELD25519_AT(registers, 0), v.bytes[1], 8);
        rootlet_words_load(ROOTLET_FIELD25519_AT(registers, 1), v.bytes[2], 8);
        for (unsigned is_public = 0; is_public < 2; is_public++) {
            rootlet_field25519_begin(registers, is_public);
            rootlet_field25519_run_codes(registers, field_program(v.text[0]));
            bool zero = rootlet_field25519_is_zero(registers, 2);
            rootlet_words_store(result, ROOTLET_FIELD25519_AT(registers, 2), 8);
            vectors_check(&v, vectors_equal(&v, 3, result, sizeof result));
            uint8_t zeros[32] = {0};
            vectors_check(&v, zero == vectors_equal(&v, 3, zeros, sizeof zeros));
        }
    }
}

/* z / z is one, also for z = p - 1; anything divided by zero is zero. */
static void test_division(void)
{
    static const uint16_t start[] = {FE_SET(1, 0), FE_SET(2, 1),    FE_SUB(1, 1, 2),
                                     FE_SET(2, 0), FE_ADD(0, 1, 2), FE_END};
    static const uint16_t by_zero[] = {FE_SET(1, 0), FE_SET(0, 7), FE_SET(2, 7), FE_END};
    static const uint16_t less_one[] = {FE_SET(1, 1), FE_SUB(0, 0, 1), FE_END};
    rootlet_field25519 registers;
    rootlet_field25519_begin(registers, false);
    rootlet_field25519_run_codes(registers, start);
    rootlet_field25519_run(registers, FE_PROGRAM(divide));
    rootlet_field25519_run_codes(registers, less_one);
    check(rootlet_field25519_is_zero(registers, 0), "field25519", "z / z");
    rootlet_field25519_run_codes(registers, by_zero);
    rootlet_field25519_run(registers, FE_PROGRAM(divide));
    check(rootlet_field25519_is_zero(registers, 0), "field25519", "x / 0");
    check(rootlet_field25519_is_zero(registers, 2), "field25519", "y / 0");
}

static void test_scalars(const char *folder)
{
    uint32_t r[8];
    uint8_t result[32];
    vectors_open(&v, folder, "scalar25519_edge.txt");
    while (vectors_next(&v)) {
        rootlet_scalar25519_reduce(r, v.bytes[1]);
        rootlet_words_store(result, r, 8);
        vectors_check(&v, vectors_equal(&v, 2, result, sizeof result));
        vectors_check(&v, !rootlet_scalar25519_subtract(r)); /* it was below L */
    }
}

static void test_words(void)
{
    uint32_t ones[8];
    uint32_t product[16];
    memset(ones, 0xff, sizeof ones);
    /* (2^256 - 1)^2 = 2^512 - 2^257 + 1 */
    rootlet_words_product(product, ones, ones);
    check(product[0] == 1 && product[8] == 0xfffffffe && product[7] == 0 &&
              product[15] == 0xffffffff,
          "words", "product");
    rootlet_words_product_quick(product, ones, ones);
    check(product[0] == 1 && product[8] == 0xfffffffe && product[7] == 0 &&
              product[15] == 0xffffffff,
          "words", "quick product");
    /* a + (2^32 - 1) * a = 2^32 * a, which carries all of a[7]. */
    memset(product, 0xff, sizeof product);
    uint32_t carry = rootlet_words_accumulate(product, ones, 8, 0xffffffff);
    check(carry == 0xffffffff && product[0] == 0 && product[7] == 0xffffffff, "words",
          "accumulate");
    /* a + 60833 * a + 2^28, a = 2^256 - 1, is 60834 * 2^256 - 60834 + 2^28. */
    const uint32_t low = 0x10000000u - 60834u;
    carry = rootlet_words_add(product, ones, ones, 8, 60833, 0x10000000);
    check(carry == 60834 && product[0] == low && product[7] == 0, "words", "add");
    carry = rootlet_words_add_quick(product, ones, ones, 8, 60833, 0x10000000);
    check(carry == 60834 && product[0] == low && product[7] == 0, "words", "quick add");
    uint32_t other[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    rootlet_words_swap(ones, other, 7, 0);
    check(other[6] == 7 && ones[6] == 0xffffffff, "words", "swap 0");
    rootlet_words_swap(ones, other, 7, 1);
    check(ones[6] == 7 && other[6] == 0xffffffff && other[7] == 8, "words", "swap 1");
}

void test_arithmetic(const char *folder)
{
    test_words();
    test_field(folder);
    test_division();
    test_scalars(folder);
}
