/*
 * The trust bundle: all that a device knows of its maker, as `rootlet bundle` writes it into
 * rootlet_bundle.c. Constant data; nothing here is secret.
 */
#ifndef ROOTLET_BUNDLE_H
#define ROOTLET_BUNDLE_H

#include "roughtime.h"
#include "x509.h"

#include <stddef.h>
#include <stdint.h>

typedef struct rootlet_time_server {
    const char *address;                      /* "host:port", zero-terminated */
    uint8_t key[ROOTLET_ROUGHTIME_KEY_BYTES]; /* long-term Ed25519 key */
} rootlet_time_server;

typedef struct rootlet_bundle {
    const rootlet_anchor *anchors; /* the root, and its successor when there is one */
    size_t anchor_count;
    const char *const *hosts; /* DNS names of the maker's servers, zero-terminated */
    size_t host_count;
    const rootlet_time_server *time_servers;
    size_t time_server_count;
} rootlet_bundle;

/* The one that the generated file defines. */
extern const rootlet_bundle rootlet_trust;

/* Seconds since 1970: when the root became valid. No device that carries the bundle lived before,
 * so that a clock can begin there. */
extern const uint64_t rootlet_trust_made;

#endif
