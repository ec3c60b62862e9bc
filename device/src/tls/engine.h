/*
 * The inside of the TLS client: states, and what its files call of each other.
 *
 * One file per message or layer. Bytes from the network pass record.c (records), handshake.c
 * (messages, by a table of states) and the file of their message; messages of ours pass flight.c
 * (by a table too). engine.c is the pump that rootlet/tls.h describes.
 *
 * Invariants. In a SEND_ state the receive buffer holds a record that is being sent, so nothing is
 * received. A handler returns a status and never closes by itself; engine.c hands a failure to
 * rootlet_tls_fail, once. Section numbers without a name are RFC 9846's.
 */
#ifndef ROOTLET_TLS_ENGINE_H
#define ROOTLET_TLS_ENGINE_H

#include "base/reader.h"
#include "rootlet/tls.h"

/* Named after what comes next. The order matters: from WAIT_ENCRYPTED_EXTENSIONS on records are
 * protected. CLOSED is 0, so that a wiped connection is a closed one. */
typedef enum rootlet_tls_state {
    STATE_CLOSED = 0,
    STATE_SEND_CLIENT_HELLO,
    STATE_WAIT_SERVER_HELLO,
    STATE_SEND_SECOND_HELLO,
    STATE_WAIT_SECOND_SERVER_HELLO,
    STATE_WAIT_ENCRYPTED_EXTENSIONS,
    STATE_WAIT_CERTIFICATE_OR_REQUEST,
    STATE_WAIT_CERTIFICATE,
    STATE_WAIT_CERTIFICATE_VERIFY,
    STATE_WAIT_FINISHED,
    STATE_SEND_CERTIFICATE,
    STATE_SEND_CERTIFICATE_VERIFY,
    STATE_SEND_FINISHED,
    STATE_CONNECTED
} rootlet_tls_state;

/* Content types, section 5.1. */
#define CONTENT_CHANGE_CIPHER_SPEC 20u
#define CONTENT_ALERT 21u
#define CONTENT_HANDSHAKE 22u
#define CONTENT_APPLICATION_DATA 23u

/* Handshake types, section 4. */
#define MESSAGE_CLIENT_HELLO 1u
#define MESSAGE_SERVER_HELLO 2u
#define MESSAGE_NEW_SESSION_TICKET 4u
#define MESSAGE_ENCRYPTED_EXTENSIONS 8u
#define MESSAGE_CERTIFICATE 11u
#define MESSAGE_CERTIFICATE_REQUEST 13u
#define MESSAGE_CERTIFICATE_VERIFY 15u
#define MESSAGE_FINISHED 20u
#define MESSAGE_KEY_UPDATE 24u
#define MESSAGE_HASH 254u

#define HANDSHAKE_HEADER_BYTES 4u
#define RECORD_HEADER_BYTES 5u
/* Content type and tag behind the content of a protected record. */
#define PROTECTION_BYTES (1u + ROOTLET_AEAD_TAG_BYTES)
#define FULL_CONTENT_BYTES 16384u /* section 5.1 */

/* What a CertificateRequest called for. */
#define ASKED_FOR_NOTHING 0u
#define ASKED_FOR_EMPTY_CERTIFICATE 1u
#define ASKED_FOR_CHAIN 2u

/* Where things lie in the random bytes of a connection. */
#define HELLO_RANDOM_BYTES 32u
#define PRIVATE_KEY_OFFSET HELLO_RANDOM_BYTES
#define SESSION_ID_OFFSET (PRIVATE_KEY_OFFSET + ROOTLET_PRIVATE_KEY_BYTES)
#define SESSION_ID_BYTES (ROOTLET_TLS_MIDDLEBOX ? 32u : 0u)

/*
 * Records in a row that carry neither application data nor a part of a handshake message:
 * change_cipher_spec, empty application data, user_canceled, KeyUpdate. Each costs a device work
 * and brings it nothing. 32 is what large stacks allow.
 */
