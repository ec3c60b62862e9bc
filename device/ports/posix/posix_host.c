/* See host.h. */
#include "host.h"

#include <stdio.h>

size_t host_read(const char *path, void *bytes, size_t room)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return 0;
    }
    /* Unbuffered: no copy of a key stays behind in a buffer of the C library. */
    (void)setvbuf(file, NULL, _IONBF, 0);
    size_t length = fread(bytes, 1, room, file);
    (void)fclose(file);
    return length;
}

bool host_write(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return false;
    }
    const bool written = fwrite(bytes, 1, length, file) == length;
    return fclose(file) == 0 && written;
}

void host_print(const char *text, size_t length)
{
    (void)fwrite(text, 1, length, stdout);
}
