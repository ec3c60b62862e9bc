/* Alerts, section 6: said, received, and the end of a connection. */
#include "engine.h"

#include "base/bytes.h"

#define LEVEL_FATAL 2u
#define ALERT_CONTENT_BYTES 2u

_Static_assert(ROOTLET_TLS_ALERT_BYTES <= sizeof(rootlet_tls_direction),
               "the last record must not reach into the keys for reading");

void rootlet_tls_say(rootlet_tls *tls, unsigned level, unsigned description)
{
    uint8_t record[ROOTLET_TLS_ALERT_BYTES];
    record[RECORD_HEADER_BYTES] = (uint8_t)level;
    record[RECORD_HEADER_BYTES + 1] = (uint8_t)description;
    size_t length = rootlet_tls_seal(tls, record, ALERT_CONTENT_BYTES, CONTENT_ALERT);
    rootlet_wipe(&tls->secrets.keys.write, sizeof tls->secrets.keys.write);
    rootlet_copy(tls->secrets.last, record, length);
    tls->last_length = (uint8_t)length;
    tls->write_closed = true;
}

void rootlet_tls_end(rootlet_tls *tls)
{
    /* Secrets and transcript stand at the end of the connection; only the last record is kept. */
    size_t from = offsetof(rootlet_tls, secrets);
    if (tls->write_closed) {
        from += sizeof(rootlet_tls_direction);
    }
    rootlet_wipe((uint8_t *)tls + from, sizeof *tls - from);
    tls->read_begin = tls->read_end = 0;
    tls->state = STATE_CLOSED;
}

rootlet_status rootlet_tls_fail(rootlet_tls *tls, rootlet_status status)
{
    if (tls->state == STATE_CLOSED) {
        return tls->status == ROOTLET_OK ? ROOTLET_ERR_TLS_CLOSED : tls->status;
    }
    uint8_t alert = rootlet_status_alert(status);
    tls->status = status;
    if (alert == ROOTLET_ALERT_NONE) {
        /* The server is gone, or has ended it: no more data either way. */
        tls->out_begin = tls->out_end;
        tls->last_length = 0;
    } else if (!tls->write_closed) {
        rootlet_tls_say(tls, LEVEL_FATAL, alert);
    }
    rootlet_tls_end(tls);
    rootlet_tls_send_next(tls);
    return status;
}

/* Section 6: the level says nothing; all but two descriptions are fatal, unknown ones too. */
rootlet_status rootlet_tls_take_alert(rootlet_tls *tls, const uint8_t *content, size_t length)
{
    if (length != ALERT_CONTENT_BYTES) {
        return ROOTLET_ERR_TLS_DECODE;
    }
    uint8_t description = content[1];
    bool closing = description == ROOTLET_ALERT_CLOSE_NOTIFY;
    bool warning = closing || description == ROOTLET_ALERT_USER_CANCELED;
    if (warning && tls->inside_message) {
        return ROOTLET_ERR_TLS_UNEXPECTED_MESSAGE; /* section 5.1 */
    }
    if (warning && !closing) {
        return rootlet_tls_count_idle(tls);
    }
    if (!closing || !tls->connected) {
        tls->alert = description;
        return ROOTLET_ERR_TLS_ALERT_RECEIVED;
    }
    /* Section 6.1: our own side may go on writing. */
    tls->read_closed = true;
    rootlet_wipe(&tls->secrets.keys.read, sizeof tls->secrets.keys.read);
    if (tls->write_closed) {
        rootlet_tls_end(tls);
    }
    return ROOTLET_OK;
}
