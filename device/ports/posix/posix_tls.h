/*
 * The blocking pump: a TLS connection over a POSIX socket. The engine knows nothing of sockets;
 * this is all that a port has to add.
 */
#ifndef ROOTLET_POSIX_TLS_H
#define ROOTLET_POSIX_TLS_H

#include "rootlet/rootlet.h"

#include <sys/types.h>

typedef struct posix_tls {
    rootlet_tls engine;
    int handle;            /* the connected socket, closed by posix_tls_close */
    size_t sent, received; /* bytes of TCP payload */
} posix_tls;

/* Connects to "host:port" and completes the handshake. The configuration and its buffers stay the
 * caller's. ROOTLET_ERR_TLS_TRUNCATED when the server cannot be reached or says nothing. */
ROOTLET_CHECKED rootlet_status posix_tls_connect(posix_tls *tls, const char *address,
                                                 const rootlet_tls_config *config,
                                                 const rootlet_tls_buffers *buffers,
                                                 int timeout_ms);

/* Sends all of it. */
ROOTLET_CHECKED rootlet_status posix_tls_write(posix_tls *tls, const void *bytes, size_t length);

/* Waits for data: the number of bytes, 0 at the orderly end, -1 after a failure (see
 * rootlet_tls_status(&tls->engine)). */
ssize_t posix_tls_read(posix_tls *tls, void *bytes, size_t length);

/* Says close_notify, wipes the connection and closes the socket. */
void posix_tls_close(posix_tls *tls);

#endif
