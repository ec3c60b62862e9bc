/* See message.h. */
#include "roughtime/message.h"

#include "rootlet/roughtime.h"

rootlet_status rootlet_message_read(rootlet_reader *found, const rootlet_wanted *wanted,
                                    size_t count, const rootlet_reader *message, size_t zeros)
{
    const size_t word = 4;
    rootlet_reader offsets = *message;
    const uint32_t pairs = rootlet_read_le32(&offsets);
    rootlet_reader tags = offsets;
    rootlet_reader values = *message;
    /* Once the header is known to be there in full, neither of its halves can end early. */
    if (pairs - 1 >= ROOTLET_MESSAGE_PAIRS ||
        rootlet_read_bytes(&values, 2 * word * pairs) == NULL ||
        rootlet_read_bytes(&tags, word * (pairs - 1)) == NULL) {
        return ROOTLET_ERR_ROUGHTIME_MESSAGE;
    }
    const size_t total = values.left + zeros;
    const rootlet_wanted *const last = wanted + count;
    uint32_t tag = 0;
    size_t start = 0;
    for (uint32_t left = pairs; left > 0; left--) {
        const uint32_t next = rootlet_read_le32(&tags);
        const size_t end = left > 1 ? rootlet_read_le32(&offsets) : total;
        /* Section 4.2: tags ascend, none stands twice; offsets never fall, are multiples of
         * four, and end within the message. */
        if (next <= tag || end < start || end > total || start % word != 0) {
            return ROOTLET_ERR_ROUGHTIME_MESSAGE;
        }
        tag = next;
        const size_t length = end - start;
        /* A value of a wrong size is not taken, so that one is left wanted at the end. */
        if (wanted != last && tag == wanted->tag && length >= wanted->least &&
            length <= wanted->most && end <= values.left) {
            *found++ = (rootlet_reader){values.next + start, length, false};
            wanted++;
        }
        start = end;
    }
    return wanted == last ? ROOTLET_OK : ROOTLET_ERR_ROUGHTIME_TAG;
}

rootlet_status rootlet_packet_read(rootlet_reader *found, const rootlet_wanted *wanted,
                                   size_t count, const rootlet_reader *packet, size_t zeros)
{
    /* Section 5: "ROUGHTIM", then the length of the message, which fills the datagram. */
    rootlet_reader message = *packet;
    const uint32_t magic = rootlet_read_le32(&message) ^ ROOTLET_TAG('R', 'O', 'U', 'G');
    const uint32_t magic_too = rootlet_read_le32(&message) ^ ROOTLET_TAG('H', 'T', 'I', 'M');
    const size_t length = rootlet_read_le32(&message);
    if ((magic | magic_too) != 0 || message.failed || length != message.left + zeros) {
        return ROOTLET_ERR_ROUGHTIME_PACKET;
    }
    return rootlet_message_read(found, wanted, count, &message, zeros);
}
