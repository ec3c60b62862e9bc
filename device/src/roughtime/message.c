/* See message.h. */
#include "roughtime/message.h"

#include "rootlet/roughtime.h"

#define WORD 4u

static bool is_wanted(const rootlet_roughtime_wanted *wanted, uint32_t tag, size_t length)
{
    return tag == wanted->tag && length >= wanted->least && length <= wanted->most;
}

rootlet_status rootlet_roughtime_read_message(rootlet_reader *found,
                                              const rootlet_roughtime_wanted *wanted, size_t count,
                                              const rootlet_reader *message, size_t zeros)
{
    rootlet_reader offsets = *message;
    const uint32_t pairs = rootlet_read_le32(&offsets);
    rootlet_reader values = *message;
    if (pairs - 1 >= ROOTLET_ROUGHTIME_PAIRS ||
        rootlet_read_bytes(&values, 2 * WORD * pairs) == NULL) {
        return ROOTLET_ERR_ROUGHTIME_MESSAGE;
    }
    /* The header is there in full, so neither of its halves can end early. */
    rootlet_reader tags = offsets;
    rootlet_read_bytes(&tags, WORD * (pairs - 1));
    const size_t total = values.left + zeros;
    const rootlet_roughtime_wanted *const last = wanted + count;
    uint32_t tag = 0;
    size_t end = 0;
    for (uint32_t left = pairs; left-- > 0;) {
        const uint32_t previous = tag;
        const size_t start = end;
        tag = rootlet_read_le32(&tags);
        end = left > 0 ? rootlet_read_le32(&offsets) : total;
        /* Section 4.2: tags ascend, none stands twice; offsets are multiples of four and never
         * fall, so that none can lie behind the end of the last value. */
        if (tag <= previous || end < start || start % WORD != 0) {
            return ROOTLET_ERR_ROUGHTIME_MESSAGE;
        }
        /* A value of a wrong size is not taken, so that one is left wanted at the end. */
        if (wanted != last && end <= values.left && is_wanted(wanted, tag, end - start)) {
            *found++ = (rootlet_reader){values.next + start, end - start};
            wanted++;
        }
    }
    return wanted == last ? ROOTLET_OK : ROOTLET_ERR_ROUGHTIME_TAG;
}

rootlet_status rootlet_roughtime_read_packet(rootlet_reader *found,
                                             const rootlet_roughtime_wanted *wanted, size_t count,
                                             rootlet_reader *packet, size_t zeros)
{
    /* Section 5: "ROUGHTIM", then the length of the message, which fills the datagram. */
    static const uint8_t magic[] = {'R', 'O', 'U', 'G', 'H', 'T', 'I', 'M'};
    rootlet_read_exactly(packet, magic, sizeof magic);
    const size_t length = rootlet_read_le32(packet);
    if (packet->next == NULL || length != packet->left + zeros) {
        return ROOTLET_ERR_ROUGHTIME_PACKET;
    }
    return rootlet_roughtime_read_message(found, wanted, count, packet, zeros);
}