#define IDLE_RECORDS 32u

/*
 * A handshake message of ours on its way into records. Its function writes the whole body, each
 * time from the start; what lies in the window [skip, skip + room) is kept. The very first time
 * there is no room, and only the length is found out.
 */
typedef struct rootlet_tls_writer {
    uint8_t *to;
    uint32_t skip;
    uint32_t room;
    uint32_t length; /* bytes written so far, header included */
    uint32_t total;  /* the message's length, header included; 0 the very first time */
} rootlet_tls_writer;

/*@ // What rootlet_tls_init is given, and what it makes sure of.
    predicate identity_valid{L}(rootlet_identity *identity) =
        \valid_read(identity) && identity->count > 0 &&
        \valid_read(identity->chain + (0 .. identity->count - 1)) &&
        \valid_read(identity->private_key + (0 .. ROOTLET_PRIVATE_KEY_BYTES - 1)) &&
        \forall integer i; 0 <= i < identity->count ==>
            \valid_read(identity->chain[i].der + (0 .. identity->chain[i].length - 1));
    predicate configured{L}(rootlet_tls *tls) =
        \valid_read(tls->config) && x509_configured(&tls->config->trust) &&
        (tls->config->identity != \null ==> identity_valid(tls->config->identity)) &&
        ((tls->offered >> AT_ALPN & 1) != 0 ==>
            \valid_read(tls->config->alpn + (0 .. tls->config->alpn_length - 1)));
    predicate cookie_valid{L}(rootlet_tls *tls) =
        (tls->offered >> AT_COOKIE & 1) != 0 ==>
            \valid_read(tls->secrets.hello.cookie + (0 .. tls->secrets.hello.cookie_length - 1));
    logic integer payload{L}(rootlet_tls *tls) =
        (size_t)(tls->buffers.in[3] << 8) | tls->buffers.in[4];
    predicate handshake_buffer{L}(rootlet_tls *tls) =
        tls->buffers.handshake_length >= ROOTLET_TLS_HANDSHAKE_BYTES &&
        \valid(tls->buffers.handshake + (0 .. tls->buffers.handshake_length - 1)) &&
        \separated(tls, tls->buffers.handshake + (0 .. tls->buffers.handshake_length - 1));
    // What a handler of messages needs.
    predicate handling{L}(rootlet_tls *tls, rootlet_reader *body, uint8_t *before) =
        \valid(tls) && configured(tls) && handshake_buffer(tls) &&
        \valid(body) && readable(*body) && \separated(body, tls, tls->config) &&
        \separated(body, tls->buffers.handshake + (0 .. tls->buffers.handshake_length - 1)) &&
        \separated(body, tls->config->trust.anchors +
            (0 .. tls->config->trust.anchor_count - 1)) &&
        \valid_read(tls->buffers.in + (0 .. RECORD_HEADER_BYTES - 1)) &&
        \valid_read(before + (0 .. ROOTLET_HASH_BYTES - 1)) &&
        \separated(tls, before + (0 .. ROOTLET_HASH_BYTES - 1));
    // A message that is not whole: its bytes so far end where message_to points.
    predicate header_open{L}(rootlet_tls *tls) =
        tls->step == \null && tls->message_left <= HANDSHAKE_HEADER_BYTES &&
        tls->message_to == &tls->message[0] + (HANDSHAKE_HEADER_BYTES - tls->message_left);
    predicate body_open{L}(rootlet_tls *tls) =
        tls->step != \null && tls->message_left <= tls->message_length &&
        (tls->message_to == \null ? (bool)tls->connected : (tls->connected ?
            tls->message[0] == MESSAGE_KEY_UPDATE && tls->message_length == 1 &&
            tls->message_to == &tls->message[0] + (5 - tls->message_left) :
            tls->message_length <= tls->buffers.handshake_length &&
            tls->message_to ==
                tls->buffers.handshake + (tls->message_length - tls->message_left)));
    predicate body_whole{L}(rootlet_tls *tls) =
        \valid_read(tls->message_to - tls->message_length + (0 .. tls->message_length - 1)) &&
        \separated(tls, tls->message_to - tls->message_length + (0 .. tls->message_length - 1));
    predicate message_open{L}(rootlet_tls *tls) =
        (header_open(tls) || body_open(tls)) &&
        (tls->connected <==> tls->state == STATE_CONNECTED);
    // Where everything lies.
    predicate placed{L}(rootlet_tls *tls) =
        \valid(tls) && configured(tls) && handshake_buffer(tls) &&
        ROOTLET_TLS_IN_BYTES <= tls->buffers.in_length <=
            FULL_CONTENT_BYTES + ROOTLET_TLS_RECORD_OVERHEAD &&
        \valid(tls->buffers.in + (0 .. tls->buffers.in_length - 1)) &&
        \separated(tls, tls->buffers.in + (0 .. tls->buffers.in_length - 1)) &&
        \separated(tls, tls->config) &&
        \separated(tls, tls->config->trust.anchors + (0 .. tls->config->trust.anchor_count - 1)) &&
        (tls->config->identity != \null ==>
            \separated(tls, tls->config->identity) &&
            \separated(tls, tls->config->identity->chain +
                (0 .. tls->config->identity->count - 1)));
    // What was agreed on, or offered.
    predicate agreed{L}(rootlet_tls *tls) =
        tls->content_limit <= FULL_CONTENT_BYTES && tls->write_limit <= FULL_CONTENT_BYTES &&
        tls->content_limit + ROOTLET_TLS_RECORD_OVERHEAD <= tls->buffers.in_length &&
        tls->read_limit + RECORD_HEADER_BYTES <= tls->buffers.in_length &&
        (tls->asked_for == ASKED_FOR_CHAIN ==> tls->config->identity != \null) &&
        (tls->state == STATE_SEND_SECOND_HELLO ==> cookie_valid(tls));
    // What is left to be sent.
    predicate sendable{L}(rootlet_tls *tls) =
        tls->out_begin <= tls->out_end && tls->last_length <= ROOTLET_TLS_ALERT_BYTES &&
        (tls->out_begin < tls->out_end ==> \valid_read(tls->out + (0 .. tls->out_end - 1))); */
