/* See blocking_roughtime.h. */
#include "blocking_roughtime.h"

/* An answer that took longer widens the interval more than it is worth. */
#define MOST_DELAY_SECONDS 5

static const uint8_t zeros[ROOTLET_ROUGHTIME_PADDING_BYTES];

/* Rounded up, so that an interval is never made too narrow. */
static uint32_t seconds_up(uint32_t milliseconds)
{
    return (milliseconds + 999) / 1000;
}

/* RFC 10049 section 8.2: the first nonce is random, each next one binds the answer before. Not
 * inlined: its frame must not lie under the check. */
__attribute__((noinline)) static bool prepare(blocking_roughtime *exchange,
                                              const rootlet_time_server *server)
{
    uint8_t nonce[ROOTLET_ROUGHTIME_NONCE_BYTES], random[ROOTLET_ROUGHTIME_NONCE_BYTES];
    if (!port_random(random, sizeof random)) {
        return false;
    }
    rootlet_roughtime_chain(nonce, exchange->response, exchange->response_length, random);
    rootlet_roughtime_request(exchange->head, nonce, server->key);
    return true;
}

/* Waits for an answer that checks, until timeout_ms is over. */
static rootlet_status wait_for_answer(blocking_roughtime *exchange, const uint8_t *key,
                                      uint32_t timeout_ms)
{
    rootlet_status status = ROOTLET_ERR_ROUGHTIME_DELAY;
    const uint32_t start = port_milliseconds();
    uint32_t passed = 0;
    do {
        size_t got = port_udp_receive(&exchange->udp, exchange->response, sizeof exchange->response,
                                      timeout_ms - passed);
        if (got == 0) {
            break;
        }
        passed = port_milliseconds() - start;
        exchange->delay = seconds_up(passed);
        exchange->received += got;
        exchange->response_length = got;
        status =
            rootlet_roughtime_check(&exchange->sample, exchange->head, ROOTLET_ROUGHTIME_HEAD_BYTES,
                                    ROOTLET_ROUGHTIME_PADDING_BYTES, exchange->response,
                                    exchange->response_length, key, ROOTLET_ROUGHTIME_STRICT);
    } while (status != ROOTLET_OK && passed < timeout_ms);
    return status;
}

static rootlet_status ask(blocking_roughtime *exchange, const rootlet_time_server *server,
                          const char *address, uint32_t timeout_ms)
{
    rootlet_status status = ROOTLET_ERR_ROUGHTIME_DELAY;
    if (!prepare(exchange, server)) {
        return ROOTLET_ERR_MISUSE;
    }
    if (!port_udp_open(&exchange->udp, address)) {
        return status;
    }
    if (port_udp_send(&exchange->udp, exchange->head, sizeof exchange->head, zeros, sizeof zeros)) {
        exchange->sent += ROOTLET_ROUGHTIME_REQUEST_BYTES;
        status = wait_for_answer(exchange, server->key, timeout_ms);
    }
    port_udp_close(&exchange->udp);
    return status;
}

rootlet_status blocking_roughtime_measure(blocking_roughtime *exchange, rootlet_time *known,
                                          const rootlet_bundle *bundle, const char *address,
                                          uint32_t timeout_ms)
{
    rootlet_status status = ROOTLET_ERR_ROUGHTIME_DELAY; /* no server, no time */
    *known = (rootlet_time){0, UINT64_MAX};
    exchange->response_length = 0;
    exchange->sent = exchange->received = 0;
    exchange->last_reply = port_milliseconds();
    for (size_t i = 0; i < bundle->time_server_count; i++) {
        const rootlet_time_server *server = &bundle->time_servers[i];
        status = ask(exchange, server, i == 0 && address != NULL ? address : server->address,
                     timeout_ms);
        if (status == ROOTLET_OK) {
            uint32_t now = port_milliseconds();
            status = rootlet_roughtime_join(known, &exchange->sample,
                                            seconds_up(now - exchange->last_reply), exchange->delay,
                                            MOST_DELAY_SECONDS);
            exchange->last_reply = now;
        }
        if (status != ROOTLET_OK) {
            break;
        }
    }
    if (status != ROOTLET_OK) {
        *known = (rootlet_time){0, 0};
    }
    return status;
}
