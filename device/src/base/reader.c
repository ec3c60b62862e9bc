/* See reader.h. */
#include "reader.h"

#include "bytes.h"

void rootlet_reader_fail(rootlet_reader *reader)
{
    reader->next = NULL;
    reader->left = 0;
}

const uint8_t *rootlet_read_bytes(rootlet_reader *reader, size_t length)
{
    if (length > reader->left) {
        rootlet_reader_fail(reader);
        return NULL;
    }
    const uint8_t *bytes = reader->next;
    if (length != 0) {
        reader->next += length;
    }
    reader->left -= length;
    return bytes;
}

uint32_t rootlet_read_be(rootlet_reader *reader, size_t width)
{
    const uint8_t *bytes = rootlet_read_bytes(reader, width);
    uint32_t value = 0;
    if (bytes != NULL) {
        /*@ loop invariant i <= width <= 4;
            loop assigns i, value;
            loop variant width - i; */
        for (size_t i = 0; i < width; i++) {
            value = value << 8 | bytes[i];
        }
    }
    return value;
}

rootlet_reader rootlet_read_vector(rootlet_reader *reader, size_t width)
{
    size_t length = rootlet_read_be(reader, width);
    const uint8_t *bytes = rootlet_read_bytes(reader, length);
    return (rootlet_reader){bytes, bytes == NULL ? 0 : length};
}

void rootlet_read_exactly(rootlet_reader *reader, const uint8_t *bytes, size_t length)
{
    const uint8_t *found = rootlet_read_bytes(reader, length);
    if (found == NULL || !rootlet_equal(found, bytes, length)) {
        rootlet_reader_fail(reader);
    }
}

bool rootlet_reader_done(const rootlet_reader *reader)
{
    return reader->next != NULL && reader->left == 0;
}

bool rootlet_reader_is(const rootlet_reader *span, const uint8_t *bytes, size_t length)
{
    return span->left == length && rootlet_equal(span->next, bytes, length);
}
