/* See name.h. */
#include "name.h"

#include "base/der.h"

/* Bits by tag: UTF8String, PrintableString, IA5String. */
#define STRINGS (1ul << 12 | 1ul << 19 | 1ul << 22)

/* Two elements of a SET OF stand in ascending order (X.690 section 11.6). No element is the
 * beginning of another, so they differ where both still have bytes, unless they are equal. */
static bool ascend(const rootlet_span *a, const rootlet_span *b)
{
    size_t i = 0;
    while (i < a->length && i < b->length && a->bytes[i] == b->bytes[i]) {
        i++;
    }
    return i < a->length && i < b->length && a->bytes[i] < b->bytes[i];
}

static void read_attribute(rootlet_reader *reader)
{
    size_t behind = rootlet_der_enter(reader, ROOTLET_DER_SEQUENCE);
    (void)rootlet_der_oid(reader);
    unsigned tag = rootlet_der_peek(reader);
    (void)rootlet_der_contents(reader, tag);
    if (tag >= 32 || (STRINGS >> tag & 1) == 0) {
        rootlet_reader_fail(reader);
    }
    rootlet_der_leave(reader, behind);
}

static void read_relative_name(rootlet_reader *reader)
{
    size_t behind = rootlet_der_enter(reader, ROOTLET_DER_SET);
    rootlet_span previous = {NULL, 0};
    do {
        rootlet_span attribute = {reader->next, 0};
        read_attribute(reader);
        attribute.length = (size_t)(reader->next - attribute.bytes);
        if (previous.length != 0 && !ascend(&previous, &attribute)) {
            rootlet_reader_fail(reader);
        }
        previous = attribute;
    } while (reader->left != 0);
    rootlet_der_leave(reader, behind);
}

rootlet_span rootlet_x509_read_name(rootlet_reader *reader)
{
    const uint8_t *start = reader->next;
    size_t behind = rootlet_der_enter(reader, ROOTLET_DER_SEQUENCE);
    while (reader->left != 0) {
        read_relative_name(reader);
    }
    rootlet_der_leave(reader, behind);
    return (rootlet_span){start, (size_t)(reader->next - start)};
}
