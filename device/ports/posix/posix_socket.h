/* Sockets, randomness and a clock for intervals, on POSIX. */
#ifndef ROOTLET_POSIX_SOCKET_H
#define ROOTLET_POSIX_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* A connected socket to "host:port" or "[v6]:port" with send and receive timeouts, or -1. type is
 * SOCK_STREAM or SOCK_DGRAM. */
int posix_connect(const char *address, int type, int timeout_ms);

/* Fills bytes from the system's generator; false when there is none. */
bool posix_random(uint8_t *bytes, size_t length);

/* Milliseconds of a clock that never goes back; its start means nothing. */
uint64_t posix_milliseconds(void);

#endif
