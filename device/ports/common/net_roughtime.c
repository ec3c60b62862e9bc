/* See net_roughtime.h. */
#include "net_roughtime.h"

#include "board.h"

/* An answer that took longer widens the interval more than it is worth. */
#define MOST_DELAY_SECONDS 5

static const uint8_t zeros[ROOTLET_ROUGHTIME_PADDING_BYTES];

/* Rounded up, so that an interval is never made too narrow. */
static uint32_t seconds_up(uint32_t milliseconds)
{
    return (milliseconds + 999) / 1000;
}

/* RFC 10049 section 8.2: the first nonce is random, each next one binds the answer before. */
static bool prepare(net_roughtime *exchange, const rootlet_time_server *server)
{
    uint8_t nonce[ROOTLET_ROUGHTIME_NONCE_BYTES], random[ROOTLET_ROUGHTIME_NONCE_BYTES];
    if (!board_random(random, sizeof random)) {
        return false;
    }
    meter_enter(&exchange->cost, board_stack_now());
    rootlet_roughtime_chain(nonce, exchange->response, exchange->response_length, random);
    rootlet_roughtime_request(exchange->head, nonce, server->key);
    meter_leave(&exchange->cost);
    return true;
}

static rootlet_status check(net_roughtime *exchange, const uint8_t *key)
{
    meter_enter(&exchange->cost, board_stack_now());
    rootlet_status status =
        rootlet_roughtime_check(&exchange->sample, exchange->head, ROOTLET_ROUGHTIME_HEAD_BYTES,
                                ROOTLET_ROUGHTIME_PADDING_BYTES, exchange->response,
                                exchange->response_length, key, ROOTLET_ROUGHTIME_STRICT);
    meter_leave(&exchange->cost);
    return status;
}

static rootlet_status ask(net_roughtime *exchange, const rootlet_time_server *server,
                          const char *address, uint32_t timeout_ms, uint32_t *delay)
{
    rootlet_status status = ROOTLET_ERR_ROUGHTIME_DELAY;
    net_udp udp;
    uint32_t start = board_milliseconds();
    if (net_udp_open(&udp, address) &&
        net_udp_send(&udp, exchange->head, sizeof exchange->head, zeros, sizeof zeros)) {
        exchange->sent += ROOTLET_ROUGHTIME_REQUEST_BYTES;
        uint32_t passed = 0;
        do {
            size_t got = net_udp_receive(&udp, exchange->response, sizeof exchange->response,
                                         timeout_ms - passed);
            passed = board_milliseconds() - start;
            if (got == 0) {
                break;
            }
            exchange->received += got;
            exchange->response_length = got;
            *delay = seconds_up(passed);
            status = check(exchange, server->key);
        } while (status != ROOTLET_OK && passed < timeout_ms);
    }
    net_udp_close(&udp);
    return status;
}

rootlet_status net_roughtime_measure(net_roughtime *exchange, rootlet_time *known,
                                     const rootlet_bundle *bundle, const char *address,
                                     uint32_t timeout_ms)
{
    rootlet_time interval = {0, UINT64_MAX};
    rootlet_status status = ROOTLET_ERR_ROUGHTIME_DELAY; /* no server, no time */
    uint32_t last_reply = board_milliseconds();
    *known = (rootlet_time){0, 0};
    exchange->response_length = 0;
    exchange->sent = exchange->received = 0;
    meter_start(&exchange->cost, board_stack_now());
    for (size_t i = 0; i < bundle->time_server_count; i++) {
        const rootlet_time_server *server = &bundle->time_servers[i];
        uint32_t delay = 0;
        if (!prepare(exchange, server)) {
            return ROOTLET_ERR_MISUSE;
        }
        status = ask(exchange, server, i == 0 && address != NULL ? address : server->address,
                     timeout_ms, &delay);
        if (status == ROOTLET_OK) {
            uint32_t now = board_milliseconds();
            status =
                rootlet_roughtime_join(&interval, &exchange->sample, seconds_up(now - last_reply),
                                       delay, MOST_DELAY_SECONDS);
            last_reply = now;
        }
        if (status != ROOTLET_OK) {
            return status;
        }
    }
    if (status == ROOTLET_OK) {
        *known = interval;
    }
    return status;
}
