/* See chacha20.h. */
#include "chacha20.h"

#include "words.h"

static uint32_t rotate(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

/* RFC 8439 section 2.1 on the words i, j, k, l */
static void quarter_round(uint32_t x[16], unsigned i, unsigned j, unsigned k, unsigned l)
{
    uint32_t a = x[i];
    uint32_t b = x[j];
    uint32_t c = x[k];
    uint32_t d = x[l];
    a += b;
    d = rotate(d ^ a, 16);
    c += d;
    b = rotate(b ^ c, 12);
    a += b;
    d = rotate(d ^ a, 8);
    c += d;
    b = rotate(b ^ c, 7);
    x[i] = a;
    x[j] = b;
    x[k] = c;
    x[l] = d;
}

/* RFC 8439 section 2.3: 20 rounds, by columns and by diagonals in turn */
static void scramble(uint32_t x[16])
{
    for (unsigned round = 0; round < 20; round++) {
        unsigned step = round % 2;
        for (unsigned i = 0; i < 4; i++) {
            quarter_round(x, i, 4 + (i + step) % 4, 8 + (i + 2 * step) % 4,
                          12 + (i + 3 * step) % 4);
        }
    }
}

void rootlet_chacha20(uint8_t *data, size_t length, const uint8_t key[32], const uint8_t nonce[12],
                      uint32_t counter)
{
    static const uint8_t constant[16] = {'e', 'x', 'p', 'a', 'n', 'd', ' ', '3',
                                         '2', '-', 'b', 'y', 't', 'e', ' ', 'k'};
    uint32_t state[16 + 16]; /* then the same after the rounds; their sum is the key stream */
    uint32_t *scrambled = state + 16;
    rootlet_words_load(state, constant, 4);
    rootlet_words_load(state + 4, key, 8);
    rootlet_words_load(state + 13, nonce, 3);
    state[12] = counter - 1;
    for (size_t i = 0; i < length; i++) {
        if (i % 64 == 0) {
            state[12]++;
            rootlet_words_copy(scrambled, state, 16);
            scramble(scrambled);
        }
        size_t word = i / 4 % 16;
        data[i] ^= (uint8_t)((state[word] + scrambled[word]) >> (8 * (i % 4)));
    }
    rootlet_words_wipe(state, 32);
}
