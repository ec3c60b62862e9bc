/* The blocking pump: a TLS connection over any port's TCP. */
#ifndef PORT_BLOCKING_TLS_H
#define PORT_BLOCKING_TLS_H

#include "port.h"

#include "rootlet/rootlet.h"

typedef struct blocking_tls {
    rootlet_tls engine;
    port_tcp tcp;
    bool open;             /* tcp is connected */
    uint32_t timeout_ms;   /* longest silence of the server */
    size_t sent, received; /* bytes of TCP payload */
} blocking_tls;

/* Connects to "host:port" and completes the handshake. The configuration and its buffers stay the
 * caller's; its random bytes are drawn here. ROOTLET_ERR_TLS_TRUNCATED when the server cannot be
 * reached or says nothing for timeout_ms, ROOTLET_ERR_MISUSE when there is no randomness. */
ROOTLET_CHECKED rootlet_status blocking_tls_connect(blocking_tls *tls, const char *address,
                                                    rootlet_tls_config *config,
                                                    const rootlet_tls_buffers *buffers,
                                                    uint32_t timeout_ms);

/* Sends all of it. */
ROOTLET_CHECKED rootlet_status blocking_tls_write(blocking_tls *tls, const void *bytes,
                                                  size_t length);

/* Waits for data: the number of bytes; 0 at the end, in order or not: see rootlet_tls_status. */
size_t blocking_tls_read(blocking_tls *tls, void *bytes, size_t length);

/* Says close_notify, closes the connection and wipes it. Safe after a failed connect, too. */
void blocking_tls_close(blocking_tls *tls);

#endif
