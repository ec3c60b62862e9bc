/* See posix_tls.h. */
#include "posix_tls.h"

#include "posix_socket.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Sends what is ready, then takes what has arrived, until one of the wanted bits is set. */
static bool pump_until(posix_tls *tls, unsigned wanted)
{
    for (;;) {
        unsigned wants = rootlet_tls_wants(&tls->engine);
        size_t length;
        if (wants & ROOTLET_TLS_SEND) {
            const uint8_t *window = rootlet_tls_send_window(&tls->engine, &length);
            ssize_t moved = send(tls->handle, window, length, MSG_NOSIGNAL);
            if (moved <= 0) {
                (void)rootlet_tls_recv_end(&tls->engine);
                return false;
            }
            tls->sent += (size_t)moved;
            (void)rootlet_tls_send_done(&tls->engine, (size_t)moved);
        } else if (wants & wanted) {
            return true;
        } else if (wants & ROOTLET_TLS_RECV) {
            uint8_t *window = rootlet_tls_recv_window(&tls->engine, &length);
            ssize_t moved = recv(tls->handle, window, length, 0);
            if (moved <= 0) {
                (void)rootlet_tls_recv_end(&tls->engine);
            } else {
                tls->received += (size_t)moved;
                (void)rootlet_tls_recv_done(&tls->engine, (size_t)moved);
            }
        } else {
            return false; /* closed, and nothing left to say */
        }
    }
}

rootlet_status posix_tls_connect(posix_tls *tls, const char *address,
                                 const rootlet_tls_config *config,
                                 const rootlet_tls_buffers *buffers, int timeout_ms)
{
    tls->sent = tls->received = 0;
    tls->handle = -1;
    rootlet_status status = rootlet_tls_init(&tls->engine, config, buffers);
    if (status != ROOTLET_OK) {
        return status;
    }
    tls->handle = posix_connect(address, SOCK_STREAM, timeout_ms);
    if (tls->handle < 0) {
        (void)rootlet_tls_recv_end(&tls->engine);
    } else if (pump_until(tls, ROOTLET_TLS_WRITE)) {
        return ROOTLET_OK;
    }
    status = rootlet_tls_status(&tls->engine);
    return status == ROOTLET_OK ? ROOTLET_ERR_TLS_TRUNCATED : status;
}

rootlet_status posix_tls_write(posix_tls *tls, const void *bytes, size_t length)
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

ssize_t posix_tls_read(posix_tls *tls, void *bytes, size_t length)
{
    size_t ready;
    if (!pump_until(tls, ROOTLET_TLS_READ)) {
        return rootlet_tls_status(&tls->engine) == ROOTLET_OK ? 0 : -1;
    }
    const uint8_t *window = rootlet_tls_read_window(&tls->engine, &ready);
    size_t part = length < ready ? length : ready;
    memcpy(bytes, window, part);
    (void)rootlet_tls_read_done(&tls->engine, part);
    return (ssize_t)part;
}

void posix_tls_close(posix_tls *tls)
{
    if (tls->handle >= 0) {
        (void)rootlet_tls_close(&tls->engine);
        (void)pump_until(tls, ROOTLET_TLS_RECV); /* sends, and does not wait for an answer */
        close(tls->handle);
        tls->handle = -1;
    }
    rootlet_tls_wipe(&tls->engine);
}
