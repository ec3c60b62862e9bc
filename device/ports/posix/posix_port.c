/* See port.h: sockets, the system's generator and its clock. */
#include "port.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* Longest address taken: a DNS name of 253 bytes, brackets, colon and port. */
#define ADDRESS_BYTES 264

static bool split(const char *address, char host[ADDRESS_BYTES], const char **port)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL || (size_t)(colon - address) >= ADDRESS_BYTES) {
        return false;
    }
    size_t length = (size_t)(colon - address);
    if (length >= 2 && address[0] == '[' && address[length - 1] == ']') {
        address++;
        length -= 2;
    }
    memcpy(host, address, length);
    host[length] = '\0';
    *port = colon + 1;
    return true;
}

/* A connected socket, or -1. A connection is given up after timeout_ms. */
static int connected(const char *address, int type, uint32_t timeout_ms)
{
    char host[ADDRESS_BYTES];
    const char *port;
    struct addrinfo hints = {.ai_socktype = type};
    struct addrinfo *found = NULL;
    if (!split(address, host, &port) || getaddrinfo(host, port, &hints, &found) != 0) {
        return -1;
    }
    struct timeval limit = {(time_t)(timeout_ms / 1000), (suseconds_t)(timeout_ms % 1000 * 1000)};
    int handle = -1;
    for (struct addrinfo *one = found; one != NULL && handle < 0; one = one->ai_next) {
        handle = socket(one->ai_family, one->ai_socktype, one->ai_protocol);
        if (handle < 0) {
            continue;
        }
        if (setsockopt(handle, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
            connect(handle, one->ai_addr, one->ai_addrlen) != 0) {
            close(handle);
            handle = -1;
        }
    }
    freeaddrinfo(found);
    return handle;
}

/* true when the socket can be read or written within timeout_ms, or tells of a failure then. */
static bool ready(int handle, short event, uint32_t timeout_ms)
{
    struct pollfd one = {.fd = handle, .events = event};
    return poll(&one, 1, (int)timeout_ms) > 0;
}

static size_t receive(int handle, uint8_t *bytes, size_t room, uint32_t timeout_ms)
{
    if (!ready(handle, POLLIN, timeout_ms)) {
        return 0;
    }
    ssize_t moved = recv(handle, bytes, room, MSG_DONTWAIT);
    return moved > 0 ? (size_t)moved : 0;
}

bool port_tcp_connect(port_tcp *tcp, const char *address, uint32_t timeout_ms)
{
    tcp->handle = connected(address, SOCK_STREAM, timeout_ms);
    if (tcp->handle < 0) {
        return false;
    }
    /* A request of two records must not wait for the acknowledgement of the first. */
    (void)setsockopt(tcp->handle, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return true;
}

size_t port_tcp_send(port_tcp *tcp, const uint8_t *bytes, size_t length, uint32_t timeout_ms)
{
    if (!ready(tcp->handle, POLLOUT, timeout_ms)) {
        return 0;
    }
    ssize_t moved = send(tcp->handle, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    return moved > 0 ? (size_t)moved : 0;
}

size_t port_tcp_receive(port_tcp *tcp, uint8_t *bytes, size_t room, uint32_t timeout_ms)
{
    return receive(tcp->handle, bytes, room, timeout_ms);
}

void port_tcp_close(port_tcp *tcp)
{
    close(tcp->handle);
    tcp->handle = -1;
}

bool port_udp_open(port_udp *udp, const char *address)
{
    udp->handle = connected(address, SOCK_DGRAM, 0);
    return udp->handle >= 0;
}

bool port_udp_send(port_udp *udp, const uint8_t *head, uint16_t length, const uint8_t *zeros,
                   uint16_t zeros_length)
{
    /* sendmsg does not write through iov_base, which is not const for readv's sake. */
    struct iovec parts[2] = {{(void *)(uintptr_t)head, length},
                             {(void *)(uintptr_t)zeros, zeros_length}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    return sendmsg(udp->handle, &message, 0) == length + zeros_length;
}

size_t port_udp_receive(port_udp *udp, uint8_t *bytes, size_t room, uint32_t timeout_ms)
{
    return receive(udp->handle, bytes, room, timeout_ms);
}

void port_udp_close(port_udp *udp)
{
    close(udp->handle);
    udp->handle = -1;
}

bool port_random(uint8_t *bytes, size_t length)
{
    FILE *source = fopen("/dev/urandom", "rb");
    if (source == NULL) {
        return false;
    }
    /* Unbuffered: no copy of the bytes stays behind in a buffer of the C library. */
    (void)setvbuf(source, NULL, _IONBF, 0);
    bool whole = fread(bytes, 1, length, source) == length;
    (void)fclose(source);
    return whole;
}

uint32_t port_milliseconds(void)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

void port_pause(uint32_t milliseconds)
{
    const struct timespec pause = {(time_t)(milliseconds / 1000),
                                   (long)(milliseconds % 1000) * 1000000};
    (void)nanosleep(&pause, NULL);
}
