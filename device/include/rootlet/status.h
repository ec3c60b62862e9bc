/*
 * Every status the device library returns, written once: name, number, the TLS
 * alert that is sent for it (RFC 9846 section 6), and a sentence for people.
 *
 * A range per area: base 1-15, crypto 16-31, x509 32-79, roughtime 80-111,
 * tls 112-191. Numbers are stable: a device may report them from the field.
 * ROOTLET_OK is 0; everything else is a failure or, where the text says so, an end.
 */
#ifndef ROOTLET_STATUS_H
#define ROOTLET_STATUS_H

#include <stdint.h>

/* Alert numbers, RFC 9846 section 6 (and RFC 7301 for 120). */
#define ROOTLET_ALERT_CLOSE_NOTIFY 0
#define ROOTLET_ALERT_UNEXPECTED_MESSAGE 10
#define ROOTLET_ALERT_BAD_RECORD_MAC 20
#define ROOTLET_ALERT_RECORD_OVERFLOW 22
#define ROOTLET_ALERT_HANDSHAKE_FAILURE 40
#define ROOTLET_ALERT_BAD_CERTIFICATE 42
#define ROOTLET_ALERT_UNSUPPORTED_CERTIFICATE 43
#define ROOTLET_ALERT_CERTIFICATE_EXPIRED 45
#define ROOTLET_ALERT_ILLEGAL_PARAMETER 47
#define ROOTLET_ALERT_UNKNOWN_CA 48
#define ROOTLET_ALERT_DECODE_ERROR 50
#define ROOTLET_ALERT_DECRYPT_ERROR 51
#define ROOTLET_ALERT_PROTOCOL_VERSION 70
#define ROOTLET_ALERT_INTERNAL_ERROR 80
#define ROOTLET_ALERT_USER_CANCELED 90
#define ROOTLET_ALERT_MISSING_EXTENSION 109
#define ROOTLET_ALERT_UNSUPPORTED_EXTENSION 110
#define ROOTLET_ALERT_NONE 255 /* nothing is sent for this status */

