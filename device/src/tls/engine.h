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

/* ---- the engine's own parts ---- */

/* ROOTLET_OK, or ROOTLET_ERR_TLS_FLOOD when this is one idle record too many. */
ROOTLET_CHECKED rootlet_status rootlet_tls_count_idle(rootlet_tls *tls);

/* Handles the whole record in the receive buffer. */
ROOTLET_CHECKED rootlet_status rootlet_tls_take_record(rootlet_tls *tls);

/* What a record's header says; ROOTLET_ERR_TLS_UNEXPECTED_MESSAGE or _RECORD_OVERFLOW when its
 * payload need not be waited for. */
ROOTLET_CHECKED rootlet_status rootlet_tls_check_header(const rootlet_tls *tls);

/* Bytes behind the header of the record in the receive buffer. */
size_t rootlet_tls_payload_length(const rootlet_tls *tls);

/* Makes a record in place: length bytes of content stand at record + RECORD_HEADER_BYTES, with
 * PROTECTION_BYTES of room behind. Protected as soon as there are keys. Returns its length. */
size_t rootlet_tls_seal(rootlet_tls *tls, uint8_t *record, size_t length, unsigned type);

/* Handles the content of a handshake record, one byte at least. */
ROOTLET_CHECKED rootlet_status rootlet_tls_take_handshake(rootlet_tls *tls, const uint8_t *content,
                                                          size_t length);

/* From here on the header of a message is expected. */
void rootlet_tls_await_message(rootlet_tls *tls);

/* Puts the message just received into the transcript. */
void rootlet_tls_hash_message(rootlet_tls *tls);

/* When nothing is being sent: goes on with the next record, of our flight or the last one. */
void rootlet_tls_send_next(rootlet_tls *tls);

/* ---- alerts ---- */

/* Seals an alert as the last record we send, and wipes the keys it was sealed with. */
void rootlet_tls_say(rootlet_tls *tls, unsigned level, unsigned description);

/* Ends the connection: everything but the status and what is still to be sent is wiped. */
void rootlet_tls_end(rootlet_tls *tls);

/* The first failure: the alert is said and the connection ends. Returns the sticking status. */
rootlet_status rootlet_tls_fail(rootlet_tls *tls, rootlet_status status);

ROOTLET_CHECKED rootlet_status rootlet_tls_take_alert(rootlet_tls *tls, const uint8_t *content,
                                                      size_t length);

/* ---- messages received: the body without its header, and the transcript's hash up to the message
 * before it ---- */

typedef rootlet_status rootlet_tls_handler(rootlet_tls *tls, rootlet_reader *body,
                                           const uint8_t before[ROOTLET_HASH_BYTES]);

rootlet_tls_handler rootlet_tls_take_server_hello;
rootlet_tls_handler rootlet_tls_take_hello_retry;
rootlet_tls_handler rootlet_tls_take_encrypted_extensions;
rootlet_tls_handler rootlet_tls_take_certificate_request;
rootlet_tls_handler rootlet_tls_take_certificate;
rootlet_tls_handler rootlet_tls_take_certificate_verify;
rootlet_tls_handler rootlet_tls_take_finished;
rootlet_tls_handler rootlet_tls_take_key_update;

/* true when a ServerHello's body is a HelloRetryRequest. */
bool rootlet_tls_is_hello_retry(const rootlet_reader *body);

/* ---- messages sent ---- */

/* Writes the message's body; nothing when it is not to be sent at all. The very first time it also
 * makes what is made only once, and keeps it in the handshake buffer. */
typedef void rootlet_tls_write_body(rootlet_tls *tls, rootlet_tls_writer *writer);

rootlet_tls_write_body rootlet_tls_write_client_hello;
rootlet_tls_write_body rootlet_tls_write_certificate;
rootlet_tls_write_body rootlet_tls_write_certificate_verify;
rootlet_tls_write_body rootlet_tls_write_finished;

void rootlet_tls_write(rootlet_tls_writer *writer, const uint8_t *bytes, size_t length);
void rootlet_tls_write_be(rootlet_tls_writer *writer, uint32_t value, unsigned width);
/* The length of a vector that reaches to the message's end. */
void rootlet_tls_write_rest(rootlet_tls_writer *writer, unsigned width);

/* Puts a KeyUpdate at the start of the send buffer and changes the sending keys. */
void rootlet_tls_send_key_update(rootlet_tls *tls, bool request_peer);

#endif
