/* See der.h. */
#include "der.h"

#include "bytes.h"

uint8_t rootlet_der_peek(const rootlet_reader *reader)
{
    return reader->left != 0 ? *reader->next : 0;
}

size_t rootlet_der_enter(rootlet_reader *reader, unsigned tag)
{
    bool expected = rootlet_read_be(reader, 1) == tag;
    size_t length = rootlet_read_be(reader, 1);
    if (length >= 0x80) {
        /* The long form: how many bytes, here less one, then those, one or two, without zeros in
         * front and where the short form does not do; 0x80 is the indefinite form. */
        size_t more = length - 0x81;
        length = more <= 1 ? rootlet_read_be(reader, more + 1) : 0;
        expected = expected && more <= 1 && length >> (7 + more) != 0;
    }
    if (!expected || length > reader->left) {
        rootlet_reader_fail(reader);
        return 0;
    }
    size_t behind = reader->left - length;
    reader->left = length;
    return behind;
}

void rootlet_der_leave(rootlet_reader *reader, size_t behind)
{
    if (reader->left != 0) {
        rootlet_reader_fail(reader);
    }
    if (reader->next != NULL) {
        reader->left = behind;
    }
}

void rootlet_der_contents(rootlet_reader *contents, rootlet_reader *reader, unsigned tag)
{
    size_t behind = rootlet_der_enter(reader, tag);
    *contents = *reader;
    (void)rootlet_read_bytes(reader, reader->left);
    rootlet_der_leave(reader, behind);
}

/* Not inlined: smaller so, where the library is one file. */
__attribute__((noinline)) void rootlet_der_element(rootlet_reader *element, rootlet_reader *reader,
                                                   unsigned tag)
{
    rootlet_reader start = *reader;
    rootlet_der_contents(element, reader, tag);
    element->next = start.next;
    element->left = start.left - reader->left;
}

void rootlet_der_integer(rootlet_reader *number, rootlet_reader *reader)
{
    rootlet_der_contents(number, reader, ROOTLET_DER_INTEGER);
    const uint8_t *bytes = number->next;
    /* The first nine bits are neither all zero nor all one. */
    /*@ assert number->left > 1 ==> (uint8_t)(bytes[1] >> 7) == bytes[1] >> 7; */
    if (number->left == 0 || (number->left > 1 && (uint8_t)(bytes[0] + (bytes[1] >> 7)) == 0)) {
        rootlet_reader_fail(reader);
    }
}

void rootlet_der_oid(rootlet_reader *oid, rootlet_reader *reader)
{
    rootlet_der_contents(oid, reader, ROOTLET_DER_OID);
    uint8_t previous = 0;
    /*@ loop invariant i <= oid->left;
        loop invariant read_past(*reader, \at(*reader, Pre), 1);
        loop assigns i, previous, *reader;
        loop variant oid->left - i; */
    for (size_t i = 0; i < oid->left; i++) {
        /* A number does not begin with a byte that carries none of its bits. */
        if (previous < 0x80 && oid->next[i] == 0x80) {
            rootlet_reader_fail(reader);
        }
        previous = oid->next[i];
    }
    if (oid->left == 0 || previous >= 0x80) {
        rootlet_reader_fail(reader);
    }
}

bool rootlet_der_flag(rootlet_reader *reader)
{
    if (rootlet_der_peek(reader) != ROOTLET_DER_BOOLEAN) {
        return false;
    }
    if (rootlet_read_be(reader, 3) != 0x0101ff) {
        rootlet_reader_fail(reader);
    }
    return true;
}
