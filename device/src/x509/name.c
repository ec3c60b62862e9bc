/* See name.h. */
#include "name.h"

#include "base/der.h"

/* Bits by tag: UTF8String, PrintableString, IA5String. */
#define STRINGS (1ul << 12 | 1ul << 19 | 1ul << 22)

/* Two elements of a SET OF stand in ascending order (X.690 section 11.6). No element is the
 * beginning of another, so they differ where both have bytes, unless they are equal. */
static bool ascend(const rootlet_reader *a, const rootlet_reader *b)
{
    size_t common = a->left < b->left ? a->left : b->left;
    size_t i = 0;
    while (i < common && a->next[i] == b->next[i]) {
        i++;
    }
    return i < common && a->next[i] < b->next[i];
}

static void read_attribute(rootlet_reader *reader)
{
    size_t behind = rootlet_der_enter(reader, ROOTLET_DER_SEQUENCE);
    rootlet_reader part;
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
    rootlet_reader previous = {NULL, 0};
    do {
        rootlet_reader attribute = *reader;
        read_attribute(reader);
        attribute.left -= reader->left;
        if (previous.left != 0 && !ascend(&previous, &attribute)) {
            rootlet_reader_fail(reader);
        }
        previous = attribute;
    } while (reader->left != 0);
    rootlet_der_leave(reader, behind);
}

void rootlet_x509_read_name(rootlet_reader *name, rootlet_reader *reader)
{
    *name = *reader;
    size_t behind = rootlet_der_enter(reader, ROOTLET_DER_SEQUENCE);
    while (reader->left != 0) {
        read_relative_name(reader);
    }
    rootlet_der_leave(reader, behind);
    name->left -= reader->left;
}
