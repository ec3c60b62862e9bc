/*
 * Blocking UDP and TCP over lwIP, polled. Addresses are "127.0.0.1:PORT" and mean the emulator's
 * host: its user network shows the host's loopback as 10.0.2.2.
 */
#ifndef PORT_NET_H
#define PORT_NET_H

#include "lwip/pbuf.h"
#include "lwip/tcp.h"
#include "lwip/udp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct net_tcp {
    struct tcp_pcb *pcb; /* NULL once the connection is gone */
    struct pbuf *queue;  /* received, not taken yet */
    bool connected;
    bool ended; /* the other side has closed or reset */
} net_tcp;

typedef struct net_udp {
    struct udp_pcb *pcb;
    struct pbuf *packet; /* received, not taken yet */
} net_udp;

/* Starts the interface; once, first. */
void net_start(void);

/* false when there is no such address, no answer in time, or a refusal. */
bool net_tcp_connect(net_tcp *tcp, const char *address, uint32_t timeout_ms);
/* Bytes taken for sending, 1 to length; 0 when the connection has failed. */
size_t net_tcp_send(net_tcp *tcp, const uint8_t *bytes, size_t length, uint32_t timeout_ms);
/* Bytes received, 1 to room; 0 at the end or after timeout_ms of silence. */
size_t net_tcp_receive(net_tcp *tcp, uint8_t *bytes, size_t room, uint32_t timeout_ms);
/* Safe also after a failed connect. */
void net_tcp_close(net_tcp *tcp);

bool net_udp_open(net_udp *udp, const char *address);
/* Sends head followed by zeros, which are in flash and never held in RAM. */
bool net_udp_send(net_udp *udp, const uint8_t *head, uint16_t length, const uint8_t *zeros,
                  uint16_t zeros_length);
/* Length of the packet received, cut to room; 0 when none came in time. */
size_t net_udp_receive(net_udp *udp, uint8_t *bytes, size_t room, uint32_t timeout_ms);
void net_udp_close(net_udp *udp);

#endif
