/* See posix_roughtime.h. */
#include "posix_roughtime.h"

#include "posix_socket.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* An answer that took longer widens the interval more than it is worth. */
#define MOST_DELAY_SECONDS 5

static const uint8_t zeros[ROOTLET_ROUGHTIME_PADDING_BYTES];

/* Rounded up, so that an interval is never made too narrow. */
static uint32_t seconds_up(uint64_t milliseconds)
{
    return (uint32_t)((milliseconds + 999) / 1000);
}

static bool send_request(int handle, uint8_t head[ROOTLET_ROUGHTIME_HEAD_BYTES])
{
    /* sendmsg does not write through iov_base, which is not const for readv's sake. */
    struct iovec parts[2] = {{head, ROOTLET_ROUGHTIME_HEAD_BYTES},
                             {(void *)(uintptr_t)zeros, sizeof zeros}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    return sendmsg(handle, &message, 0) == ROOTLET_ROUGHTIME_REQUEST_BYTES;
}

static void wait_for_reply(posix_exchange *exchange, int handle,
                           const uint8_t head[ROOTLET_ROUGHTIME_HEAD_BYTES],
                           const rootlet_time_server *server, int timeout_ms)
{
    uint64_t start = posix_milliseconds();
    while (posix_milliseconds() - start < (uint64_t)timeout_ms) {
        ssize_t got = recv(handle, exchange->response, sizeof exchange->response, 0);
        if (got <= 0) {
            return;
        }
        exchange->received += (size_t)got;
        exchange->response_length = (size_t)got;
        exchange->delay = seconds_up(posix_milliseconds() - start);
        exchange->status = rootlet_roughtime_check(
            &exchange->sample, head, ROOTLET_ROUGHTIME_HEAD_BYTES, ROOTLET_ROUGHTIME_PADDING_BYTES,
            exchange->response, exchange->response_length, server->key, ROOTLET_ROUGHTIME_STRICT);
        if (exchange->status == ROOTLET_OK) {
            return;
        }
    }
}

rootlet_status posix_roughtime_ask(posix_exchange *exchange, const rootlet_time_server *server,
                                   const char *address,
                                   const uint8_t nonce[ROOTLET_ROUGHTIME_NONCE_BYTES],
                                   int timeout_ms)
{
    uint8_t head[ROOTLET_ROUGHTIME_HEAD_BYTES];
    *exchange = (posix_exchange){.status = ROOTLET_ERR_ROUGHTIME_DELAY};
    rootlet_roughtime_request(head, nonce, server->key);
    int handle = posix_connect(address != NULL ? address : server->address, SOCK_DGRAM, timeout_ms);
    if (handle < 0) {
        return exchange->status;
    }
    if (send_request(handle, head)) {
        exchange->sent = ROOTLET_ROUGHTIME_REQUEST_BYTES;
        wait_for_reply(exchange, handle, head, server, timeout_ms);
    }
    close(handle);
    return exchange->status;
}

rootlet_status posix_roughtime_measure(rootlet_time *known, const rootlet_bundle *bundle,
                                       const char *address, int timeout_ms, size_t *sent,
                                       size_t *received)
{
    rootlet_time interval = {0, UINT64_MAX};
    rootlet_status status = ROOTLET_ERR_ROUGHTIME_DELAY; /* no server, no time */
    posix_exchange exchange;
    uint8_t nonce[ROOTLET_ROUGHTIME_NONCE_BYTES];
    uint64_t last_reply = posix_milliseconds();
    *known = (rootlet_time){0, 0};
    for (size_t i = 0; i < bundle->time_server_count; i++) {
        uint8_t random[ROOTLET_ROUGHTIME_NONCE_BYTES];
        if (!posix_random(random, sizeof random)) {
            return ROOTLET_ERR_MISUSE;
        }
        /* RFC 10049 section 8.2: the first nonce is random, each next one binds the answer before.
         */
        rootlet_roughtime_chain(nonce, exchange.response, i == 0 ? 0 : exchange.response_length,
                                random);
        status = posix_roughtime_ask(&exchange, &bundle->time_servers[i], i == 0 ? address : NULL,
                                     nonce, timeout_ms);
        *sent += exchange.sent;
        *received += exchange.received;
        if (status == ROOTLET_OK) {
            uint64_t now = posix_milliseconds();
            status =
                rootlet_roughtime_join(&interval, &exchange.sample, seconds_up(now - last_reply),
                                       exchange.delay, MOST_DELAY_SECONDS);
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
