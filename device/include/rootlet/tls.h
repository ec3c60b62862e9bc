/*
 * TLS 1.3 client (RFC 9846), one suite, one group, one signature scheme: those of the profile.
 *
 * Sans-IO. The caller owns every byte of memory, moves the bytes, and hands in time, trust and
 * randomness as values. The pump: ask rootlet_tls_wants() which actions are legal, take the window
 * of one, move any number of bytes up to its length, and say how many with the matching _done.
 *
 *   SEND   bytes for the network are ready; send first, also after an error (the alert)
 *   RECV   the engine can take bytes from the network
 *   READ   application data has arrived
 *   WRITE  application data can be written (the handshake is complete)
 *   CLOSED nothing more will happen; rootlet_tls_status() says why
 *
 * A window is good until the next call with the same connection; moving 0 bytes is always fine, but
 * for writing. RECV ends while there is something to read, and for good when the server has closed:
 * WRITE alone is then what is left, and rootlet_tls_close the end.
 *
 * The first error sticks: secrets are wiped, data not read yet is dropped, and only the alert
 * remains to be sent. Calling out of turn, or with a length beyond the window, is
 * ROOTLET_ERR_MISUSE and closes; never undefined. Calls on a connection that has ended return the
 * first failure, or ROOTLET_ERR_TLS_CLOSED where there was none, and change nothing.
 */
#ifndef ROOTLET_TLS_H
#define ROOTLET_TLS_H

#include "config.h"
#include "crypto.h"
#include "status.h"
#include "x509.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROOTLET_TLS_SEND 1u
#define ROOTLET_TLS_RECV 2u
#define ROOTLET_TLS_READ 4u
#define ROOTLET_TLS_WRITE 8u
#define ROOTLET_TLS_CLOSED 16u

/* Record header, content type and tag around the content (RFC 9846 section 5.2). */
#define ROOTLET_TLS_RECORD_OVERHEAD (5 + 1 + ROOTLET_AEAD_TAG_BYTES)
/* Smallest receive buffer: one record of the profile's record limit. 534 bytes by default. */
#define ROOTLET_TLS_IN_BYTES (ROOTLET_RECORD_LIMIT + ROOTLET_TLS_RECORD_OVERHEAD)
/* A sealed alert, and a sealed KeyUpdate. */
#define ROOTLET_TLS_ALERT_BYTES (2 + ROOTLET_TLS_RECORD_OVERHEAD)
#define ROOTLET_TLS_KEY_UPDATE_BYTES (5 + ROOTLET_TLS_RECORD_OVERHEAD)
/* Smallest send buffer: room for a KeyUpdate, and a record of 96 bytes of application data behind
 * it. (The handshake is sent from the receive buffer, which is idle then.) */
#define ROOTLET_TLS_OUT_BYTES (ROOTLET_TLS_KEY_UPDATE_BYTES + ROOTLET_TLS_RECORD_OVERHEAD + 96)
/* Smallest handshake buffer: the largest message of the profile. Free again once the handshake is
 * complete. */
#define ROOTLET_TLS_HANDSHAKE_BYTES ROOTLET_MESSAGE_BYTES
/* Fresh random bytes per connection: hello random, private key, legacy session id. */
#define ROOTLET_TLS_RANDOM_BYTES (32 + ROOTLET_PRIVATE_KEY_BYTES + 32)

/* A device's own certificate and key, for servers that ask for one. */
typedef struct rootlet_identity {
    const rootlet_certificate *chain; /* leaf first; the root is not sent */
    size_t count;                     /* 1 at least */
    const uint8_t *private_key;       /* ROOTLET_PRIVATE_KEY_BYTES */
} rootlet_identity;

/* What to do when the server answers neither record_size_limit nor max_fragment_length. */
typedef enum rootlet_tls_limit_policy {
    ROOTLET_TLS_LIMIT_REQUIRED = 0, /* refuse: ROOTLET_ERR_TLS_RECORD_LIMIT_IGNORED */
    ROOTLET_TLS_LIMIT_TOLERATED = 1 /* go on; a record over the buffer is a record_overflow */
} rootlet_tls_limit_policy;

