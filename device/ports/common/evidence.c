/* See evidence.h. */
#include "evidence.h"

#include <string.h>

static void put(evidence *kept, const void *bytes, size_t length)
{
    memcpy(kept->bytes + kept->length, bytes, length);
    kept->length += length;
}

void evidence_begin(evidence *kept)
{
    kept->length = 0;
    kept->full = kept->room < EVIDENCE_MAGIC_BYTES;
    if (!kept->full) {
        put(kept, EVIDENCE_MAGIC, EVIDENCE_MAGIC_BYTES);
    }
}

void evidence_add(evidence *kept, const uint8_t key[ROOTLET_ROUGHTIME_KEY_BYTES],
                  const uint8_t random[ROOTLET_ROUGHTIME_NONCE_BYTES], const uint8_t *response,
                  size_t response_length)
{
    const uint8_t length[2] = {(uint8_t)response_length, (uint8_t)(response_length >> 8)};
    if (kept->room - kept->length < EVIDENCE_HEAD_BYTES + response_length) {
        kept->full = true; /* an answer left out would break the chain */
    }
    if (!kept->full) {
        put(kept, key, ROOTLET_ROUGHTIME_KEY_BYTES);
        put(kept, random, ROOTLET_ROUGHTIME_NONCE_BYTES);
        put(kept, length, sizeof length);
        put(kept, response, response_length);
    }
}
