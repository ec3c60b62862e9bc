/*
 * Runs this core's multiplication kernels (crypto/words.h) on the same numbers as
 * tests/firmware/test_kernels.py, which knows the answers: prints the SHA-256 of all results.
 */
#include "board.h"
#include "print.h"

#include "crypto/words.h"
#include "rootlet/crypto.h"

#define ROUNDS 3000
#define LARGEST_FACTOR 60833u /* of rootlet_words_add */
#if defined(ROOTLET_KERNEL_ARMV6M)
#define QUICK_TAKES_ALL 0
#else
#define QUICK_TAKES_ALL 1
#endif

static rootlet_sha256 results;

/* xorshift32 (Marsaglia, 2003); every fourth word is an edge. */
static uint32_t next_word(uint32_t *state)
{
    static const uint32_t edges[4] = {0, 1, 0xffffffff, 0x00010000};
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state % 4 == 0 ? edges[*state / 4 % 4] : *state;
}

static void fill(uint32_t words[8], uint32_t *state)
{
    for (unsigned i = 0; i < 8; i++) {
        words[i] = next_word(state);
    }
}

static void record(const uint32_t *words, size_t count)
{
    uint8_t bytes[64];
    rootlet_words_store(bytes, words, count);
    rootlet_sha256_update(&results, bytes, 4 * count);
}

static void run_round(uint32_t *state)
{
    uint32_t a[8], b[8], product[16], carry;
    fill(a, state);
    fill(b, state);
    uint32_t w = next_word(state);
    rootlet_words_product(product, a, b);
    record(product, 16);
    rootlet_words_product_quick(product, a, b);
    record(product, 16);
    carry = rootlet_words_add(product, a, b, 8, w % (LARGEST_FACTOR + 1), w >> 4);
    record(product, 8);
    record(&carry, 1);
    if (QUICK_TAKES_ALL) {
        carry = rootlet_words_add_quick(product, a, b, 8, w, ~w);
    } /* else it is the same function, and so is its result */
    record(product, 8);
    record(&carry, 1);
    carry = rootlet_words_accumulate(a, b, 8, w);
    record(a, 8);
    record(&carry, 1);
}

int main(void)
{
    static const char digits[] = "0123456789abcdef";
    static print_line line;
    uint8_t digest[ROOTLET_SHA256_BYTES];
    char text[2 * sizeof digest + 1];
    uint32_t state = 1;
    rootlet_sha256_init(&results);
    for (unsigned i = 0; i < ROUNDS; i++) {
        run_round(&state);
    }
    rootlet_sha256_final(&results, digest);
    for (unsigned i = 0; i < sizeof digest; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[sizeof text - 1] = 0;
    print_text(&line, text);
    print_end(&line);
    return 0;
}
