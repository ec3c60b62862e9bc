/* Distinguished names: RFC 5280 section 4.1.2.4. */
#ifndef ROOTLET_X509_NAME_H
#define ROOTLET_X509_NAME_H

#include "base/reader.h"

/*
 * Reads a Name; gives it whole, tag and length included, for comparison byte by byte
 * (section 7.1 would allow to look past case and spaces; a CA copies its own bytes). The reader
 * fails unless it is a SEQUENCE of SETs of one attribute each, an OID and a string: the profile's
 * CAs write no others. The Name itself may be empty. Strings are UTF8String, PrintableString or
 * IA5String; the older kinds are not for new names. Their characters are not checked: they are
 * compared, never shown.
 */
void rootlet_x509_read_name(rootlet_reader *name, rootlet_reader *reader);

#endif
