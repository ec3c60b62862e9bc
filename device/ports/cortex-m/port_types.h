/* A connection and a place for datagrams over lwIP. */
#ifndef PORT_TYPES_H
#define PORT_TYPES_H

#include "lwip/pbuf.h"
#include "lwip/tcp.h"
#include "lwip/udp.h"

#include <stdbool.h>

typedef struct port_tcp {
    struct tcp_pcb *pcb; /* NULL once the connection is gone */
    struct pbuf *queue;  /* received, not taken yet */
    bool connected;
    bool ended; /* the other side has closed or reset */
} port_tcp;

typedef struct port_udp {
    struct udp_pcb *pcb;
    struct pbuf *packet; /* received, not taken yet */
} port_udp;

#endif
