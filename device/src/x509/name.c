/* See name.h. */
#include "name.h"

#include "base/der.h"

/* Bits by tag: UTF8String, PrintableString, IA5String. */
#define STRINGS (1ul << 12 | 1ul << 19 | 1ul << 22)

/* An OID and a string. */
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

void rootlet_x509_read_name(rootlet_reader *name, rootlet_reader *reader)
{
    *name = *reader;
    size_t behind = rootlet_der_enter(reader, ROOTLET_DER_SEQUENCE);
    while (reader->left != 0) {
        size_t behind_set = rootlet_der_enter(reader, ROOTLET_DER_SET);
        read_attribute(reader);
        rootlet_der_leave(reader, behind_set);
    }
    rootlet_der_leave(reader, behind);
    name->left -= reader->left;
}
