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
static void block(uint32_t x[16], const uint32_t state[16])
{
    rootlet_words_copy(x, state, 16);
    for (unsigned round = 0; round < 20; round++) {
        unsigned step = round % 2;
        for (unsigned i = 0; i < 4; i++) {
            quarter_round(x, i, 4 + (i + step) % 4, 8 + (i + 2 * step) % 4,
                          12 + (i + 3 * step) % 4);
        }
    }
    for (unsigned i = 0; i < 16; i++) {
        x[i] += state[i];
    }
}

void rootlet_chacha20(uint8_t *data, size_t length, const uint8_t key[32], const uint8_t nonce[12],
                      uint32_t counter)
{
    static const uint8_t constant[16] = {'e', 'x', 'p', 'a', 'n', 'd', ' ', '3',
                                         '2', '-', 'b', 'y', 't', 'e', ' ', 'k'};
    uint32_t words[32];
    uint32_t *state = words;
    uint32_t *stream = words + 16;
    rootlet_words_load(state, constant, 4);
    rootlet_words_load(state + 4, key, 8);
    state[12] = counter;
    rootlet_words_load(state + 13, nonce, 3);
    for (size_t i = 0; i < length; i++) {
        if (i % 64 == 0) {
            block(stream, state);
            state[12]++;
        }
        data[i] ^= (uint8_t)(stream[i / 4 % 16] >> (8 * (i % 4)));
    }
    rootlet_words_wipe(words, 32);
}
