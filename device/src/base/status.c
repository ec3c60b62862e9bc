/*
 * Which alert is sent for which status (RFC 9846 section 6.2). The list in status.h is sorted so
 * that in each area those with one alert stand together: here is where they begin. Numbers between
 * the areas mean nothing, an internal error.
 */
#include "rootlet/status.h"

typedef struct run {
    uint8_t first; /* status */
    uint8_t alert;
} run;

static const run runs[] = {
    {ROOTLET_OK, ROOTLET_ALERT_NONE},
    {ROOTLET_ERR_MISUSE, ROOTLET_ALERT_INTERNAL_ERROR},
    {ROOTLET_ERR_CRYPTO_ZERO_SHARED, ROOTLET_ALERT_ILLEGAL_PARAMETER},
    {ROOTLET_ERR_CRYPTO_SIGNATURE, ROOTLET_ALERT_DECRYPT_ERROR},
    {ROOTLET_ERR_CRYPTO_TAG, ROOTLET_ALERT_BAD_RECORD_MAC},
    {19, ROOTLET_ALERT_INTERNAL_ERROR},
    {ROOTLET_ERR_X509_ENCODING, ROOTLET_ALERT_BAD_CERTIFICATE},
    {ROOTLET_ERR_X509_KEY, ROOTLET_ALERT_UNSUPPORTED_CERTIFICATE},
    {ROOTLET_ERR_X509_UNKNOWN_ISSUER, ROOTLET_ALERT_UNKNOWN_CA},
    {ROOTLET_ERR_X509_NOT_YET_VALID, ROOTLET_ALERT_CERTIFICATE_EXPIRED},
    {ROOTLET_ERR_X509_EMPTY, ROOTLET_ALERT_DECODE_ERROR},
    {ROOTLET_ERR_X509_CONFIGURED_NAME, ROOTLET_ALERT_INTERNAL_ERROR},
    {ROOTLET_ERR_ROUGHTIME_PACKET, ROOTLET_ALERT_NONE},
    {94, ROOTLET_ALERT_INTERNAL_ERROR},
    {ROOTLET_ERR_TLS_UNEXPECTED_MESSAGE, ROOTLET_ALERT_UNEXPECTED_MESSAGE},
    {ROOTLET_ERR_TLS_DECODE, ROOTLET_ALERT_DECODE_ERROR},
    {ROOTLET_ERR_TLS_ILLEGAL_PARAMETER, ROOTLET_ALERT_ILLEGAL_PARAMETER},
    {ROOTLET_ERR_TLS_VERSION, ROOTLET_ALERT_PROTOCOL_VERSION},
    {ROOTLET_ERR_TLS_MISSING_EXTENSION, ROOTLET_ALERT_MISSING_EXTENSION},
    {ROOTLET_ERR_TLS_UNSUPPORTED_EXTENSION, ROOTLET_ALERT_UNSUPPORTED_EXTENSION},
    {ROOTLET_ERR_TLS_RECORD_OVERFLOW, ROOTLET_ALERT_RECORD_OVERFLOW},
    {ROOTLET_ERR_TLS_RECORD_MAC, ROOTLET_ALERT_BAD_RECORD_MAC},
    {ROOTLET_ERR_TLS_RECORD_LIMIT_IGNORED, ROOTLET_ALERT_HANDSHAKE_FAILURE},
    {ROOTLET_ERR_TLS_CERTIFICATE_VERIFY, ROOTLET_ALERT_DECRYPT_ERROR},
    {ROOTLET_ERR_TLS_ALERT_RECEIVED, ROOTLET_ALERT_NONE},
    {ROOTLET_ERR_TLS_COOKIE_TOO_LONG, ROOTLET_ALERT_INTERNAL_ERROR},
};

uint8_t rootlet_status_alert(rootlet_status status)
{
    const run *last = runs + sizeof runs / sizeof runs[0];
    /*@ ghost unsigned left = sizeof runs / sizeof runs[0]; */
    /*@ loop invariant 0 < left <= sizeof(runs) / sizeof(runs[0]) && last == &runs[left];
        loop assigns last, left;
        loop variant left; */
    do {
        /*@ ghost left--; */
        last--;
        /*@ assert last == &runs[left] && \valid_read(&last->alert) && runs[0].first == 0; */
    } while (last->first > (unsigned)status);
    return last->alert;
}
