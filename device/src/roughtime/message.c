/* See message.h. */
#include "roughtime/message.h"

#include "rootlet/roughtime.h"

rootlet_status rootlet_message_read(rootlet_reader *values, const rootlet_wanted *wanted,
                                    size_t count, rootlet_reader message, size_t zeros)
{
    rootlet_reader offsets = message;
    const uint32_t pairs = rootlet_read_le32(&offsets);
    const size_t word = 4;
    if (pairs == 0 || pairs > ROOTLET_MESSAGE_PAIRS ||
        rootlet_read_bytes(&message, 2 * word * pairs) == NULL) {
        return ROOTLET_ERR_ROUGHTIME_MESSAGE;
    }
    /* The header is there in full: neither of its halves can end early. What message has left
     * are the values. */
    rootlet_reader tags = rootlet_reader_over(message.next - word * pairs, word * pairs);
    uint32_t tag = 0;
    size_t start = 0;
    for (uint32_t left = pairs; left > 0; left--) {
        const uint32_t next = rootlet_read_le32(&tags);
        const size_t end = left > 1 ? rootlet_read_le32(&offsets) : message.left + zeros;
        /* Section 4.2: tags ascend, none stands twice; offsets never fall, are multiples of
         * four, and end within the message. */
        if (next <= tag || end < start || end > message.left + zeros ||
            (left > 1 && end % word != 0)) {
            return ROOTLET_ERR_ROUGHTIME_MESSAGE;
        }
        tag = next;
        const size_t length = end - start;
        /* A value of a wrong size is not taken, so that one is left wanted at the end. */
        if (count > 0 && tag == wanted->tag && length >= wanted->least && length <= wanted->most &&
            end <= message.left) {
            *values++ = rootlet_reader_over(message.next + start, length);
            wanted++;
            count--;
        }
        start = end;
    }
    return count == 0 ? ROOTLET_OK : ROOTLET_ERR_ROUGHTIME_TAG;
}

rootlet_status rootlet_packet_read(rootlet_reader *values, const rootlet_wanted *wanted,
                                   size_t count, rootlet_reader packet, size_t zeros)
{
    /* Section 5: "ROUGHTIM", then the length of the message, which fills the datagram. */
    const bool magic = rootlet_read_le32(&packet) == ROOTLET_TAG('R', 'O', 'U', 'G') &&
                       rootlet_read_le32(&packet) == ROOTLET_TAG('H', 'T', 'I', 'M');
    const size_t length = rootlet_read_le32(&packet);
    if (!magic || packet.failed || length != packet.left + zeros) {
        return ROOTLET_ERR_ROUGHTIME_PACKET;
    }
    return rootlet_message_read(values, wanted, count, packet, zeros);
}
