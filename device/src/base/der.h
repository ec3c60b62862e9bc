/*
 * Strict DER (X.690 sections 8 and 10): the one encoding of a value, or a failure.
 *
 * Works on base/reader.h and keeps its rule: a failure sticks, every later read gives nothing, and
 * a parser asks once. Inside a constructed element one reads with the same reader:
 *
 *     size_t behind = rootlet_der_enter(reader, ROOTLET_DER_SEQUENCE);
 *     ... what the sequence holds; reader->left is 0 at its end ...
 *     rootlet_der_leave(reader, behind);
 *
 * A span given back lies within the bytes read, also after a failure.
 *
 * Limits: lengths up to 65535, no multi-byte tags. Nothing in a certificate needs more.
 */
#ifndef ROOTLET_BASE_DER_H
#define ROOTLET_BASE_DER_H

#include "reader.h"

#define ROOTLET_DER_BOOLEAN 0x01u
#define ROOTLET_DER_INTEGER 0x02u
#define ROOTLET_DER_BIT_STRING 0x03u
#define ROOTLET_DER_OCTET_STRING 0x04u
#define ROOTLET_DER_OID 0x06u
#define ROOTLET_DER_UTC_TIME 0x17u
#define ROOTLET_DER_GENERALIZED_TIME 0x18u
#define ROOTLET_DER_SEQUENCE 0x30u
#define ROOTLET_DER_SET 0x31u

/*@ // So many readable bytes behind the end of the element entered.
    predicate followed(rootlet_reader r, integer behind) =
        r.next == \null || \valid_read(r.next + (r.left .. r.left + behind - 1)); */

/* The next element's tag, which stays unread; 0 at the end and after a failure. */
/*@ requires \valid_read(reader) && readable(*reader);
    assigns \nothing; */
uint8_t rootlet_der_peek(const rootlet_reader *reader);

/* Reads tag and length of an element, which must have this tag and a definite length in the
 * shortest form (X.690 section 10.1); the reader then ends where the element does. Gives the
 * number of bytes behind it. */
/*@ requires \valid(reader) && readable(*reader);
    assigns *reader;
    ensures readable(*reader) && followed(*reader, \result);
    ensures \old(reader->left) > 0 ==> reader->left + \result < \old(reader->left);
    ensures \old(reader->left) == 0 ==> reader->left + \result == 0;
    ensures ends_at(*reader, \old(reader->next + reader->left) - \result); */
size_t rootlet_der_enter(rootlet_reader *reader, unsigned tag);

/* The reader must be at the end of the element entered; it goes on behind it. */
/*@ requires \valid(reader) && readable(*reader) && followed(*reader, behind);
    assigns *reader;
    ensures readable(*reader) && reader->left <= behind;
    ensures \old(reader->next) == \null ==> reader->next == \null;
    ensures ends_at(*reader, \old(reader->next + reader->left) + behind); */
void rootlet_der_leave(rootlet_reader *reader, size_t behind);

/* Reads a whole element; gives its contents, none after a failure. */
/*@ requires \valid(reader) && readable(*reader) &&
        \valid(contents) && \separated(contents, reader);
    assigns *reader, *contents;
    ensures read_past(*reader, \old(*reader), 1);
    ensures readable(*contents) && contents->left <= \old(reader->left); */
void rootlet_der_contents(rootlet_reader *contents, rootlet_reader *reader, unsigned tag);

/* As rootlet_der_contents, with tag and length. */
/*@ requires \valid(reader) && readable(*reader) &&
        \valid(element) && \separated(element, reader);
    assigns *reader, *element;
    ensures read_past(*reader, \old(*reader), 1);
    ensures readable(*element) && element->left <= \old(reader->left); */
void rootlet_der_element(rootlet_reader *element, rootlet_reader *reader, unsigned tag);

/* Reads an INTEGER in its shortest form (X.690 section 8.3.2); gives its contents: two's
 * complement, never empty unless the reader failed. */
/*@ requires \valid(reader) && readable(*reader) &&
        \valid(number) && \separated(number, reader);
    assigns *reader, *number;
    ensures read_past(*reader, \old(*reader), 1);
    ensures readable(*number) && number->left <= \old(reader->left);
    ensures reader->next != \null ==> number->left > 0; */
void rootlet_der_integer(rootlet_reader *number, rootlet_reader *reader);

/* Reads a well-formed OBJECT IDENTIFIER (X.690 section 8.19); gives its contents. */
/*@ requires \valid(reader) && readable(*reader) &&
        \valid(oid) && \separated(oid, reader);
    assigns *reader, *oid;
    ensures read_past(*reader, \old(*reader), 1);
    ensures readable(*oid) && oid->left <= \old(reader->left); */
void rootlet_der_oid(rootlet_reader *oid, rootlet_reader *reader);

/* Reads a BOOLEAN DEFAULT FALSE, which is absent or TRUE as FF (X.690 sections 11.1, 11.5). */
/*@ requires \valid(reader) && readable(*reader);
    assigns *reader;
    ensures read_on(*reader, \old(*reader)); */
bool rootlet_der_flag(rootlet_reader *reader);

#endif