/* Read during the whole connection up to the end of the handshake; the caller keeps it alive. */
typedef struct rootlet_tls_config {
    rootlet_x509_config trust;        /* anchors, host, time. An address is not sent as SNI. */
    const rootlet_identity *identity; /* NULL: an empty Certificate where one is asked for */
    const uint8_t *alpn;              /* one protocol name, or NULL to offer none */
    size_t alpn_length;               /* 1 to ROOTLET_ALPN_BYTES */
    const uint8_t *random;            /* ROOTLET_TLS_RANDOM_BYTES, never used twice; may be wiped
                                         after rootlet_tls_init */
    rootlet_tls_limit_policy limit_policy;
} rootlet_tls_config;

/* The caller's three arrays; they must not overlap. Each length is at least its constant above.
 * The record limits offered follow from in_length: the largest code of RFC 6066 that fits. */
typedef struct rootlet_tls_buffers {
    uint8_t *in;
    size_t in_length;
    uint8_t *out;
    size_t out_length;
    uint8_t *handshake;
    size_t handshake_length;
} rootlet_tls_buffers;

/* What follows is complete so that the caller can allocate it; the fields are the library's. */

/* Record protection in one direction, RFC 9846 sections 5.3 and 7.2. */
typedef struct rootlet_tls_direction {
    uint8_t secret[ROOTLET_HASH_BYTES]; /* the traffic secret the two below come from */
    uint8_t key_nonce[ROOTLET_AEAD_KEY_BYTES + ROOTLET_AEAD_NONCE_BYTES]; /* the nonce is the next
                                                                             record's */
    uint32_t sequence; /* of the next record; 32 of section 5.3's 64 bits */
} rootlet_tls_direction;

/* What is needed up to the ServerHello. */
typedef struct rootlet_tls_hello {
    uint8_t random[ROOTLET_TLS_RANDOM_BYTES]; /* hello random, private key, session id */
    uint8_t share[ROOTLET_KEY_SHARE_BYTES];
    const uint8_t *cookie; /* in the handshake buffer */
    uint16_t cookie_length;
} rootlet_tls_hello;

/* What is needed behind it. */
typedef struct rootlet_tls_keys {
    rootlet_tls_direction write;
    rootlet_tls_direction read;
    /* The master secret, then the first secret for application data of ours. */
    uint8_t schedule[ROOTLET_HASH_BYTES];
    uint8_t server_key[ROOTLET_PUBLIC_KEY_BYTES]; /* between Certificate and CertificateVerify */
} rootlet_tls_keys;

/* The connection. What is used most stands first: an offset below 32 is half an instruction on a
 * Cortex-M. Secrets stand last, to be wiped in one go. */
typedef struct rootlet_tls {
    uint8_t state;
    rootlet_status status;               /* the first failure */
    uint8_t alert;                       /* received */
    uint8_t idle;                        /* records in a row that carried nothing */
    uint8_t asked_for;                   /* what the server's CertificateRequest calls for */
    bool connected;                      /* the handshake was completed */
    bool read_closed;                    /* the server's close_notify came */
    bool write_closed;                   /* an alert of ours is or was in last */
    bool update_owed;                    /* the server asked for a KeyUpdate */
    bool update_requested;               /* we asked for one */
    bool dummy_sent;                     /* the change_cipher_spec of middlebox mode */
    bool inside_message;                 /* a message has begun and is not whole yet */
    uint8_t fragment_code;               /* of max_fragment_length, 0 when it is not offered */
    uint8_t last_length;                 /* of what is in last and not in out yet */
    uint8_t message[5];                  /* header of a message received, and a KeyUpdate's byte */
    uint16_t out_begin, out_end;         /* what is to be sent, in out */
    uint16_t read_begin, read_end;       /* application data in the receive buffer */
    uint16_t in_filled;                  /* bytes of the record being received */
    uint16_t offered;                    /* extensions in the ClientHello, a bit each */
    uint16_t content_limit;              /* content bytes offered for received records */
    uint16_t read_limit;                 /* bytes of a received record behind its header */
    uint16_t write_limit;                /* content bytes of a sent record */
    uint32_t flight_offset;              /* bytes of the message being sent that are in records */
    uint32_t message_left;               /* bytes still missing of a message's header or body */
    uint32_t message_length;             /* of its body */
    const struct rootlet_tls_step *step; /* the message's, while its body is being received */
    uint8_t *message_to;                 /* where its next byte goes; NULL for a ticket's */
    const uint8_t *out;                  /* the buffer that is being sent: in or out */
    const rootlet_tls_config *config;
    rootlet_tls_buffers buffers;
    union {
        rootlet_tls_hello hello;
        rootlet_tls_keys keys;
        /* The last record sent, an alert, takes the place of the keys it was sealed with. */
        uint8_t last[ROOTLET_TLS_ALERT_BYTES];
    } secrets;
    rootlet_sha256 transcript;
} rootlet_tls;

