/* The pump of rootlet/tls.h: which actions are legal, the windows, and what a step leads to. */
#include "engine.h"
#include "extensions.h"

#include "base/bytes.h"
#include "x509/host.h"

/* A receive buffer of more brings nothing. */
#define LARGEST_RECORD (FULL_CONTENT_BYTES + ROOTLET_TLS_RECORD_OVERHEAD)

#define LEVEL_WARNING 1u

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static rootlet_status check_config(const rootlet_tls_config *config,
                                   const rootlet_tls_buffers *buffers)
{
    if (config->trust.anchor_count == 0 || config->random == NULL ||
        (config->identity != NULL && (!ROOTLET_TLS_CLIENT_AUTH || config->identity->count == 0)) ||
        (config->alpn != NULL && (!ROOTLET_TLS_ALPN || config->alpn_length == 0 ||
                                  config->alpn_length > ROOTLET_ALPN_BYTES))) {
        return ROOTLET_ERR_MISUSE;
    }
    if (rootlet_x509_host_length(&config->trust) == 0) {
        return ROOTLET_ERR_X509_CONFIGURED_NAME;
    }
    if (buffers->in_length < ROOTLET_TLS_IN_BYTES || buffers->out_length < ROOTLET_TLS_OUT_BYTES ||
        buffers->handshake_length < ROOTLET_TLS_HANDSHAKE_BYTES) {
        return ROOTLET_ERR_BUFFER_TOO_SMALL;
    }
    return ROOTLET_OK;
}

/* What to ask for so that every record fits the receive buffer: the largest code of RFC 6066
 * section 4, and as much in RFC 8449's terms; above its codes, that alone. */
static void choose_limits(rootlet_tls *tls)
{
    size_t content = tls->buffers.in_length - ROOTLET_TLS_RECORD_OVERHEAD;
    if (content <= 4096) {
        unsigned code = 4;
        while (256u << code > content) {
            code--;
        }
        content = 256u << code;
        tls->fragment_code = (uint8_t)code;
        tls->offered |= BIT_MAX_FRAGMENT_LENGTH;
    }
    tls->content_limit = (uint16_t)content;
    tls->read_limit = (uint16_t)(tls->buffers.in_length - RECORD_HEADER_BYTES);
    tls->write_limit = FULL_CONTENT_BYTES;
}

rootlet_status rootlet_tls_init(rootlet_tls *tls, const rootlet_tls_config *config,
                                const rootlet_tls_buffers *buffers)
{
    rootlet_wipe(tls, sizeof *tls);
    rootlet_status status = check_config(config, buffers);
    if (status != ROOTLET_OK) {
        tls->status = status;
        return status;
    }
    tls->config = config;
    rootlet_copy((uint8_t *)&tls->buffers, (const uint8_t *)buffers, sizeof *buffers);
    tls->buffers.in_length = smaller(buffers->in_length, LARGEST_RECORD);
    tls->offered = BIT_SUPPORTED_GROUPS | BIT_SIGNATURE_ALGORITHMS | BIT_SUPPORTED_VERSIONS |
                   BIT_KEY_SHARE | BIT_RECORD_SIZE_LIMIT;
    if (!config->trust.host_is_address) {
        tls->offered |= BIT_SERVER_NAME;
    }
    if (ROOTLET_TLS_ALPN && config->alpn != NULL) {
        tls->offered |= BIT_ALPN;
    }
    choose_limits(tls);
    rootlet_tls_hello *hello = &tls->secrets.hello;
    rootlet_copy(hello->random, config->random, sizeof hello->random);
    rootlet_profile_share(hello->share, hello->random + PRIVATE_KEY_OFFSET);
    rootlet_sha256_init(&tls->transcript);
    rootlet_tls_await_message(tls);
    tls->state = STATE_SEND_CLIENT_HELLO;
    rootlet_tls_send_next(tls);
    return ROOTLET_OK;
}

static size_t send_length(const rootlet_tls *tls)
{
    return (size_t)(tls->out_end - tls->out_begin);
}

