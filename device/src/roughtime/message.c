/* See message.h. */
#include "roughtime/message.h"

#include "base/bytes.h"
#include "base/load.h"
#include "rootlet/roughtime.h"

#define WORD 4u

/*@ requires \valid_read(wanted);
    assigns \nothing;
    ensures \result ==> 4 * wanted->least <= length <= 4 * wanted->most + 4; */
static bool is_wanted(const rootlet_roughtime_wanted *wanted, uint32_t tag, size_t length)
{
    return tag == rootlet_load_le32(wanted->tag) && length >= WORD * wanted->least &&
           length <= WORD * wanted->most + WORD;
}

rootlet_status rootlet_roughtime_read_message(rootlet_reader *found,
                                              const rootlet_roughtime_wanted *wanted, size_t count,
                                              const rootlet_reader *message, size_t zeros)
{
    rootlet_reader values = *message;
    const uint32_t pairs = values.left < WORD ? 0 : rootlet_load_le32(values.next);
    if (pairs - 1 >= ROOTLET_ROUGHTIME_PAIRS) {
        return ROOTLET_ERR_ROUGHTIME_MESSAGE;
    }
    /* How many pairs, the offsets of all values but the first, the tags. */
    const uint8_t *offsets = rootlet_read_bytes(&values, 2 * WORD * pairs);
    if (offsets == NULL) {
        return ROOTLET_ERR_ROUGHTIME_MESSAGE;
    }
    const uint8_t *tags = offsets + WORD * pairs;
    const rootlet_roughtime_wanted *const last = wanted + count;
    uint32_t tag = 0;
    size_t end = 0;
    /*@ ghost size_t taken = 0; */
    /*@ loop invariant 0 <= left <= pairs;
        loop invariant offsets == \at(offsets, LoopEntry) + WORD * (pairs - left);
        loop invariant tags == \at(tags, LoopEntry) + WORD * (pairs - left);
        loop invariant wanted == \at(wanted, Pre) + taken && found == \at(found, Pre) + taken;
        loop invariant 0 <= taken <= count;
        loop invariant values_found(\at(found, Pre), \at(wanted, Pre), taken);
        loop invariant \forall integer i; 0 <= i < taken ==>
            value_beside(\at(found, Pre), i, \at(message->next, Pre));
        loop assigns left, tag, end, found, wanted, tags, offsets, taken,
                     \at(found, Pre)[0 .. count - 1];
        loop variant left; */
    for (uint32_t left = pairs; left-- > 0;) {
        const uint32_t previous = tag;
        const size_t start = end;
        tag = rootlet_load_le32(tags);
        tags += WORD;
        offsets += WORD;
        end = left > 0 ? rootlet_load_le32(offsets) : values.left + zeros;
        /* Section 4.2: tags ascend, none stands twice; offsets are multiples of four and never
         * fall, so that none can lie behind the end of the last value. */
        if (tag <= previous || end < start || start % WORD != 0) {
            return ROOTLET_ERR_ROUGHTIME_MESSAGE;
        }
        /* A value of a wrong size is not taken, so that one is left wanted at the end. */
        if (wanted != last && end <= values.left && is_wanted(wanted, tag, end - start)) {
            *found++ = (rootlet_reader){values.next + start, end - start};
            wanted++;
            /*@ ghost taken++; */
        }
    }
    return wanted == last ? ROOTLET_OK : ROOTLET_ERR_ROUGHTIME_TAG;
}

rootlet_status rootlet_roughtime_read_header(rootlet_reader *packet, size_t zeros)
{
    const uint8_t *header = rootlet_read_bytes(packet, ROOTLET_ROUGHTIME_MAGIC_BYTES + WORD);
    return header != NULL &&
                   rootlet_equal(header, rootlet_roughtime_first_part,
                                 ROOTLET_ROUGHTIME_MAGIC_BYTES) &&
                   rootlet_load_le32(header + ROOTLET_ROUGHTIME_MAGIC_BYTES) == packet->left + zeros
               ? ROOTLET_OK
               : ROOTLET_ERR_ROUGHTIME_PACKET;
}
