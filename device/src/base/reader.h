/*
 * The bounded reader: the only way bytes from outside are read.
 *
 * A read past the end fails, and the failure sticks: every later read gives zero or an empty
 * window, so a parser reads all its fields and asks once, before any value is used.
 * Invariant: next points to at least left readable bytes.
 */
#ifndef ROOTLET_BASE_READER_H
#define ROOTLET_BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rootlet_reader {
    const uint8_t *next; /* first unread byte; NULL after a read past the end */
    size_t left;         /* bytes not read yet */
} rootlet_reader;

/*@ predicate readable(rootlet_reader r) =
        \valid_read(r.next + (0 .. r.left - 1)) && (r.next == \null ==> r.left == 0);
    // The same of one in an array, field by field: easier for provers.
    predicate readable_at{L}(rootlet_reader *readers, integer i) =
        \valid_read(readers[i].next + (0 .. readers[i].left - 1)) &&
        (readers[i].next == \null ==> readers[i].left == 0);
    // In the same array as other bytes: not in a variable of the function that read them.
    predicate beside(uint8_t *bytes, uint8_t *others) =
        bytes == \null || (others != \null && \base_addr(bytes) == \base_addr(others));
    // A reader that failed, or one over bytes up to an end.
    predicate ends_at(rootlet_reader r, uint8_t *end) =
        r.next == \null || r.next + r.left == end;
    // Some bytes were read, up to the same end, or the reader failed.
    predicate read_on(rootlet_reader r, rootlet_reader before) =
        readable(r) && r.left <= before.left && ends_at(r, before.next + before.left) &&
        beside(r.next, before.next);
    // At least so many: what makes a parser's loop end.
    predicate read_past(rootlet_reader r, rootlet_reader before, integer length) =
        read_on(r, before) && (r.left == 0 || r.left <= before.left - length); */

/* Big-endian unsigned number of width 1 to 4 bytes; 0 on failure. */
/*@ requires \valid(reader) && readable(*reader) && width <= 4;
    assigns *reader;
    ensures read_past(*reader, \old(*reader), width); */
uint32_t rootlet_read_be(rootlet_reader *reader, size_t width);

/* A pointer to the next length bytes, which are then read; NULL on failure. */
/*@ requires \valid(reader) && readable(*reader);
    assigns *reader;
    ensures read_on(*reader, \old(*reader));
    ensures reader->left == 0 || reader->left == \old(reader->left) - length;
    ensures reader->next != \null ==> \result != \null;
    ensures 0 < length <= \old(reader->left) ==> \result != \null;
    ensures \result == \null || \result == \old(reader->next);
    ensures \result != \null ==> \valid_read(\result + (0 .. length - 1)) &&
        length <= \old(reader->left); */
const uint8_t *rootlet_read_bytes(rootlet_reader *reader, size_t length);

/* A vector (RFC 9846 section 3.4): a big-endian length of width 1 to 3 bytes, then as many bytes.
 * Gives a reader over them; on failure an empty reader that has failed too. */
/*@ requires \valid(reader) && readable(*reader) && width <= 3;
    assigns *reader;
    ensures read_past(*reader, \old(*reader), width);
    ensures readable(\result) && \result.left <= \old(reader->left);
    ensures beside(\result.next, \old(reader->next)); */
rootlet_reader rootlet_read_vector(rootlet_reader *reader, size_t width);

/* Reads these bytes; the reader fails when there are others. */
/*@ requires \valid(reader) && readable(*reader) &&
        \valid_read(bytes + (0 .. length - 1));
    assigns *reader;
    ensures read_on(*reader, \old(*reader)); */
void rootlet_read_exactly(rootlet_reader *reader, const uint8_t *bytes, size_t length);

/* Makes the reader fail: what was read is not what was wanted. */
/*@ requires \valid(reader);
    assigns *reader;
    ensures reader->next == \null && reader->left == 0; */
void rootlet_reader_fail(rootlet_reader *reader);

/* true when nothing failed and nothing is left: the end of every well-formed structure. */
/*@ requires \valid_read(reader);
    assigns \nothing;
    ensures \result ==> reader->next != \null && reader->left == 0; */
bool rootlet_reader_done(const rootlet_reader *reader);

/* true when a span holds exactly these bytes. */
/*@ requires \valid_read(span) && readable(*span) && \valid_read(bytes + (0 .. length - 1));
    assigns \nothing; */
bool rootlet_reader_is(const rootlet_reader *span, const uint8_t *bytes, size_t length);

#endif