static size_t read_length(const rootlet_tls *tls)
{
    return (size_t)(tls->read_end - tls->read_begin);
}

/* Up to the end of a record's header, then up to the end of the record. */
static size_t recv_room(const rootlet_tls *tls)
{
    bool in_use = send_length(tls) != 0 && tls->out == tls->buffers.in;
    if (tls->state == STATE_CLOSED || tls->read_closed || read_length(tls) != 0 || in_use) {
        return 0;
    }
    size_t wanted = RECORD_HEADER_BYTES;
    if (tls->in_filled >= RECORD_HEADER_BYTES) {
        wanted += rootlet_tls_payload_length(tls);
    }
    return wanted - tls->in_filled;
}

/* In front there is always a place for a KeyUpdate that is owed by then. */
static size_t write_room(const rootlet_tls *tls)
{
    if (tls->state != STATE_CONNECTED || tls->write_closed || send_length(tls) != 0) {
        return 0;
    }
    return smaller(tls->buffers.out_length - ROOTLET_TLS_KEY_UPDATE_BYTES -
                       ROOTLET_TLS_RECORD_OVERHEAD,
                   tls->write_limit);
}

unsigned rootlet_tls_wants(const rootlet_tls *tls)
{
    unsigned bits = 0;
    if (send_length(tls) != 0) {
        bits = ROOTLET_TLS_SEND;
    } else if (tls->state == STATE_CLOSED) {
        bits = ROOTLET_TLS_CLOSED;
    }
    if (recv_room(tls) != 0) {
        bits |= ROOTLET_TLS_RECV;
    }
    if (read_length(tls) != 0) {
        bits |= ROOTLET_TLS_READ;
    }
    if (write_room(tls) != 0) {
        bits |= ROOTLET_TLS_WRITE;
    }
    return bits;
}

const uint8_t *rootlet_tls_send_window(const rootlet_tls *tls, size_t *length)
{
    *length = send_length(tls);
    return tls->out + tls->out_begin;
}

rootlet_status rootlet_tls_send_done(rootlet_tls *tls, size_t sent)
{
    if (sent > send_length(tls)) {
        return rootlet_tls_fail(tls, ROOTLET_ERR_MISUSE);
    }
    tls->out_begin = (uint16_t)(tls->out_begin + sent);
    rootlet_tls_send_next(tls);
    return ROOTLET_OK;
}

uint8_t *rootlet_tls_recv_window(rootlet_tls *tls, size_t *length)
{
    *length = recv_room(tls);
    return tls->buffers.in + tls->in_filled;
}

rootlet_status rootlet_tls_recv_done(rootlet_tls *tls, size_t received)
{
    size_t room = recv_room(tls);
    if (received > room) {
        return rootlet_tls_fail(tls, ROOTLET_ERR_MISUSE);
    }
    tls->in_filled = (uint16_t)(tls->in_filled + received);
    if (received == 0 || received != room) {
        return ROOTLET_OK;
    }
    rootlet_status status = ROOTLET_OK;
    if (tls->in_filled == RECORD_HEADER_BYTES) {
        status = rootlet_tls_check_header(tls);
        room = rootlet_tls_payload_length(tls);
    } else {
        room = 0;
    }
    if (status == ROOTLET_OK && room == 0) {
        tls->in_filled = 0;
        status = rootlet_tls_take_record(tls);
    }
    if (status != ROOTLET_OK) {
        return rootlet_tls_fail(tls, status);
    }
    rootlet_tls_send_next(tls);
    return ROOTLET_OK;
}

rootlet_status rootlet_tls_recv_end(rootlet_tls *tls)
{
    if (tls->state != STATE_CLOSED && !tls->read_closed) {
        return rootlet_tls_fail(tls, ROOTLET_ERR_TLS_TRUNCATED);
    }
    return tls->status;
}

const uint8_t *rootlet_tls_read_window(const rootlet_tls *tls, size_t *length)
{
    *length = read_length(tls);
    return tls->buffers.in + tls->read_begin;
}

