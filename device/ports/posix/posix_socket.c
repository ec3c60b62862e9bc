/* See posix_socket.h. */
#include "posix_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
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

int posix_connect(const char *address, int type, int timeout_ms)
{
    char host[ADDRESS_BYTES];
    const char *port;
    struct addrinfo hints = {.ai_socktype = type};
    struct addrinfo *found = NULL;
    if (!split(address, host, &port) || getaddrinfo(host, port, &hints, &found) != 0) {
        return -1;
    }
    struct timeval limit = {timeout_ms / 1000, (timeout_ms % 1000) * 1000};
    int handle = -1;
    for (struct addrinfo *one = found; one != NULL && handle < 0; one = one->ai_next) {
        handle = socket(one->ai_family, one->ai_socktype, one->ai_protocol);
        if (handle < 0) {
            continue;
        }
        if (setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
            setsockopt(handle, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
            connect(handle, one->ai_addr, one->ai_addrlen) != 0) {
            close(handle);
            handle = -1;
        }
    }
    freeaddrinfo(found);
    if (handle >= 0 && type == SOCK_STREAM) {
        /* A request of two records must not wait for the acknowledgement of the first. */
        (void)setsockopt(handle, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    }
    return handle;
}

bool posix_random(uint8_t *bytes, size_t length)
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

uint64_t posix_milliseconds(void)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
