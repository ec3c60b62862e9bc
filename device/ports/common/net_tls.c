/* See net_tls.h. */
#include "net_tls.h"

#include "board.h"

#include "rootlet/wipe.h"

#include <string.h>

static bool send_window(net_tls *tls)
{
    size_t length;
    const uint8_t *window = rootlet_tls_send_window(&tls->engine, &length);
    size_t moved = net_tcp_send(&tls->tcp, window, length, tls->timeout_ms);
    if (moved == 0) {
        (void)rootlet_tls_recv_end(&tls->engine);
        return false;
    }
    tls->sent += moved;
    meter_enter(&tls->cost, board_stack_now());
    (void)rootlet_tls_send_done(&tls->engine, moved);
    meter_leave(&tls->cost);
    return true;
}

static void receive_window(net_tls *tls)
{
    size_t length;
    uint8_t *window = rootlet_tls_recv_window(&tls->engine, &length);
    size_t moved = net_tcp_receive(&tls->tcp, window, length, tls->timeout_ms);
    if (moved == 0) {
        (void)rootlet_tls_recv_end(&tls->engine);
        return;
    }
    tls->received += moved;
    meter_enter(&tls->cost, board_stack_now());
    (void)rootlet_tls_recv_done(&tls->engine, moved);
    meter_leave(&tls->cost);
}

/* Sends what is ready, then takes what has arrived, until one of the wanted bits is set. */
static bool pump_until(net_tls *tls, unsigned wanted)
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

/* The randomness is on the stack here only: the engine has its own copy. */
static rootlet_status start(net_tls *tls, rootlet_tls_config *config,
                            const rootlet_tls_buffers *buffers)
{
    uint8_t random[ROOTLET_TLS_RANDOM_BYTES];
    if (!board_random(random, sizeof random)) {
        return ROOTLET_ERR_MISUSE;
    }
    config->random = random;
    meter_enter(&tls->cost, board_stack_now());
    rootlet_status status = rootlet_tls_init(&tls->engine, config, buffers);
    meter_leave(&tls->cost);
    config->random = NULL;
    rootlet_wipe(random, sizeof random);
    return status;
}

rootlet_status net_tls_connect(net_tls *tls, const char *address, rootlet_tls_config *config,
                               const rootlet_tls_buffers *buffers, uint32_t timeout_ms)
{
    tls->sent = tls->received = 0;
    meter_start(&tls->cost, board_stack_now());
    tls->timeout_ms = timeout_ms;
    tls->tcp = (net_tcp){.ended = true};
    rootlet_status status = start(tls, config, buffers);
    if (status != ROOTLET_OK) {
        return status;
    }
    if (!net_tcp_connect(&tls->tcp, address, timeout_ms)) {
        (void)rootlet_tls_recv_end(&tls->engine);
    } else if (pump_until(tls, ROOTLET_TLS_WRITE)) {
        return ROOTLET_OK;
    }
    status = rootlet_tls_status(&tls->engine);
    return status == ROOTLET_OK ? ROOTLET_ERR_TLS_TRUNCATED : status;
}

rootlet_status net_tls_write(net_tls *tls, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        size_t room;
        if (!pump_until(tls, ROOTLET_TLS_WRITE)) {
            rootlet_status status = rootlet_tls_status(&tls->engine);
            return status == ROOTLET_OK ? ROOTLET_ERR_TLS_CLOSED : status;
        }
        uint8_t *window = rootlet_tls_write_window(&tls->engine, &room);
        size_t part = length < room ? length : room;
        memcpy(window, bytes, part);
        meter_enter(&tls->cost, board_stack_now());
        rootlet_status status = rootlet_tls_write_done(&tls->engine, part);
        meter_leave(&tls->cost);
        if (status != ROOTLET_OK) {
            return status;
        }
        bytes += part;
        length -= part;
    }
    (void)pump_until(tls, ROOTLET_TLS_WRITE); /* what was sealed goes out now */
    return ROOTLET_OK;
}

size_t net_tls_read(net_tls *tls, uint8_t *bytes, size_t length)
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

void net_tls_close(net_tls *tls)
{
    if (tls->tcp.pcb != NULL) {
        (void)rootlet_tls_close(&tls->engine);
        (void)pump_until(tls, ROOTLET_TLS_RECV); /* sends, and does not wait for an answer */
    }
    net_tcp_close(&tls->tcp);
    rootlet_tls_wipe(&tls->engine);
}