rootlet_status rootlet_tls_read_done(rootlet_tls *tls, size_t taken)
{
    if (taken > read_length(tls)) {
        return rootlet_tls_fail(tls, ROOTLET_ERR_MISUSE);
    }
    tls->read_begin = (uint16_t)(tls->read_begin + taken);
    return ROOTLET_OK;
}

uint8_t *rootlet_tls_write_window(rootlet_tls *tls, size_t *length)
{
    *length = write_room(tls);
    return tls->buffers.out + ROOTLET_TLS_KEY_UPDATE_BYTES + RECORD_HEADER_BYTES;
}

rootlet_status rootlet_tls_write_done(rootlet_tls *tls, size_t written)
{
    if (written == 0 || written > write_room(tls)) {
        return rootlet_tls_fail(tls, ROOTLET_ERR_MISUSE);
    }
    /* A key seals at most 2^24 records: within the limit of every suite (section 5.5), and the
     * sequence number never wraps. */
    bool used_up = tls->secrets.keys.write.sequence >> 24 != 0;
    if (!ROOTLET_TLS_KEY_UPDATE && used_up) {
        return rootlet_tls_fail(tls, ROOTLET_ERR_TLS_SEQUENCE);
    }
    tls->out = tls->buffers.out;
    tls->out_begin = ROOTLET_TLS_KEY_UPDATE_BYTES;
    if (ROOTLET_TLS_KEY_UPDATE && (tls->update_owed || used_up)) {
        tls->update_owed = false;
        rootlet_tls_send_key_update(tls, false);
    }
    tls->idle = 0;
    tls->out_end = (uint16_t)(ROOTLET_TLS_KEY_UPDATE_BYTES +
                              rootlet_tls_seal(tls, tls->buffers.out + ROOTLET_TLS_KEY_UPDATE_BYTES,
                                               written, CONTENT_APPLICATION_DATA));
    return ROOTLET_OK;
}

rootlet_status rootlet_tls_update_keys(rootlet_tls *tls, bool request_peer)
{
    if (!ROOTLET_TLS_KEY_UPDATE || write_room(tls) == 0) {
        return rootlet_tls_fail(tls, ROOTLET_ERR_MISUSE);
    }
    /* Section 4.7.3: no second request before the first is answered. */
    bool request = request_peer && !tls->update_requested;
    if (!request) {
        tls->update_owed = false; /* this is the answer, if one was due */
    }
    tls->update_requested = tls->update_requested || request;
    rootlet_tls_send_key_update(tls, request);
    return ROOTLET_OK;
}

rootlet_status rootlet_tls_close(rootlet_tls *tls)
{
    if (tls->state == STATE_CLOSED) {
        return tls->status;
    }
    if (!tls->write_closed) {
        rootlet_tls_say(tls, LEVEL_WARNING, ROOTLET_ALERT_CLOSE_NOTIFY);
    }
    if (!tls->connected) {
        tls->status = ROOTLET_ERR_TLS_CLOSED;
    }
    if (!tls->connected || tls->read_closed) {
        rootlet_tls_end(tls);
    }
    rootlet_tls_send_next(tls);
    return ROOTLET_OK;
}

rootlet_status rootlet_tls_status(const rootlet_tls *tls)
{
    return tls->status;
}

uint8_t rootlet_tls_alert_received(const rootlet_tls *tls)
{
    return tls->alert;
}

bool rootlet_tls_connected(const rootlet_tls *tls)
{
    return tls->connected;
}

void rootlet_tls_wipe(rootlet_tls *tls)
{
    rootlet_status status = tls->status;
    if (status == ROOTLET_OK && tls->state != STATE_CLOSED) {
        status = ROOTLET_ERR_TLS_CLOSED;
    }
    uint8_t alert = tls->alert;
    rootlet_wipe(tls->buffers.in, tls->buffers.in_length);
    rootlet_wipe(tls->buffers.out, tls->buffers.out_length);
    rootlet_wipe(tls->buffers.handshake, tls->buffers.handshake_length);
    rootlet_wipe(tls, sizeof *tls);
    tls->status = status;
    tls->alert = alert;
}
