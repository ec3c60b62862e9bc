/* The blocking pump: a TLS connection over TCP, as posix_tls.h has it for POSIX. */
#ifndef PORT_NET_TLS_H
#define PORT_NET_TLS_H

#include "meter.h"
#include "net.h"

#include "rootlet/rootlet.h"

typedef struct net_tls {
    rootlet_tls engine;
    net_tcp tcp;
    uint32_t timeout_ms;   /* longest silence of the server */
    size_t sent, received; /* bytes of TCP payload */
    meter cost;            /* of everything since net_tls_connect */
} net_tls;

/* Connects and completes the handshake. The configuration and its buffers stay the caller's.
 * ROOTLET_ERR_TLS_TRUNCATED when the server cannot be reached or says nothing for timeout_ms. */
ROOTLET_CHECKED rootlet_status net_tls_connect(net_tls *tls, const char *address,
                                               rootlet_tls_config *config,
                                               const rootlet_tls_buffers *buffers,
                                               uint32_t timeout_ms);

/* Sends all of it. */
ROOTLET_CHECKED rootlet_status net_tls_write(net_tls *tls, const uint8_t *bytes, size_t length);

/* Waits for data: the number of bytes; 0 at the end, in order or not: see rootlet_tls_status. */
size_t net_tls_read(net_tls *tls, uint8_t *bytes, size_t length);

/* Says close_notify, wipes the connection and closes it. */
void net_tls_close(net_tls *tls);

#endif