/*@ predicate writing{L}(rootlet_tls_writer *writer) =
        \valid(writer) && \valid(writer->to + (0 .. writer->room - 1)) &&
        \separated(writer, writer->to + (0 .. writer->room - 1));
    // What a writer of messages needs.
    predicate sending{L}(rootlet_tls *tls, rootlet_tls_writer *writer) =
        \valid_read(tls) && configured(tls) && handshake_buffer(tls) && writing(writer) &&
        (tls->asked_for == ASKED_FOR_CHAIN ==> tls->config->identity != \null) &&
        \separated(tls, writer->to + (0 .. writer->room - 1)) &&
        \separated(writer, tls, tls->config) && \separated(writer, tls->config->identity) &&
        \separated(writer, tls->config->identity->chain +
            (0 .. tls->config->identity->count - 1)) &&
        \separated(writer, tls->buffers.handshake + (0 .. tls->buffers.handshake_length - 1)); */
/* ---- the engine's own parts ---- */

/* ROOTLET_OK, or ROOTLET_ERR_TLS_FLOOD when this is one idle record too many. */
/*@ requires \valid(tls);
    assigns tls->idle; */
ROOTLET_CHECKED rootlet_status rootlet_tls_count_idle(rootlet_tls *tls);

/* Handles the whole record in the receive buffer. */
/*@ requires placed(tls) && message_open(tls) && tls->message_left > 0;
    requires agreed(tls) && RECORD_HEADER_BYTES + payload(tls) <= tls->buffers.in_length;
    assigns *tls, tls->buffers.in[RECORD_HEADER_BYTES .. tls->buffers.in_length - 1],
            tls->buffers.handshake[0 .. tls->buffers.handshake_length - 1]; */
