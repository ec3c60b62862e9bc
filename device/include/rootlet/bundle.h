/*
 * The trust bundle: all that a device is given about its maker. `rootlet bundle` writes it as
 * rootlet_bundle.h and rootlet_bundle.c, which define the six objects declared at the end; a
 * program that knows several bundles fills rootlet_bundle values of its own.
 *
 * Everything is constant and public.
 */
#ifndef ROOTLET_BUNDLE_H
#define ROOTLET_BUNDLE_H

#include "roughtime.h"
#include "x509.h"

#include <stddef.h>
#include <stdint.h>

/* A Roughtime server. */
typedef struct rootlet_time_server {
    const char *name;                         /* for people */
    const char *address;                      /* "host:port", an IPv6 address in brackets */
    uint8_t key[ROOTLET_ROUGHTIME_KEY_BYTES]; /* its long-term key */
} rootlet_time_server;

typedef struct rootlet_bundle {
    const rootlet_anchor *anchors; /* the root, and its successor where there is one */
    size_t anchor_count;
    const char *const *hosts; /* the maker's servers: DNS names, A-labels */
    size_t host_count;
    const rootlet_time_server *time_servers;
    size_t time_server_count;
} rootlet_bundle;

extern const rootlet_anchor rootlet_bundle_anchors[];
extern const size_t rootlet_bundle_anchor_count;
extern const char *const rootlet_bundle_hosts[];
extern const size_t rootlet_bundle_host_count;
extern const rootlet_time_server rootlet_bundle_time_servers[];
extern const size_t rootlet_bundle_time_server_count;

#endif
