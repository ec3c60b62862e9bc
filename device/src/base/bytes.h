/*
 * Bytes: copy, wipe, compare in constant time. Written out so that nothing of a libc is
 * needed; small rather than quick, and never on a hot path.
 */
#ifndef ROOTLET_BASE_BYTES_H
#define ROOTLET_BASE_BYTES_H

#include "rootlet/wipe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* to and from must not overlap, unless to <= from (bytes are copied upwards). */
/*@ requires \valid(to + (0 .. length - 1)) && \valid_read(from + (0 .. length - 1));
    assigns to[0 .. length - 1]; */
void rootlet_copy(uint8_t *to, const uint8_t *from, size_t length);

/* true when equal. Time depends on length only. */
/*@ requires \valid_read(a + (0 .. length - 1)) && \valid_read(b + (0 .. length - 1));
    assigns \nothing; */
bool rootlet_equal(const uint8_t *a, const uint8_t *b, size_t length);

#endif
