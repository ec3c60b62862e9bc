/*
 * Replays recorded TLS sessions: all randomness is an argument, so the device must say the very
 * same bytes again. Each session is run with the largest pieces that go, and byte by byte. Every
 * buffer is an allocation of exactly its size, for runs under valgrind and the sanitizers.
 *
 * A session is a file of vectors.h. Lines up to "start" configure the connection (see configure),
 * those behind it are what happens: "<" bytes from the server, ">" bytes the device has sent since,
 * "read" data it has read since, "write" and "update" and "close" calls, "end" of the network,
 * "status" with number, alert received and whether it was connected.
 */
#include "vectors.h"

#include "rootlet/rootlet.h"

#include <stdlib.h>
#include <string.h>

#define MOST_CERTIFICATES 4
#define STREAM_BYTES 40000

typedef struct stream {
    uint8_t bytes[STREAM_BYTES];
    size_t length;
} stream;

typedef struct session {
    rootlet_tls tls;
    rootlet_tls_config config;
    rootlet_tls_buffers buffers;
    rootlet_anchor anchor;
    rootlet_identity identity;
    rootlet_certificate chain[MOST_CERTIFICATES];
    stream sent, answer;
    size_t piece; /* most bytes moved at once */
} session;

static uint8_t *copy_of(const vectors *v, int field)
{
    uint8_t *bytes = malloc(v->length[field]);
    if (bytes == NULL) {
        exit(2);
    }
    memcpy(bytes, v->bytes[field], v->length[field]);
    return bytes;
}

static uint8_t *buffer(const vectors *v, size_t *length)
{
    *length = strtoul(v->text[1], NULL, 10);
    uint8_t *bytes = malloc(*length);
    if (bytes == NULL) {
        exit(2);
    }
    return bytes;
}

static void configure_trust(session *s, const vectors *v)
{
    rootlet_x509_config *trust = &s->config.trust;
    const char *label = v->text[0];
    if (strcmp(label, "anchor") == 0) {
        s->anchor = (rootlet_anchor){copy_of(v, 1), v->length[1], copy_of(v, 2)};
        trust->anchors = &s->anchor;
        trust->anchor_count = 1;
    } else if (strcmp(label, "host") == 0) {
        trust->host = copy_of(v, 1);
        trust->host_length = v->length[1];
    } else if (strcmp(label, "address") == 0) {
        trust->host_is_address = 1;
    } else if (strcmp(label, "time") == 0) {
        trust->now.earliest = strtoull(v->text[1], NULL, 10);
        trust->now.latest = strtoull(v->text[2], NULL, 10);
    }
}

static void configure(session *s, const vectors *v)
{
    const char *label = v->text[0];
    configure_trust(s, v);
    if (strcmp(label, "in") == 0) {
        s->buffers.in = buffer(v, &s->buffers.in_length);
    } else if (strcmp(label, "out") == 0) {
        s->buffers.out = buffer(v, &s->buffers.out_length);
    } else if (strcmp(label, "handshake") == 0) {
        s->buffers.handshake = buffer(v, &s->buffers.handshake_length);
    } else if (strcmp(label, "random") == 0) {
        s->config.random = copy_of(v, 1);
    } else if (strcmp(label, "alpn") == 0) {
        s->config.alpn = copy_of(v, 1);
        s->config.alpn_length = v->length[1];
    } else if (strcmp(label, "tolerate") == 0) {
        s->config.limit_policy = ROOTLET_TLS_LIMIT_TOLERATED;
    } else if (strcmp(label, "key") == 0) {
        s->identity.private_key = copy_of(v, 1);
        s->identity.chain = s->chain;
        s->config.identity = &s->identity;
    } else if (strcmp(label, "certificate") == 0 && s->identity.count < MOST_CERTIFICATES) {
        s->chain[s->identity.count++] = (rootlet_certificate){copy_of(v, 1), v->length[1]};
    }
}

