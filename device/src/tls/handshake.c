/*
 * Handshake messages received: put together from records, checked against one table of states, and
 * handed to their file.
 *
 * A message is collected in the caller's handshake buffer, header apart; a record may hold several
 * messages, a message may span many records. After the handshake that buffer is not touched any
 * more: a KeyUpdate fits the connection itself, and a NewSessionTicket is counted past.
 */
#include "engine.h"
#include "key_schedule.h"

#include "base/bytes.h"

/* Beside the type, in the table. */
#define TYPE_MASK 0x1ffu
#define HELLO_RETRY (MESSAGE_SERVER_HELLO | 0x100u) /* not a type on the wire */
/* Keys change behind it, so it must end its record (section 5.1). */
#define ENDS_RECORD 0x200u

/* In this state this message is handled so, and leads there. All that is not listed is an
 * unexpected_message. Without a handler the message is skipped. */
typedef struct handshake_step {
    uint8_t state;
    uint8_t next;
    uint16_t type;
    rootlet_tls_handler *handle;
} handshake_step;

static const handshake_step handshake_steps[] = {
    {STATE_WAIT_SERVER_HELLO, STATE_WAIT_ENCRYPTED_EXTENSIONS, MESSAGE_SERVER_HELLO | ENDS_RECORD,
     rootlet_tls_take_server_hello},
    {STATE_WAIT_SERVER_HELLO, STATE_SEND_SECOND_HELLO, HELLO_RETRY | ENDS_RECORD,
     rootlet_tls_take_hello_retry},
    {STATE_WAIT_SECOND_SERVER_HELLO, STATE_WAIT_ENCRYPTED_EXTENSIONS,
     MESSAGE_SERVER_HELLO | ENDS_RECORD, rootlet_tls_take_server_hello},
    {STATE_WAIT_ENCRYPTED_EXTENSIONS, STATE_WAIT_CERTIFICATE_OR_REQUEST,
     MESSAGE_ENCRYPTED_EXTENSIONS, rootlet_tls_take_encrypted_extensions},
    {STATE_WAIT_CERTIFICATE_OR_REQUEST, STATE_WAIT_CERTIFICATE, MESSAGE_CERTIFICATE_REQUEST,
     rootlet_tls_take_certificate_request},
    {STATE_WAIT_CERTIFICATE_OR_REQUEST, STATE_WAIT_CERTIFICATE_VERIFY, MESSAGE_CERTIFICATE,
     rootlet_tls_take_certificate},
    {STATE_WAIT_CERTIFICATE, STATE_WAIT_CERTIFICATE_VERIFY, MESSAGE_CERTIFICATE,
     rootlet_tls_take_certificate},
    {STATE_WAIT_CERTIFICATE_VERIFY, STATE_WAIT_FINISHED, MESSAGE_CERTIFICATE_VERIFY,
     rootlet_tls_take_certificate_verify},
    {STATE_WAIT_FINISHED, STATE_SEND_CERTIFICATE, MESSAGE_FINISHED | ENDS_RECORD,
     rootlet_tls_take_finished},
#if ROOTLET_TLS_KEY_UPDATE
    {STATE_CONNECTED, STATE_CONNECTED, MESSAGE_KEY_UPDATE | ENDS_RECORD,
     rootlet_tls_take_key_update},
#endif
    {STATE_CONNECTED, STATE_CONNECTED, MESSAGE_NEW_SESSION_TICKET, NULL},
};

static const handshake_step *find_step(const rootlet_tls *tls, unsigned type)
{
    for (size_t i = 0; i < sizeof handshake_steps / sizeof handshake_steps[0]; i++) {
        if (handshake_steps[i].state == tls->state &&
            (handshake_steps[i].type & TYPE_MASK) == type) {
            return &handshake_steps[i];
        }
    }
    return NULL;
}

/* From here on a header is awaited. Not inlined: smaller so, where the library is one file. */
__attribute__((noinline)) void rootlet_tls_await_message(rootlet_tls *tls)
{
    tls->message_to = tls->message;
    tls->message_left = HANDSHAKE_HEADER_BYTES;
    tls->in_body = tls->inside_message = false;
}

/* The body of a message that is whole ends where its next byte would go. */
static const uint8_t *body_of(const rootlet_tls *tls)
{
    return tls->message_to - tls->message_length;
}

void rootlet_tls_hash_message(rootlet_tls *tls)
{
    rootlet_sha256_update(&tls->transcript, tls->message, HANDSHAKE_HEADER_BYTES);
    rootlet_sha256_update(&tls->transcript, body_of(tls), tls->message_length);
}

/* The header is there: may this message come now, and is there room for it? */
static rootlet_status begin_message(rootlet_tls *tls)
{
    const handshake_step *step = find_step(tls, tls->message[0]);
    uint32_t length =
        (uint32_t)tls->message[1] << 16 | (uint32_t)tls->message[2] << 8 | tls->message[3];
    tls->message_left = tls->message_length = length;
    tls->in_body = true;
    if (step == NULL) {
        return ROOTLET_ERR_TLS_UNEXPECTED_MESSAGE;
    }
    if (step->handle == NULL) {
        tls->message_to = NULL;
    } else if (!tls->connected) {
        tls->message_to = tls->buffers.handshake;
        if (length > tls->buffers.handshake_length) {
            return ROOTLET_ERR_TLS_MESSAGE_TOO_LARGE;
        }
    } else if (length != 1) { /* a KeyUpdate's byte goes behind its header */
        return ROOTLET_ERR_TLS_DECODE;
    }
    return ROOTLET_OK;
}

/* The message is whole. */
static rootlet_status end_message(rootlet_tls *tls, bool ends_record)
{
    uint8_t before[ROOTLET_HASH_BYTES];
    if (tls->message_to != NULL) {
        rootlet_reader body = rootlet_reader_over(body_of(tls), tls->message_length);
        unsigned type = tls->message[0];
        if (type == MESSAGE_SERVER_HELLO && rootlet_tls_is_hello_retry(&body)) {
            type = HELLO_RETRY;
        }
        const handshake_step *step = find_step(tls, type);
        if (step == NULL || (!ends_record && step->type & ENDS_RECORD)) {
            return ROOTLET_ERR_TLS_UNEXPECTED_MESSAGE;
        }
        if (!tls->connected) {
            rootlet_tls_transcript_hash(tls, before);
            rootlet_tls_hash_message(tls);
        }
        rootlet_status status = step->handle(tls, &body, before);
        if (status != ROOTLET_OK) {
            return status;
        }
        tls->state = step->next;
    }
    rootlet_tls_await_message(tls);
    return ROOTLET_OK;
}

rootlet_status rootlet_tls_take_handshake(rootlet_tls *tls, const uint8_t *content, size_t length)
{
    rootlet_status status = ROOTLET_OK;
    while (length-- > 0 && status == ROOTLET_OK) {
        if (tls->message_to != NULL) {
            *tls->message_to++ = *content;
        }
        content++;
        tls->inside_message = true;
        tls->message_left--;
        if (tls->message_left == 0 && !tls->in_body) {
            status = begin_message(tls);
        }
        if (tls->message_left == 0 && status == ROOTLET_OK) {
            status = end_message(tls, length == 0);
        }
    }
    return status;
}
