/* A client under a fuzzer: its memory, of exactly the smallest sizes, and the properties that hold
 * after every step. */
#ifndef FUZZ_TLS_CLIENT_H
#define FUZZ_TLS_CLIENT_H

#include "fuzz.h"

#include "fuzz_data.h"
#include "tls/engine.h"

typedef struct fuzz_client {
    rootlet_tls tls;
    rootlet_tls_config config;
    rootlet_identity identity;
    rootlet_tls_buffers buffers;
    rootlet_status first; /* the first failure seen */
    bool was_connected;
} fuzz_client;

/* What holds whatever was received. */
static inline void fuzz_expect(fuzz_client *client)
{
    rootlet_tls *tls = &client->tls;
    unsigned wants = rootlet_tls_wants(tls);
    rootlet_status status = rootlet_tls_status(tls);
    EXPECT(client->first == ROOTLET_OK || status == client->first); /* the first error sticks */
    client->first = status;
    client->was_connected = client->was_connected || rootlet_tls_connected(tls);
    EXPECT(client->was_connected || !(wants & (ROOTLET_TLS_READ | ROOTLET_TLS_WRITE)));
    if (status != ROOTLET_OK) {
        EXPECT(!(wants & (ROOTLET_TLS_RECV | ROOTLET_TLS_READ | ROOTLET_TLS_WRITE)));
    }
    EXPECT(wants != 0);
}

/* All that is to be sent is sent, all that is to be read is read. */
static inline void fuzz_drain(fuzz_client *client)
{
    size_t length;
    while (rootlet_tls_wants(&client->tls) & (ROOTLET_TLS_SEND | ROOTLET_TLS_READ)) {
        fuzz_expect(client);
        const uint8_t *bytes = rootlet_tls_send_window(&client->tls, &length);
        if (length == 0) {
            bytes = rootlet_tls_read_window(&client->tls, &length);
            EXPECT(length != 0);
            volatile uint8_t last = bytes[length - 1];
            (void)last;
            (void)rootlet_tls_read_done(&client->tls, length);
        } else {
            volatile uint8_t last = bytes[length - 1];
            (void)last;
            (void)rootlet_tls_send_done(&client->tls, length);
        }
    }
    fuzz_expect(client);
}

/* Hands over bytes, piece at a time, as far as they are taken. */
static inline void fuzz_feed(fuzz_client *client, const uint8_t *bytes, size_t left, size_t piece)
{
    while (left > 0 && rootlet_tls_wants(&client->tls) & ROOTLET_TLS_RECV) {
        size_t room;
        uint8_t *window = rootlet_tls_recv_window(&client->tls, &room);
        size_t part = room < left ? room : left;
        part = piece != 0 && piece < part ? piece : part;
        memcpy(window, bytes, part);
        (void)rootlet_tls_recv_done(&client->tls, part);
        bytes += part;
        left -= part;
        fuzz_drain(client);
    }
}

static inline void fuzz_begin(fuzz_client *client, bool with_identity)
{
    memset(client, 0, sizeof *client);
    client->identity = (rootlet_identity){fuzz_chain, 2, fuzz_leaf_private};
    client->config.trust = fuzz_trust;
    client->config.identity = with_identity ? &client->identity : NULL;
    client->config.random = fuzz_random;
    client->buffers =
        (rootlet_tls_buffers){malloc(ROOTLET_TLS_IN_BYTES),        ROOTLET_TLS_IN_BYTES,
                              malloc(ROOTLET_TLS_OUT_BYTES),       ROOTLET_TLS_OUT_BYTES,
                              malloc(ROOTLET_TLS_HANDSHAKE_BYTES), ROOTLET_TLS_HANDSHAKE_BYTES};
    EXPECT(rootlet_tls_init(&client->tls, &client->config, &client->buffers) == ROOTLET_OK);
    fuzz_drain(client);
}

static inline void fuzz_end(fuzz_client *client)
{
    (void)rootlet_tls_recv_end(&client->tls);
    fuzz_drain(client);
    rootlet_tls_wipe(&client->tls);
    const uint8_t *secrets = (const uint8_t *)&client->tls.secrets;
    for (size_t i = 0; i < sizeof client->tls.secrets; i++) {
        EXPECT(secrets[i] == 0);
    }
    EXPECT(rootlet_tls_wants(&client->tls) == ROOTLET_TLS_CLOSED);
    free(client->buffers.in);
    free(client->buffers.out);
    free(client->buffers.handshake);
}

#endif
