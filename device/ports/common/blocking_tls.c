/* See blocking_tls.h. */
#include "blocking_tls.h"

#include "rootlet/wipe.h"

#include <string.h>

static bool send_window(blocking_tls *tls)
{
    size_t length;
    const uint8_t *window = rootlet_tls_send_window(&tls->engine, &length);
    size_t moved = port_tcp_send(&tls->tcp, window, length, tls->timeout_ms);
    if (moved == 0) {
        (void)rootlet_tls_recv_end(&tls->engine);
        return false;
    }
    tls->sent += moved;
    (void)rootlet_tls_send_done(&tls->engine, moved);
    return true;
}

static void receive_window(blocking_tls *tls)
{
    size_t length;
    uint8_t *window = rootlet_tls_recv_window(&tls->engine, &length);
    size_t moved = port_tcp_receive(&tls->tcp, window, length, tls->timeout_ms);
    if (moved == 0) {
        (void)rootlet_tls_recv_end(&tls->engine);
        return;
    }
    tls->received += moved;
    (void)rootlet_tls_recv_done(&tls->engine, moved);
}

/* Sends what is ready, then takes what has arrived, until one of the wanted bits is set. */
static bool pump_until(blocking_tls *tls, unsigned wanted)
{
    for (;;) {
        unsigned wants = rootlet_tls_wants(&tls->engine);
        if (wants & ROOTLET_TLS_SEND) {
            if (!send_window(tls)) {
                return false;
            }
        } else if (wants & wanted) {
            return true;
        } else if (wants & ROOTLET_TLS_RECV) {
            receive_window(tls);
        } else {
            return false; /* closed, and nothing left to say */
        }
    }
}

/* The randomness is on the stack here only: the engine has its own copy. Not inlined: its frame
 * must not lie under the handshake. */
__attribute__((noinline)) static rootlet_status start(blocking_tls *tls, rootlet_tls_config *config,
                                                      const rootlet_tls_buffers *buffers)
{
    uint8_t random[ROOTLET_TLS_RANDOM_BYTES];
    if (!port_random(random, sizeof random)) {
        return ROOTLET_ERR_MISUSE;
    }
    config->random = random;
    rootlet_status status = rootlet_tls_init(&tls->engine, config, buffers);
    config->random = NULL;
    rootlet_wipe(random, sizeof random);
    return status;
}

rootlet_status blocking_tls_connect(blocking_tls *tls, const char *address,
                                    rootlet_tls_config *config, const rootlet_tls_buffers *buffers,
                                    uint32_t timeout_ms)
{
    tls->sent = tls->received = 0;
    tls->timeout_ms = timeout_ms;
    tls->open = false;
    rootlet_status status = start(tls, config, buffers);
    if (status != ROOTLET_OK) {
        return status;
    }
    tls->open = port_tcp_connect(&tls->tcp, address, timeout_ms);
    if (!tls->open) {
        (void)rootlet_tls_recv_end(&tls->engine);
    } else if (pump_until(tls, ROOTLET_TLS_WRITE)) {
        return ROOTLET_OK;
    }
    status = rootlet_tls_status(&tls->engine);
    return status == ROOTLET_OK ? ROOTLET_ERR_TLS_TRUNCATED : status;
}

rootlet_status blocking_tls_write(blocking_tls *tls, const void *bytes, size_t length)
{
    const uint8_t *next = bytes;
    while (length > 0) {
        size_t room;
        if (!pump_until(tls, ROOTLET_TLS_WRITE)) {
            rootlet_status status = rootlet_tls_status(&tls->engine);
            return status == ROOTLET_OK ? ROOTLET_ERR_TLS_CLOSED : status;
        }
        uint8_t *window = rootlet_tls_write_window(&tls->engine, &room);
        size_t part = length < room ? length : room;
        memcpy(window, next, part);
        rootlet_status status = rootlet_tls_write_done(&tls->engine, part);
        if (status != ROOTLET_OK) {
            return status;
        }
        next += part;
        length -= part;
    }
    (void)pump_until(tls, ROOTLET_TLS_WRITE); /* what was sealed goes out now */
    return ROOTLET_OK;
}

size_t blocking_tls_read(blocking_tls *tls, void *bytes, size_t length)
{
    size_t ready;
    if (!pump_until(tls, ROOTLET_TLS_READ)) {
        return 0;
    }
    const uint8_t *window = rootlet_tls_read_window(&tls->engine, &ready);
    size_t part = length < ready ? length : ready;
    memcpy(bytes, window, part);
    (void)rootlet_tls_read_done(&tls->engine, part);
    return part;
}

void blocking_tls_close(blocking_tls *tls)
{
    if (tls->open) {
        (void)rootlet_tls_close(&tls->engine);
        (void)pump_until(tls, ROOTLET_TLS_RECV); /* sends, and does not wait for an answer */
        port_tcp_close(&tls->tcp);
        tls->open = false;
    }
    rootlet_tls_wipe(&tls->engine);
}