static size_t shorter(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void append(stream *to, const uint8_t *bytes, size_t length)
{
    if (length > sizeof to->bytes - to->length) {
        exit(2);
    }
    memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
}

/* Moves all that the device has to send and to read. */
static void drain(session *s)
{
    size_t length;
    while (rootlet_tls_wants(&s->tls) & ROOTLET_TLS_SEND) {
        const uint8_t *window = rootlet_tls_send_window(&s->tls, &length);
        length = shorter(length, s->piece);
        append(&s->sent, window, length);
        (void)rootlet_tls_send_done(&s->tls, length);
    }
    while (rootlet_tls_wants(&s->tls) & ROOTLET_TLS_READ) {
        const uint8_t *window = rootlet_tls_read_window(&s->tls, &length);
        length = shorter(length, s->piece);
        append(&s->answer, window, length);
        (void)rootlet_tls_read_done(&s->tls, length);
    }
}

static void receive(session *s, const uint8_t *bytes, size_t left)
{
    while (left > 0 && rootlet_tls_wants(&s->tls) & ROOTLET_TLS_RECV) {
        size_t length;
        uint8_t *window = rootlet_tls_recv_window(&s->tls, &length);
        length = shorter(shorter(length, left), s->piece);
        memcpy(window, bytes, length);
        (void)rootlet_tls_recv_done(&s->tls, length);
        bytes += length;
        left -= length;
        drain(s);
    }
}

static void write_data(session *s, const uint8_t *bytes, size_t left)
{
    while (left > 0 && rootlet_tls_wants(&s->tls) & ROOTLET_TLS_WRITE) {
        size_t length;
        uint8_t *window = rootlet_tls_write_window(&s->tls, &length);
        length = shorter(length, left);
        memcpy(window, bytes, length);
        (void)rootlet_tls_write_done(&s->tls, length);
        bytes += length;
        left -= length;
        drain(s);
    }
}

/* true when the stream is what the line says; it is then empty. */
static bool matches(stream *found, const vectors *v)
{
    bool same = vectors_equal(v, 1, found->bytes, found->length);
    found->length = 0;
    return same;
}

static bool ends_so(const session *s, const vectors *v)
{
    return (unsigned long)rootlet_tls_status(&s->tls) == strtoul(v->text[1], NULL, 10) &&
           rootlet_tls_alert_received(&s->tls) == strtoul(v->text[2], NULL, 10) &&
           rootlet_tls_connected(&s->tls) == (strcmp(v->text[3], "connected") == 0) &&
           s->sent.length == 0 && s->answer.length == 0;
}

static void happen(session *s, const vectors *v)
{
    const char *label = v->text[0];
    if (strcmp(label, "<") == 0) {
        receive(s, v->bytes[1], v->length[1]);
    } else if (strcmp(label, ">") == 0) {
        vectors_check(v, matches(&s->sent, v));
    } else if (strcmp(label, "read") == 0) {
        vectors_check(v, matches(&s->answer, v));
    } else if (strcmp(label, "write") == 0) {
        write_data(s, v->bytes[1], v->length[1]);
    } else if (strcmp(label, "update") == 0) {
        (void)rootlet_tls_update_keys(&s->tls, strcmp(v->text[1], "both") == 0);
    } else if (strcmp(label, "close") == 0) {
        (void)rootlet_tls_close(&s->tls);
    } else if (strcmp(label, "end") == 0) {
        (void)rootlet_tls_recv_end(&s->tls);
    } else if (strcmp(label, "status") == 0) {
        vectors_check(v, ends_so(s, v));
    } else {
        vectors_check(v, false);
    }
    drain(s);
}

static void release(session *s)
{
    rootlet_tls_wipe(&s->tls);
    const uint8_t *given[] = {s->buffers.in,    s->buffers.out,       s->buffers.handshake,
                              s->anchor.name,   s->anchor.public_key, s->config.trust.host,
                              s->config.random, s->config.alpn,       s->identity.private_key,
                              s->chain[0].der,  s->chain[1].der,      s->chain[2].der,
                              s->chain[3].der};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        free((void *)(uintptr_t)given[i]);
    }
    free(s);
}

static void replay(vectors *v, const char *folder, const char *name, size_t piece)
{
    session *s = calloc(1, sizeof *s);
    bool started = false;
    if (s == NULL) {
        exit(2);
    }
    s->piece = piece;
    vectors_open(v, folder, name);
    while (vectors_next(v)) {
        if (started) {
            happen(s, v);
        } else if (strcmp(v->text[0], "start") == 0) {
            started = true;
            vectors_check(v, rootlet_tls_init(&s->tls, &s->config, &s->buffers) == ROOTLET_OK);
            drain(s);
        } else {
            configure(s, v);
        }
    }
    check(started, name, "start");
    release(s);
}

int main(int count, char **words)
{
    static vectors v;
    for (int i = 2; i < count; i++) {
        replay(&v, words[1], words[i], SIZE_MAX);
        replay(&v, words[1], words[i], 1);
    }
    return vectors_summary();
}
