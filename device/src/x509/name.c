/* See name.h. */
#include "name.h"

#include "base/der.h"

/* Bits by tag: UTF8String, PrintableString, IA5String. */
#define STRINGS (1ul << 12 | 1ul << 19 | 1ul << 22)

/* Two elements of a SET OF stand in ascending order (X.690 section 11.6). No element is the
 * beginning of another, so they differ where both have bytes, unless they are equal. */
static bool ascend(const rootlet_span *a, const rootlet_span *b)
{
    size_t common = a->length < b->length ? a->length : b->length;
    size_t i = 0;
    while (i < common && a->bytes[i] == b->bytes[i]) {
        i++;
    }
    return i < common && a->bytes[i] < b->bytes[i];
}

static void read_attribute(rootlet_reader *reader)
{
    size_t behind = rootlet_der_enter(reader, ROOTLET_DER_SEQUENCE);
    rootlet_span part;
    rootlet_der_oid(&part, reader);
    unsigned tag = rootlet_der_peek(reader);
    rootlet_der_contents(&part, reader, tag);
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

void rootlet_x509_read_name(rootlet_span *name, rootlet_reader *reader)
{
    name->bytes = reader->next;
    size_t behind = rootlet_der_enter(reader, ROOTLET_DER_SEQUENCE);
    while (reader->left != 0) {
        read_relative_name(reader);
    }
    rootlet_der_leave(reader, behind);
    name->length = (size_t)(reader->next - name->bytes);
}
