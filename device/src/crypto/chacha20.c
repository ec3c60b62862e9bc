/* See chacha20.h. */
#include "chacha20.h"

#include "words.h"

static uint32_t rotate_left(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

/* RFC 8439 section 2.3.1: a round works on the columns, the next on the diagonals. A quarter round
 * takes its words at 0 + i, 4 + j, 8 + k and 12 + l. */
static const uint8_t quarters[8][4] = {
    {0, 4, 8, 12},  {1, 5, 9, 13},  {2, 6, 10, 14}, {3, 7, 11, 15},
    {0, 5, 10, 15}, {1, 6, 11, 12}, {2, 7, 8, 13},  {3, 4, 9, 14},
};

/* Section 2.3: 20 rounds. Not inlined: it needs all registers for itself. */
__attribute__((noinline)) static void scramble(uint32_t x[16])
{
    for (unsigned i = 10; i-- > 0;) {
        for (const uint8_t (*at)[4] = quarters; at != quarters + 8; at++) {
            uint32_t *const pa = x + (*at)[0];
            uint32_t *const pb = x + (*at)[1];
            uint32_t *const pc = x + (*at)[2];
            uint32_t *const pd = x + (*at)[3];
            /* Section 2.1 */
            uint32_t a = *pa + *pb;
            uint32_t d = rotate_left(*pd ^ a, 16);
            uint32_t c = *pc + d;
            uint32_t b = rotate_left(*pb ^ c, 12);
            a += b;
            d = rotate_left(d ^ a, 8);
            c += d;
            *pa = a;
            *pd = d;
            *pb = rotate_left(b ^ c, 7);
            *pc = c;
        }
    }
}

void rootlet_chacha20(uint8_t *data, size_t length, const uint8_t key_nonce[44], uint32_t counter)
{
    static const uint8_t constant[16] = {'e', 'x', 'p', 'a', 'n', 'd', ' ', '3',
                                         '2', '-', 'b', 'y', 't', 'e', ' ', 'k'};
    uint32_t state[16 + 16]; /* then the same after the rounds; their sum is the key stream */
    uint32_t *scrambled = state + 16;
    rootlet_words_load(state, constant, 4);
    rootlet_words_load(state + 4, key_nonce, 8);
    rootlet_words_load(state + 13, key_nonce + 32, 3);
    state[12] = counter;
    while (length > 0) {
        rootlet_words_copy(scrambled, state, 16);
        scramble(scrambled);
        for (const uint32_t *word = state; word != scrambled; word++) {
            uint32_t stream = word[0] + word[16];
            if (length >= 4) {
                stream ^= rootlet_word_load(data);
                data[0] = (uint8_t)stream;
                data[1] = (uint8_t)(stream >> 8);
                data[2] = (uint8_t)(stream >> 16);
                data[3] = (uint8_t)(stream >> 24);
                data += 4;
                length -= 4;
            } else {
                for (; length > 0; length--) {
                    *data++ ^= (uint8_t)stream;
                    stream >>= 8;
                }
            }
        }
        state[12]++;
    }
    rootlet_words_wipe(state, 32);
}
