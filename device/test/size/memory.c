/*
 * What a compiler may call on its own, also without a libc: copies and fills of structs. Counted in
 * the size report where a core's compiler does; a device takes its libc's.
 */
#include <stddef.h>

void *memcpy(void *to, const void *from, size_t length);
void *memset(void *to, int value, size_t length);

void *memcpy(void *to, const void *from, size_t length)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    for (size_t i = 0; i < length; i++) {
        t[i] = f[i];
    }
    return to;
}

void *memset(void *to, int value, size_t length)
{
    unsigned char *t = to;
    for (size_t i = 0; i < length; i++) {
        t[i] = (unsigned char)value;
    }
    return to;
}
