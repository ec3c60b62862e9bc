/* Finished, section 4.5.3: the server's, and ours. */
#include "engine.h"
#include "key_schedule.h"

#include "base/bytes.h"

rootlet_status rootlet_tls_take_finished(rootlet_tls *tls, rootlet_reader *body,
                                         const uint8_t before[ROOTLET_HASH_BYTES])
{
    uint8_t mac[ROOTLET_HASH_BYTES];
    if (body->left != sizeof mac) {
        return ROOTLET_ERR_TLS_DECODE;
    }
    rootlet_tls_finished_mac(mac, tls->secrets.keys.read.secret, before);
    if (!rootlet_equal(body->next, mac, sizeof mac)) {
        return ROOTLET_ERR_TLS_FINISHED;
    }
    rootlet_tls_start_reading_data(tls);
    return ROOTLET_OK;
}

void rootlet_tls_write_finished(rootlet_tls *tls, rootlet_tls_writer *writer)
{
    uint8_t *mac = tls->buffers.handshake;
    if (writer->total == 0) {
        rootlet_tls_transcript_hash(tls, mac);
        rootlet_tls_finished_mac(mac, tls->secrets.keys.write.secret, mac);
    }
    rootlet_tls_write(writer, mac, ROOTLET_HASH_BYTES);
}
