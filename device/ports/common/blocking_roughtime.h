/* Roughtime over any port's UDP: send, wait, ignore what does not check, join several servers. */
#ifndef PORT_BLOCKING_ROUGHTIME_H
#define PORT_BLOCKING_ROUGHTIME_H

#include "port.h"

#include "rootlet/bundle.h"
#include "rootlet/rootlet.h"

/* All the memory that a measurement needs beside its stack; free again afterwards. */
typedef struct blocking_roughtime {
    rootlet_roughtime_sample sample;
    uint8_t head[ROOTLET_ROUGHTIME_HEAD_BYTES];
    uint8_t response[ROOTLET_ROUGHTIME_RESPONSE_BYTES];
    size_t response_length;
    port_udp udp;
    uint32_t delay;        /* seconds from sending to receiving, rounded up */
    uint32_t last_reply;   /* when it came */
    size_t sent, received; /* bytes of UDP payload */
} blocking_roughtime;

/*
 * Asks every server of the bundle once, each nonce chained to the answer before it, and joins the
 * answers into *known. Replies that do not check are ignored until timeout_ms is over (RFC 10049
 * section 5.4); the last one's status is returned. The first failure ends it: then *known is
 * {0, 0}, the time of a device that knows nothing. address replaces the first server's own when not
 * NULL.
 */
ROOTLET_CHECKED rootlet_status blocking_roughtime_measure(blocking_roughtime *exchange,
                                                          rootlet_time *known,
                                                          const rootlet_bundle *bundle,
                                                          const char *address, uint32_t timeout_ms);

#endif