ROOTLET_CHECKED rootlet_status rootlet_tls_take_record(rootlet_tls *tls);

/* What a record's header says; ROOTLET_ERR_TLS_UNEXPECTED_MESSAGE or _RECORD_OVERFLOW when its
 * payload need not be waited for. */
/*@ requires \valid_read(tls) && \valid_read(tls->buffers.in + (0 .. RECORD_HEADER_BYTES - 1));
    assigns \nothing;
    ensures \result == ROOTLET_OK ==>
        payload(tls) <= (tls->read_limit > 1 ? tls->read_limit : 1); */
ROOTLET_CHECKED rootlet_status rootlet_tls_check_header(const rootlet_tls *tls);

/* Bytes behind the header of the record in the receive buffer. */
/*@ requires \valid_read(tls) && \valid_read(tls->buffers.in + (0 .. RECORD_HEADER_BYTES - 1));
    assigns \nothing;
    ensures \result == payload(tls); */
size_t rootlet_tls_payload_length(const rootlet_tls *tls);

/* Makes a record in place: length bytes of content stand at record + RECORD_HEADER_BYTES, with
 * PROTECTION_BYTES of room behind. Protected as soon as there are keys. Returns its length. */
/*@ requires \valid(tls) && length <= FULL_CONTENT_BYTES;
    requires \valid(record + (0 .. RECORD_HEADER_BYTES + length + PROTECTION_BYTES - 1));
    requires \separated(tls, record + (0 .. RECORD_HEADER_BYTES + length + PROTECTION_BYTES - 1));
    assigns tls->secrets, record[0 .. RECORD_HEADER_BYTES + length + PROTECTION_BYTES - 1];
    ensures RECORD_HEADER_BYTES + length <= \result <=
        RECORD_HEADER_BYTES + length + PROTECTION_BYTES; */
size_t rootlet_tls_seal(rootlet_tls *tls, uint8_t *record, size_t length, unsigned type);

/* Handles the content of a handshake record, one byte at least. */
/*@ requires \valid(tls) && \valid_read(content + (0 .. length - 1));
    requires placed(tls);
    requires agreed(tls);
    requires message_open(tls) && tls->message_left > 0;
    assigns tls->message[0 .. 4], tls->message_to, tls->message_left, tls->message_length,
            tls->step, tls->inside_message, tls->state, tls->secrets, tls->transcript,
            tls->offered, tls->write_limit, tls->read_limit, tls->asked_for, tls->idle,
            tls->update_owed, tls->update_requested,
            tls->buffers.handshake[0 .. tls->buffers.handshake_length - 1];
    ensures placed(tls);
    ensures agreed(tls);
    ensures \result == ROOTLET_OK ==> message_open(tls) && tls->message_left > 0; */
ROOTLET_CHECKED rootlet_status rootlet_tls_take_handshake(rootlet_tls *tls, const uint8_t *content,
                                                          size_t length);

/* From here on the header of a message is expected. */
/*@ requires \valid(tls);
    assigns tls->message_to, tls->message_left, tls->step, tls->inside_message;
    ensures header_open(tls) && tls->message_left == HANDSHAKE_HEADER_BYTES; */
void rootlet_tls_await_message(rootlet_tls *tls);

/* Puts the message just received into the transcript. */
/*@ requires \valid(tls);
    requires body_whole(tls);
    assigns tls->transcript; */
void rootlet_tls_hash_message(rootlet_tls *tls);

/* When nothing is being sent: goes on with the next record, of our flight or the last one. */
/*@ requires \valid(tls);
    requires sendable(tls);
    requires tls->state != STATE_CLOSED ==> placed(tls) && agreed(tls);
    assigns *tls, tls->buffers.in[0 .. tls->buffers.in_length - 1],
            tls->buffers.handshake[0 .. tls->buffers.handshake_length - 1];
    ensures sendable(tls); */