/* X(name, number, alert, text) */
#define ROOTLET_STATUS_LIST(X)                                                                     \
    X(OK, 0, NONE, "done")                                                                         \
    X(ERR_MISUSE, 1, INTERNAL_ERROR, "the library was called in a wrong order or with a bad size") \
    X(ERR_BUFFER_TOO_SMALL, 2, INTERNAL_ERROR, "a buffer is below the stated minimum")             \
    X(ERR_CRYPTO_ZERO_SHARED, 16, ILLEGAL_PARAMETER, "the key share is a point of low order")      \
    X(ERR_CRYPTO_SIGNATURE, 17, DECRYPT_ERROR, "the signature does not verify")                    \
    X(ERR_CRYPTO_TAG, 18, BAD_RECORD_MAC, "the authentication tag does not match")                 \
    X(ERR_X509_ENCODING, 32, BAD_CERTIFICATE, "the certificate is not strict DER")                 \
    X(ERR_X509_VERSION, 33, BAD_CERTIFICATE, "the certificate is not version 3")                   \
    X(ERR_X509_SERIAL, 34, BAD_CERTIFICATE, "the serial number is negative or over 20 bytes")      \
    X(ERR_X509_ALGORITHM, 35, BAD_CERTIFICATE,                                                     \
      "the certificate is not signed with the profile's algorithm")                                \
    X(ERR_X509_NAME_ENCODING, 36, BAD_CERTIFICATE,                                                 \
      "a name is malformed, or empty where it must not be")                                        \
    X(ERR_X509_SIGNATURE, 37, BAD_CERTIFICATE, "a certificate's signature does not verify")        \
    X(ERR_X509_DATE_ENCODING, 38, BAD_CERTIFICATE, "a validity date is malformed")                 \
    X(ERR_X509_NOT_CA, 39, BAD_CERTIFICATE, "an issuer in the chain is not a CA")                  \
    X(ERR_X509_PATH_LENGTH, 40, BAD_CERTIFICATE, "the chain is longer than a CA allows")           \
    X(ERR_X509_CRITICAL_EXTENSION, 41, BAD_CERTIFICATE, "an unknown critical extension")           \
    X(ERR_X509_DUPLICATE_EXTENSION, 42, BAD_CERTIFICATE, "an extension stands twice")              \
    X(ERR_X509_EXTENSION, 43, BAD_CERTIFICATE, "an extension is malformed")                        \
    X(ERR_X509_LEAF_IS_CA, 44, BAD_CERTIFICATE, "the server's certificate is a CA certificate")    \
    X(ERR_X509_NAME, 45, BAD_CERTIFICATE, "the certificate is for another host name")              \
    X(ERR_X509_NAME_CONSTRAINTS, 46, BAD_CERTIFICATE, "name constraints are not supported")        \
    X(ERR_X509_TOO_MANY, 47, BAD_CERTIFICATE, "more certificates than the profile allows")         \
    X(ERR_X509_KEY, 48, UNSUPPORTED_CERTIFICATE, "the certificate's key is not of the profile")    \
    X(ERR_X509_KEY_USAGE, 49, UNSUPPORTED_CERTIFICATE, "the key usage forbids this use")           \
    X(ERR_X509_EXTENDED_KEY_USAGE, 50, UNSUPPORTED_CERTIFICATE, "not a server certificate")        \
    X(ERR_X509_UNKNOWN_ISSUER, 51, UNKNOWN_CA, "no path leads to the bundled root")                \
    X(ERR_X509_NOT_YET_VALID, 52, CERTIFICATE_EXPIRED, "the certificate is not valid yet")         \
    X(ERR_X509_EXPIRED, 53, CERTIFICATE_EXPIRED, "the certificate has expired")                    \
    X(ERR_X509_EMPTY, 54, DECODE_ERROR, "the server sent no certificate")                          \
    X(ERR_X509_CONFIGURED_NAME, 55, INTERNAL_ERROR, "the configured host name is not usable")      \
    X(ERR_ROUGHTIME_PACKET, 80, NONE, "not a Roughtime packet")                                    \
    X(ERR_ROUGHTIME_MESSAGE, 81, NONE, "a Roughtime message is malformed")                         \
    X(ERR_ROUGHTIME_TAG, 82, NONE, "a mandatory tag is missing or has a wrong size")               \
    X(ERR_ROUGHTIME_TYPE, 83, NONE, "the packet is not a response")                                \
    X(ERR_ROUGHTIME_NONCE, 84, NONE, "the response is for another request")                        \
    X(ERR_ROUGHTIME_VERSION, 85, NONE, "the response's version was not offered")                   \
    X(ERR_ROUGHTIME_RADIUS, 86, NONE, "the radius is zero")                                        \
    X(ERR_ROUGHTIME_DELEGATION, 87, NONE, "the delegation is not signed by the long-term key")     \
    X(ERR_ROUGHTIME_WINDOW, 88, NONE, "the midpoint is outside the delegation")                    \
    X(ERR_ROUGHTIME_SIGNATURE, 89, NONE, "the response is not signed by the delegated key")        \
    X(ERR_ROUGHTIME_MERKLE, 90, NONE, "the Merkle proof does not cover the request")               \
    X(ERR_ROUGHTIME_DELAY, 91, NONE, "the response took longer than allowed")                      \
    X(ERR_ROUGHTIME_INCONSISTENT, 92, NONE, "the servers contradict each other")                   \
    X(ERR_ROUGHTIME_REQUEST, 93, NONE, "the stored request is malformed")                          \
    X(ERR_TLS_UNEXPECTED_MESSAGE, 112, UNEXPECTED_MESSAGE, "a message out of order")               \
    X(ERR_TLS_FLOOD, 113, UNEXPECTED_MESSAGE, "too many records that carry nothing")               \
    X(ERR_TLS_DECODE, 114, DECODE_ERROR, "a message does not parse")                               \
    X(ERR_TLS_ILLEGAL_PARAMETER, 115, ILLEGAL_PARAMETER, "a value that is not allowed")            \
    X(ERR_TLS_DOWNGRADE, 116, ILLEGAL_PARAMETER, "the server signals a forced downgrade")          \
    X(ERR_TLS_SUITE, 117, ILLEGAL_PARAMETER, "the server chose another cipher suite")              \
    X(ERR_TLS_GROUP, 118, ILLEGAL_PARAMETER, "the server chose another group")                     \
    X(ERR_TLS_SESSION_ID, 119, ILLEGAL_PARAMETER, "the session id is not ours")                    \
    X(ERR_TLS_HELLO_RETRY, 120, ILLEGAL_PARAMETER, "a HelloRetryRequest that changes nothing")     \
    X(ERR_TLS_MESSAGE_TOO_LARGE, 121, ILLEGAL_PARAMETER, "a message is over the limit")            \
    X(ERR_TLS_ALPN, 122, ILLEGAL_PARAMETER, "the server chose a protocol that was not offered")    \
    X(ERR_TLS_SIGNATURE_SCHEME, 123, ILLEGAL_PARAMETER, "another signature scheme was used")       \
    X(ERR_TLS_VERSION, 124, PROTOCOL_VERSION, "the server does not speak TLS 1.3")                 \
    X(ERR_TLS_MISSING_EXTENSION, 125, MISSING_EXTENSION, "a mandatory extension is missing")       \
    X(ERR_TLS_UNSUPPORTED_EXTENSION, 126, UNSUPPORTED_EXTENSION,                                   \
      "an extension that was not offered")                                                         \
    X(ERR_TLS_RECORD_OVERFLOW, 127, RECORD_OVERFLOW, "a record is over the limit")                 \
    X(ERR_TLS_RECORD_MAC, 128, BAD_RECORD_MAC, "a record does not authenticate")                   \
    X(ERR_TLS_RECORD_LIMIT_IGNORED, 129, HANDSHAKE_FAILURE,                                        \
      "the server honours no record size limit")                                                   \
    X(ERR_TLS_CERTIFICATE_VERIFY, 130, DECRYPT_ERROR, "the server does not hold its key")          \
    X(ERR_TLS_FINISHED, 131, DECRYPT_ERROR, "the handshake was tampered with")                     \
    X(ERR_TLS_ALERT_RECEIVED, 132, NONE, "the server sent an alert")                               \
    X(ERR_TLS_TRUNCATED, 133, NONE, "the connection ended without close_notify")                   \
    X(ERR_TLS_CLOSED, 134, NONE, "the connection is closed")                                       \
    X(ERR_TLS_COOKIE_TOO_LONG, 135, INTERNAL_ERROR, "the cookie is over the profile's limit")      \
    X(ERR_TLS_SEQUENCE, 136, INTERNAL_ERROR, "the sequence number is used up")

typedef enum rootlet_status {
#define ROOTLET_STATUS_ENUM(name, number, alert, text) ROOTLET_##name = (number),
    ROOTLET_STATUS_LIST(ROOTLET_STATUS_ENUM)
#undef ROOTLET_STATUS_ENUM
} rootlet_status;

/* A status that is dropped is a check that was not made. */
#if defined(__GNUC__)
#define ROOTLET_CHECKED __attribute__((warn_unused_result))
#else
#define ROOTLET_CHECKED
#endif

/* The alert number sent for a status, ROOTLET_ALERT_NONE where none is. */
/*@ assigns \nothing; */
uint8_t rootlet_status_alert(rootlet_status status);

/* The status' name without prefix ("ERR_X509_EXPIRED"), and its sentence. Both are static,
 * zero-terminated ASCII; an unknown number gives "UNKNOWN". Costs about 4 KB of flash when used,
 * nothing when not. */
const char *rootlet_status_name(rootlet_status status);
const char *rootlet_status_text(rootlet_status status);

#endif
