/*
 * Roughtime packets and messages (RFC 10049 sections 4.2 and 5): found out whether they are well
 * formed, and the wanted tags' values picked out, in one pass.
 *
 * Unknown tags are passed over, as section 5.2 demands. Limit: ROOTLET_ROUGHTIME_PAIRS.
 */
#ifndef ROOTLET_ROUGHTIME_MESSAGE_H
#define ROOTLET_ROUGHTIME_MESSAGE_H

#include "base/reader.h"
#include "rootlet/status.h"

#include <stddef.h>
#include <stdint.h>

/* The RFC sets no bound on the pairs in one message; the fullest one defined has 7. */
#define ROOTLET_ROUGHTIME_PAIRS 32

/* A mandatory tag and the size of its value, in words of four bytes: at least least, at most one
 * more than most. */
typedef struct rootlet_roughtime_wanted {
    uint8_t tag[4];
    uint8_t least;
    uint8_t most;
} rootlet_roughtime_wanted;

/*
 * Reads a packet's header (section 5), which must be that of a message that is all the rest of the
 * packet, with zeros zero bytes behind it that need not exist: ROOTLET_ERR_ROUGHTIME_PACKET when
 * the magic or the length is wrong.
 */
/*@ requires \valid(packet) && readable(*packet);
    assigns *packet;
    ensures read_on(*packet, \old(*packet)); */
ROOTLET_CHECKED rootlet_status rootlet_roughtime_read_header(rootlet_reader *packet, size_t zeros);

/* The part of a request that is always the same. It begins with what every packet begins with:
 * "ROUGHTIM". */
#define ROOTLET_ROUGHTIME_FIRST_PART_BYTES 60
#define ROOTLET_ROUGHTIME_MAGIC_BYTES 8
extern const uint8_t rootlet_roughtime_first_part[ROOTLET_ROUGHTIME_FIRST_PART_BYTES];

/*
 * Reads a message of what is left in the reader and zeros zero bytes behind it. Of each of the
 * count wanted tags, in ascending order, the value comes out as a reader in found, of a size as
 * wanted; it lies wholly within the bytes that exist. found is written even on failure.
 * ROOTLET_ERR_ROUGHTIME_MESSAGE when the message is malformed, else ROOTLET_ERR_ROUGHTIME_TAG when
 * a wanted tag is missing or not of its size.
 */
/*@ predicate value_found{L}(rootlet_reader *found, rootlet_roughtime_wanted *wanted, integer i) =
        readable_at(found, i) &&
        4 * wanted[i].least <= found[i].left <= 4 * wanted[i].most + 4;
    predicate values_found{L}(rootlet_reader *found, rootlet_roughtime_wanted *wanted,
                              integer count) =
        \forall integer i; 0 <= i < count ==> value_found(found, wanted, i);
    predicate value_beside{L}(rootlet_reader *found, integer i, uint8_t *others) =
        beside(found[i].next, others); */
/*@ requires \valid(found + (0 .. count - 1)) && \valid_read(wanted + (0 .. count - 1));
    requires \separated(found + (0 .. count - 1), wanted + (0 .. count - 1));
    requires \valid_read(message) && readable(*message);
    assigns found[0 .. count - 1];
    ensures \result == ROOTLET_OK ==>
        \forall integer i; 0 <= i < count ==> value_beside(found, i, \old(message->next));
    ensures \result == ROOTLET_OK ==> values_found(found, wanted, count); */
ROOTLET_CHECKED rootlet_status
rootlet_roughtime_read_message(rootlet_reader *found, const rootlet_roughtime_wanted *wanted,
                               size_t count, const rootlet_reader *message, size_t zeros);

#endif
