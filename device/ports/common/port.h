/*
 * What a port provides, for one kind of board or system: randomness, a clock, TCP and UDP. The
 * blocking pumps beside this file call nothing else.
 */
#ifndef PORT_PORT_H
#define PORT_PORT_H

#include "port_types.h" /* the port's own: what port_tcp and port_udp are */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fills bytes with randomness; false when there is none. */
bool port_random(uint8_t *bytes, size_t length);

/* Milliseconds of a clock that never goes back. It wraps, and its start means nothing: only
 * differences count. To be called at least every two minutes. */
uint32_t port_milliseconds(void);

/* Returns after that time. */
void port_pause(uint32_t milliseconds);

/* To "host:port". false when there is no such address, no answer in time, or a refusal; nothing is
 * left to be closed then. */
bool port_tcp_connect(port_tcp *tcp, const char *address, uint32_t timeout_ms);
/* Bytes taken for sending, 1 to length; 0 when the connection has failed, or none could be taken
 * for timeout_ms. */
size_t port_tcp_send(port_tcp *tcp, const uint8_t *bytes, size_t length, uint32_t timeout_ms);
/* Bytes received, 1 to room; 0 at the end or after timeout_ms of silence. */
size_t port_tcp_receive(port_tcp *tcp, uint8_t *bytes, size_t room, uint32_t timeout_ms);
void port_tcp_close(port_tcp *tcp);

/* false when there is no such address; nothing is left to be closed then. */
bool port_udp_open(port_udp *udp, const char *address);
/* Sends one datagram: head followed by zeros, which need never be held in RAM. */
bool port_udp_send(port_udp *udp, const uint8_t *head, uint16_t length, const uint8_t *zeros,
                   uint16_t zeros_length);
/* Length of the packet received, cut to room; 0 when none came in time. */
size_t port_udp_receive(port_udp *udp, uint8_t *bytes, size_t room, uint32_t timeout_ms);
void port_udp_close(port_udp *udp);

#endif
