/* See chacha20.h. */
#include "chacha20.h"

#include "words.h"

#include "base/bytes.h"

static uint32_t rotate(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

/* RFC 8439 section 2.1 */
static void quarter_round(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
    *a += *b;
    *d = rotate(*d ^ *a, 16);
    *c += *d;
    *b = rotate(*b ^ *c, 12);
    *a += *b;
    *d = rotate(*d ^ *a, 8);
    *c += *d;
    *b = rotate(*b ^ *c, 7);
}

/* RFC 8439 section 2.3: 20 rounds, by columns and by diagonals in turn */
static void block(uint32_t x[16], const uint32_t state[16])
{
    rootlet_words_copy(x, state, 16);
    for (unsigned round = 0; round < 20; round++) {
        unsigned step = round % 2;
        for (unsigned i = 0; i < 4; i++) {
            quarter_round(x + i, x + 4 + (i + step) % 4, x + 8 + (i + 2 * step) % 4,
                          x + 12 + (i + 3 * step) % 4);
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
    uint32_t state[16];
    uint32_t x[16];
    uint8_t stream[64];
    rootlet_words_load(state, constant, 4);
    rootlet_words_load(state + 4, key, 8);
    state[12] = counter;
    rootlet_words_load(state + 13, nonce, 3);
    for (size_t i = 0; i < length; i++) {
        if (i % 64 == 0) {
            block(x, state);
            rootlet_words_store(stream, x, 16);
            state[12]++;
        }
        data[i] ^= stream[i % 64];
    }
    rootlet_words_wipe(state, 16);
    rootlet_words_wipe(x, 16);
    rootlet_wipe(stream, sizeof stream);
}
