/* KeyUpdate, section 4.7.3: the server's, and ours. */
#include "engine.h"
#include "key_schedule.h"

rootlet_status rootlet_tls_take_key_update(rootlet_tls *tls, rootlet_reader *body,
                                           const uint8_t before[ROOTLET_HASH_BYTES])
{
    (void)before;
    unsigned request = *body->next; /* one byte: handshake.c takes no other length */
    if (request > 1) {
        return ROOTLET_ERR_TLS_ILLEGAL_PARAMETER;
    }
    rootlet_tls_next_keys(&tls->secrets.keys.read);
    /* Answered before the next application data; several requests until then have one answer. */
    if (request == 1) {
        tls->update_owed = true;
    }
    if (tls->update_requested) {
        tls->update_requested = false; /* this one was asked for, so it is no idle record */
        return ROOTLET_OK;
    }
    return rootlet_tls_count_idle(tls);
}

void rootlet_tls_send_key_update(rootlet_tls *tls, bool request_peer)
{
    uint8_t *record = tls->buffers.out;
    uint8_t *message = record + RECORD_HEADER_BYTES;
    message[0] = MESSAGE_KEY_UPDATE;
    message[1] = message[2] = 0;
    message[3] = 1;
    message[4] = request_peer ? 1 : 0;
    tls->out = record;
    tls->out_begin = 0;
    tls->out_end =
        (uint16_t)rootlet_tls_seal(tls, record, HANDSHAKE_HEADER_BYTES + 1, CONTENT_HANDSHAKE);
    rootlet_tls_next_keys(&tls->secrets.keys.write);
}
