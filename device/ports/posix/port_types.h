/* A connection and a place for datagrams on POSIX: connected sockets. */
#ifndef POSIX_PORT_TYPES_H
#define POSIX_PORT_TYPES_H

typedef struct port_tcp {
    int handle;
} port_tcp;

typedef struct port_udp {
    int handle;
} port_udp;

#endif
