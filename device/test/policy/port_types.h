/* A port whose network is a test's own: see tests/support/measuring.py. */
#ifndef POLICY_PORT_TYPES_H
#define POLICY_PORT_TYPES_H

typedef struct port_tcp {
    int unused;
} port_tcp;

typedef struct port_udp {
    const char *address;
} port_udp;

#endif