/* Starts a connection: the ClientHello is ready to be sent. ROOTLET_ERR_BUFFER_TOO_SMALL,
 * ROOTLET_ERR_X509_CONFIGURED_NAME, ROOTLET_ERR_MISUSE (no anchor, no random, an identity
 * without certificates, a bad ALPN length). */
ROOTLET_CHECKED rootlet_status rootlet_tls_init(rootlet_tls *tls, const rootlet_tls_config *config,
                                                const rootlet_tls_buffers *buffers);

/* The legal actions, as ROOTLET_TLS_ bits. SEND comes first: while our part of the handshake is
 * being sent nothing is received. */
unsigned rootlet_tls_wants(const rootlet_tls *tls);

/* Bytes to send to the network; *length is 0 when there are none. */
const uint8_t *rootlet_tls_send_window(const rootlet_tls *tls, size_t *length);
rootlet_status rootlet_tls_send_done(rootlet_tls *tls, size_t sent);

/* Room for bytes from the network; *length is 0 when none are wanted. */
uint8_t *rootlet_tls_recv_window(rootlet_tls *tls, size_t *length);
rootlet_status rootlet_tls_recv_done(rootlet_tls *tls, size_t received);

/* The network reached its end (TCP FIN or reset). Without a close_notify before it the status
 * becomes ROOTLET_ERR_TLS_TRUNCATED, and what was not sent yet is dropped. Returns the status. */
rootlet_status rootlet_tls_recv_end(rootlet_tls *tls);

/* Application data received; *length is 0 when there is none. */
const uint8_t *rootlet_tls_read_window(const rootlet_tls *tls, size_t *length);
rootlet_status rootlet_tls_read_done(rootlet_tls *tls, size_t taken);

/* Room for application data; write_done seals what was written (1 to *length bytes) into one
 * record. */
uint8_t *rootlet_tls_write_window(rootlet_tls *tls, size_t *length);
rootlet_status rootlet_tls_write_done(rootlet_tls *tls, size_t written);

/* Changes the sending key, and asks the server to change its own when request_peer is true, unless
 * it still owes an answer (RFC 9846 section 4.7.3). Legal while WRITE is. The server's own requests
 * are answered before the next data; a key that has sealed 2^24 records is changed before that
 * without being asked. */
rootlet_status rootlet_tls_update_keys(rootlet_tls *tls, bool request_peer);

/* Sends close_notify. Reading may go on until the server closes too. During the handshake it gives
 * up: the connection ends with ROOTLET_ERR_TLS_CLOSED. Returns ROOTLET_OK, also when it was called
 * before, or the first failure. */
rootlet_status rootlet_tls_close(rootlet_tls *tls);

/* ROOTLET_OK while the connection is alive or was closed in order by both sides; else the first
 * failure. */
rootlet_status rootlet_tls_status(const rootlet_tls *tls);

/* The alert number received when the status is ROOTLET_ERR_TLS_ALERT_RECEIVED. */
uint8_t rootlet_tls_alert_received(const rootlet_tls *tls);

/* true once the handshake is complete: the server is the one asked for. */
bool rootlet_tls_connected(const rootlet_tls *tls);

/* Wipes the connection and its buffers; the status and the alert received stay readable. Safe at
 * any time after rootlet_tls_init, any number of times. */
void rootlet_tls_wipe(rootlet_tls *tls);

#endif