void rootlet_tls_send_next(rootlet_tls *tls);

/* ---- alerts ---- */

/* Seals an alert as the last record we send, and wipes the keys it was sealed with. */
/*@ requires \valid(tls);
    assigns tls->secrets, tls->last_length, tls->write_closed;
    ensures tls->write_closed && tls->last_length <= ROOTLET_TLS_ALERT_BYTES; */
void rootlet_tls_say(rootlet_tls *tls, unsigned level, unsigned description);

/* Ends the connection: everything but the status and what is still to be sent is wiped. */
/*@ requires \valid(tls);
    assigns tls->secrets, tls->transcript, tls->read_begin, tls->read_end, tls->state;
    ensures tls->read_begin == 0 && tls->read_end == 0 && tls->state == STATE_CLOSED; */
void rootlet_tls_end(rootlet_tls *tls);

/* The first failure: the alert is said and the connection ends. Returns the sticking status. */
/*@ requires \valid(tls);
    requires sendable(tls);
    assigns *tls, tls->buffers.in[0 .. tls->buffers.in_length - 1],
            tls->buffers.handshake[0 .. tls->buffers.handshake_length - 1];
    ensures sendable(tls); */
rootlet_status rootlet_tls_fail(rootlet_tls *tls, rootlet_status status);

/*@ requires \valid(tls) && \valid_read(content + (0 .. length - 1));
    assigns tls->idle, tls->alert, tls->read_closed, tls->secrets, tls->transcript,
            tls->read_begin, tls->read_end, tls->state;
    ensures tls->read_begin == \old(tls->read_begin) || tls->read_begin == 0;
    ensures tls->read_end == \old(tls->read_end) || tls->read_end == 0; */
ROOTLET_CHECKED rootlet_status rootlet_tls_take_alert(rootlet_tls *tls, const uint8_t *content,
                                                      size_t length);

/* ---- messages received: the body without its header, and the transcript's hash up to the message
 * before it ---- */

typedef rootlet_status rootlet_tls_handler(rootlet_tls *tls, rootlet_reader *body,
                                           const uint8_t before[ROOTLET_HASH_BYTES]);

/*@ requires handling(tls, body, before);
    requires body_whole(tls);
    assigns *body, tls->secrets, tls->offered, tls->transcript, tls->state;
    ensures tls->offered == \old(tls->offered) ||
        tls->offered == (uint16_t)(\old(tls->offered) | BIT_COOKIE);
    ensures tls->state == \old(tls->state) ||
        tls->state == STATE_SEND_SECOND_HELLO && \valid_read(tls->secrets.hello.cookie +
            (0 .. tls->secrets.hello.cookie_length - 1)); */
rootlet_tls_handler rootlet_tls_take_server_hello; /* and HelloRetryRequest */
/*@ requires handling(tls, body, before) && tls->content_limit <= FULL_CONTENT_BYTES;
    requires tls->write_limit <= FULL_CONTENT_BYTES;
    assigns *body, tls->write_limit, tls->read_limit;
    ensures tls->write_limit <= FULL_CONTENT_BYTES;
    ensures tls->read_limit == \old(tls->read_limit) ||
        tls->read_limit == tls->content_limit + PROTECTION_BYTES; */
rootlet_tls_handler rootlet_tls_take_encrypted_extensions;
/*@ requires handling(tls, body, before);
    assigns *body, tls->asked_for;
    ensures tls->asked_for == ASKED_FOR_CHAIN && \old(tls->asked_for) != ASKED_FOR_CHAIN ==>
        tls->config->identity != \null; */
rootlet_tls_handler rootlet_tls_take_certificate_request;
/*@ requires handling(tls, body, before);
    assigns *body, tls->secrets.keys.server_key[0 .. ROOTLET_PUBLIC_KEY_BYTES - 1]; */
