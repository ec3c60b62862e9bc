/*
 * What the client sends (RFC 10049 section 5.1), and the nonces that chain one exchange to the
 * next (section 8.2).
 */
#include "base/bytes.h"
#include "rootlet/roughtime.h"
#include "roughtime/hash.h"
#include "roughtime/message.h"

#define LE32(n)                                                                                    \
    (uint8_t)((n) & 0xffu), (uint8_t)((n) >> 8 & 0xffu), (uint8_t)((n) >> 16 & 0xffu),             \
        (uint8_t)((n) >> 24)

/* All of the head that is the same in every request. */
const uint8_t rootlet_roughtime_first_part[ROOTLET_ROUGHTIME_FIRST_PART_BYTES] = {
    'R',
    'O',
    'U',
    'G',
    'H',
    'T',
    'I',
    'M',
    LE32(ROOTLET_ROUGHTIME_REQUEST_BYTES - 12u), /* length of the message */
    LE32(5u),                                    /* five pairs */
    LE32(8u),
    LE32(40u),
    LE32(72u),
    LE32(76u), /* where SRV, NONC, TYPE, ZZZZ start */
    'V',
    'E',
    'R',
    0,
    'S',
    'R',
    'V',
    0,
    'N',
    'O',
    'N',
    'C',
    'T',
    'Y',
    'P',
    'E',
    'Z',
    'Z',
    'Z',
    'Z',
    LE32(ROOTLET_ROUGHTIME_VERSION_1),
    LE32(ROOTLET_ROUGHTIME_VERSION_DRAFT),
};

_Static_assert(sizeof rootlet_roughtime_first_part + ROOTLET_ROUGHTIME_HASH_BYTES +
                       ROOTLET_ROUGHTIME_NONCE_BYTES + 4 ==
                   ROOTLET_ROUGHTIME_HEAD_BYTES,
               "the head is the first part, SRV, NONC and TYPE");
_Static_assert(ROOTLET_ROUGHTIME_HEAD_BYTES + ROOTLET_ROUGHTIME_PADDING_BYTES ==
                   ROOTLET_ROUGHTIME_REQUEST_BYTES,
               "head and padding make the request");

void rootlet_roughtime_request(uint8_t head[ROOTLET_ROUGHTIME_HEAD_BYTES],
                               const uint8_t nonce[ROOTLET_ROUGHTIME_NONCE_BYTES],
                               const uint8_t server_key[ROOTLET_ROUGHTIME_KEY_BYTES])
{
    rootlet_copy(head, rootlet_roughtime_first_part, sizeof rootlet_roughtime_first_part);
    head += sizeof rootlet_roughtime_first_part;
    rootlet_roughtime_hash(head, ROOTLET_ROUGHTIME_SERVER, server_key, ROOTLET_ROUGHTIME_KEY_BYTES,
                           NULL, 0);
    head += ROOTLET_ROUGHTIME_HASH_BYTES;
    rootlet_copy(head, nonce, ROOTLET_ROUGHTIME_NONCE_BYTES);
    rootlet_wipe(head + ROOTLET_ROUGHTIME_NONCE_BYTES, 4); /* TYPE 0: a request */
}

void rootlet_roughtime_chain(uint8_t nonce[ROOTLET_ROUGHTIME_NONCE_BYTES], const uint8_t *response,
                             size_t response_length,
                             const uint8_t random[ROOTLET_ROUGHTIME_NONCE_BYTES])
{
    rootlet_roughtime_hash(nonce, ROOTLET_ROUGHTIME_BARE, response, response_length, random,
                           ROOTLET_ROUGHTIME_NONCE_BYTES);
}
