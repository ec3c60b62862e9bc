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

/* Beside the type, in the table: keys change behind it, so it must end its record (section 5.1). */
#define ENDS_RECORD 0x80u

/* In this state this message is handled so, and leads there. All that is not listed is an
 * unexpected_message. Without a handler the message is skipped. */
typedef struct rootlet_tls_step {
    uint8_t state;
    uint8_t next;
    uint8_t type;
    rootlet_tls_handler *handle;
} handshake_step;

static const handshake_step handshake_steps[] = {
    {STATE_WAIT_SERVER_HELLO, STATE_WAIT_ENCRYPTED_EXTENSIONS, MESSAGE_SERVER_HELLO | ENDS_RECORD,
     rootlet_tls_take_server_hello},
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

/*@ requires \valid_read(tls);
    assigns \nothing;
    ensures \result != \null ==> \valid_read(\result);
    // A connection that is complete stays so, and takes two messages.
    ensures \result != \null && tls->state == STATE_CONNECTED ==>
        \result->next == STATE_CONNECTED && (tls->message[0] == MESSAGE_NEW_SESSION_TICKET ?
            \result->handle == \null :
            tls->message[0] == MESSAGE_KEY_UPDATE &&
                \result->handle == &rootlet_tls_take_key_update);
    // Any other does not become complete here.
    ensures \result != \null && tls->state != STATE_CONNECTED ==>
        \result->next != STATE_CONNECTED && (
            \result->handle == &rootlet_tls_take_server_hello ||
            \result->handle == &rootlet_tls_take_encrypted_extensions ||
            \result->handle == &rootlet_tls_take_certificate_request ||
            \result->handle == &rootlet_tls_take_certificate ||
            \result->handle == &rootlet_tls_take_certificate_verify ||
            \result->handle == &rootlet_tls_take_finished); */
static const handshake_step *find_step(const rootlet_tls *tls)
{
    /*@ loop invariant i <= 10;
        loop assigns i;
        loop variant 10 - i; */
    for (size_t i = 0; i < sizeof handshake_steps / sizeof handshake_steps[0]; i++) {
        if (handshake_steps[i].state == tls->state &&
            handshake_steps[i].type % ENDS_RECORD == tls->message[0]) {
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
    tls->step = NULL;
    tls->inside_message = false;
}

/* The body of a message that is whole ends where its next byte would go. */
/*@ requires \valid_read(tls);
    assigns \nothing;
    ensures \result == tls->message_to - tls->message_length; */
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
/*@ requires \valid(tls) && handshake_buffer(tls) && header_open(tls);
    requires tls->message_left == 0;
    requires tls->connected <==> tls->state == STATE_CONNECTED;
    assigns tls->message_to, tls->message_left, tls->message_length, tls->step;
    ensures \result == ROOTLET_OK ==> body_open(tls); */
static rootlet_status begin_message(rootlet_tls *tls)
{
    const handshake_step *step = find_step(tls);
    uint32_t length =
        (uint32_t)tls->message[1] << 16 | (uint32_t)tls->message[2] << 8 | tls->message[3];
    tls->message_left = tls->message_length = length;
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
    tls->step = step;
    return ROOTLET_OK;
}

/* Hands a message to its file. */
/*@ requires agreed(tls) && handling(tls, body, before) && \valid_read(step);
    requires
        step->handle == &rootlet_tls_take_key_update ? body->left == 1 :
        step->handle == &rootlet_tls_take_server_hello ? body_whole(tls) :
            step->handle == &rootlet_tls_take_encrypted_extensions ||
            step->handle == &rootlet_tls_take_certificate_request ||
            step->handle == &rootlet_tls_take_certificate ||
            step->handle == &rootlet_tls_take_certificate_verify ||
            step->handle == &rootlet_tls_take_finished;
    assigns *body, tls->secrets, tls->transcript, tls->offered, tls->state, tls->write_limit,
            tls->read_limit, tls->asked_for, tls->update_owed, tls->update_requested, tls->idle,
            tls->buffers.handshake[0 .. tls->buffers.handshake_length - 1];
    ensures tls->write_limit <= FULL_CONTENT_BYTES;
    ensures tls->read_limit + RECORD_HEADER_BYTES <= tls->buffers.in_length; */
static rootlet_status handle(rootlet_tls *tls, const handshake_step *step, rootlet_reader *body,
                             const uint8_t before[ROOTLET_HASH_BYTES])
{
    /*@ calls rootlet_tls_take_server_hello,
            rootlet_tls_take_encrypted_extensions, rootlet_tls_take_certificate_request,
            rootlet_tls_take_certificate, rootlet_tls_take_certificate_verify,
            rootlet_tls_take_finished, rootlet_tls_take_key_update; */
    return step->handle(tls, body, before);
}

/* The message is whole. */
/*@ requires placed(tls) && agreed(tls) && message_open(tls);
    requires tls->step != \null && tls->message_left == 0;
    assigns tls->message_to, tls->message_left, tls->step, tls->inside_message, tls->state,
            tls->secrets, tls->transcript, tls->offered, tls->write_limit, tls->read_limit,
            tls->asked_for, tls->update_owed, tls->update_requested, tls->idle,
            tls->buffers.handshake[0 .. tls->buffers.handshake_length - 1];
    ensures placed(tls);
    ensures agreed(tls);
    ensures \result == ROOTLET_OK ==> message_open(tls) && tls->message_left > 0; */
static rootlet_status end_message(rootlet_tls *tls, bool ends_record)
{
    uint8_t before[ROOTLET_HASH_BYTES];
    if (tls->message_to != NULL) {
        const handshake_step *step = tls->step;
        rootlet_reader body = {body_of(tls), tls->message_length};
        if (!ends_record && step->type >= ENDS_RECORD) {
            return ROOTLET_ERR_TLS_UNEXPECTED_MESSAGE;
        }
        if (!tls->connected) {
            rootlet_tls_transcript_hash(tls, before);
            rootlet_tls_hash_message(tls);
        }
        rootlet_status status = handle(tls, step, &body, before);
        if (status != ROOTLET_OK) {
            return status;
        }
        if (tls->state == step->state) { /* a HelloRetryRequest leads elsewhere */
            tls->state = step->next;
        }
    }
    rootlet_tls_await_message(tls);
    return ROOTLET_OK;
}

/* A byte goes where the message's next one belongs. */
/*@ requires \valid(tls) && handshake_buffer(tls) && message_open(tls) && tls->message_left > 0;
    requires \valid_read(content);
    assigns tls->message[0 .. 4], tls->message_to, tls->message_left, tls->inside_message,
            tls->buffers.handshake[0 .. tls->buffers.handshake_length - 1];
    ensures message_open(tls) && tls->message_left < \old(tls->message_left); */
static void store(rootlet_tls *tls, const uint8_t *content)
{
    if (tls->message_to != NULL) {
        *tls->message_to++ = *content;
    }
    tls->inside_message = true;
    tls->message_left--;
}

rootlet_status rootlet_tls_take_handshake(rootlet_tls *tls, const uint8_t *content, size_t length)
{
    rootlet_status status = ROOTLET_OK;
    /*@ loop invariant \valid_read(content + (0 .. length - 1));
        loop invariant placed(tls);
        loop invariant agreed(tls);
        loop invariant status == ROOTLET_OK ==> message_open(tls) && tls->message_left > 0;
        loop assigns length, content, status,
            tls->message[0 .. 4], tls->message_to, tls->message_left, tls->message_length,
            tls->step, tls->inside_message, tls->state, tls->secrets, tls->transcript,
            tls->offered, tls->write_limit, tls->read_limit, tls->asked_for, tls->idle,
            tls->update_owed, tls->update_requested,
            tls->buffers.handshake[0 .. tls->buffers.handshake_length - 1];
        loop variant length; */
    while (length-- > 0 && status == ROOTLET_OK) {
        store(tls, content);
        content++;
        if (tls->message_left == 0 && tls->step == NULL) {
            status = begin_message(tls);
        }
        if (tls->message_left == 0 && status == ROOTLET_OK) {
            status = end_message(tls, length == 0);
        }
    }
    return status;
}