rootlet_tls_handler rootlet_tls_take_certificate;
/*@ requires handling(tls, body, before);
    assigns *body, tls->buffers.handshake[0 .. tls->buffers.handshake_length - 1]; */
rootlet_tls_handler rootlet_tls_take_certificate_verify;
/*@ requires handling(tls, body, before);
    assigns tls->secrets.keys.read, tls->secrets.keys.schedule[0 .. ROOTLET_HASH_BYTES - 1]; */
rootlet_tls_handler rootlet_tls_take_finished;
/*@ requires \valid(tls) && \valid(body) && \valid_read(body->next);
    requires \separated(tls, body);
    assigns tls->secrets.keys.read, tls->update_owed, tls->update_requested, tls->idle; */
rootlet_tls_handler rootlet_tls_take_key_update;

/* ---- messages sent ---- */

/* Writes the message's body; nothing when it is not to be sent at all. The very first time it also
 * makes what is made only once, and keeps it in the handshake buffer. */
typedef void rootlet_tls_write_body(rootlet_tls *tls, rootlet_tls_writer *writer);

/*@ requires sending(tls, writer);
    requires (tls->offered >> AT_COOKIE & 1) != 0 ==>
        \valid_read(tls->secrets.hello.cookie + (0 .. tls->secrets.hello.cookie_length - 1));
    assigns writer->length, writer->to[0 .. writer->room - 1]; */
rootlet_tls_write_body rootlet_tls_write_client_hello;
/*@ requires sending(tls, writer);
    assigns writer->length, writer->to[0 .. writer->room - 1]; */
rootlet_tls_write_body rootlet_tls_write_certificate;
/*@ requires sending(tls, writer);
    assigns writer->length, writer->to[0 .. writer->room - 1],
            tls->buffers.handshake[0 .. tls->buffers.handshake_length - 1]; */
rootlet_tls_write_body rootlet_tls_write_certificate_verify;
/*@ requires sending(tls, writer);
    assigns writer->length, writer->to[0 .. writer->room - 1],
            tls->buffers.handshake[0 .. tls->buffers.handshake_length - 1]; */
rootlet_tls_write_body rootlet_tls_write_finished;

/*@ requires writing(writer) && \valid_read(bytes + (0 .. length - 1));
    assigns writer->length, writer->to[0 .. writer->room - 1]; */
void rootlet_tls_write(rootlet_tls_writer *writer, const uint8_t *bytes, size_t length);
/*@ requires writing(writer) && width <= 4;
    assigns writer->length, writer->to[0 .. writer->room - 1]; */
void rootlet_tls_write_be(rootlet_tls_writer *writer, uint32_t value, unsigned width);
/* The length of a vector that reaches to the message's end. */
/*@ requires writing(writer) && width <= 4;
    assigns writer->length, writer->to[0 .. writer->room - 1]; */
void rootlet_tls_write_rest(rootlet_tls_writer *writer, unsigned width);

/* Puts a KeyUpdate at the start of the send buffer and changes the sending keys. */
/*@ requires \valid(tls) && tls->buffers.out_length >= ROOTLET_TLS_OUT_BYTES;
    requires \valid(tls->buffers.out + (0 .. tls->buffers.out_length - 1));
    requires \separated(tls, tls->buffers.out + (0 .. tls->buffers.out_length - 1));
    assigns tls->out, tls->out_begin, tls->out_end, tls->secrets,
            tls->buffers.out[0 .. ROOTLET_TLS_KEY_UPDATE_BYTES - 1];
    ensures tls->out == tls->buffers.out && tls->out_begin == 0;
    ensures tls->out_end <= ROOTLET_TLS_KEY_UPDATE_BYTES; */
void rootlet_tls_send_key_update(rootlet_tls *tls, bool request_peer);

#endif
