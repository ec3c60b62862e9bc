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

/* A reader over length bytes, which must outlive it. */
rootlet_reader rootlet_reader_over(const uint8_t *bytes, size_t length);

/* Big-endian unsigned number of width 1 to 4 bytes; 0 on failure. */
uint32_t rootlet_read_be(rootlet_reader *reader, size_t width);

/* A pointer to the next length bytes, which are then read; NULL on failure. */
const uint8_t *rootlet_read_bytes(rootlet_reader *reader, size_t length);

/* A vector (RFC 9846 section 3.4): a big-endian length of width 1 to 3 bytes, then as many bytes.
 * Gives a reader over them; on failure an empty reader that has failed too. */
rootlet_reader rootlet_read_vector(rootlet_reader *reader, size_t width);

/* Reads these bytes; the reader fails when there are others. */
void rootlet_read_exactly(rootlet_reader *reader, const uint8_t *bytes, size_t length);

/* Makes the reader fail: what was read is not what was wanted. */
void rootlet_reader_fail(rootlet_reader *reader);

/* true when nothing failed and nothing is left: the end of every well-formed structure. */
bool rootlet_reader_done(const rootlet_reader *reader);

/* true when a span holds exactly these bytes. */
bool rootlet_reader_is(const rootlet_reader *span, const uint8_t *bytes, size_t length);

#endif
