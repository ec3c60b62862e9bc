/*
 * See bytes.h. The compiler must not turn these loops into calls of memcpy or memset:
 * the build passes -fno-tree-loop-distribute-patterns, and a test looks at the symbols.
 */
#include "bytes.h"

void rootlet_copy(uint8_t *to, const uint8_t *from, size_t length)
{
    /*@ loop invariant i <= length;
        loop assigns i, to[0 .. length - 1];
        loop variant length - i; */
    for (size_t i = 0; i < length; i++) {
        to[i] = from[i];
    }
}

void rootlet_wipe(void *bytes, size_t length)
{
    volatile uint8_t *to = bytes;
    /*@ loop invariant i <= length;
        loop assigns i, to[0 .. length - 1];
        loop variant length - i; */
    for (size_t i = 0; i < length; i++) {
        to[i] = 0;
    }
}

bool rootlet_equal(const uint8_t *a, const uint8_t *b, size_t length)
{
    unsigned difference = 0;
    /*@ loop invariant i <= length;
        loop assigns i, difference;
        loop variant length - i; */
    for (size_t i = 0; i < length; i++) {
        difference |= (unsigned)(a[i] ^ b[i]);
    }
    return difference == 0;
}
