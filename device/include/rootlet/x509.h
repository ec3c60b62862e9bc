/*
 * X.509 server certificates against the bundled root: RFC 5280 path validation for [leaf] and
 * [leaf, issuing], names by RFC 9525, as fixed in docs/PROFILE.md.
 *
 * A trust anchor is a name and a key (RFC 5280 section 6.1.1 d). The root's own fields are
 * checked once, when it is bundled. Revocation is not checked: server certificates are short-lived.
 */
#ifndef ROOTLET_X509_H
#define ROOTLET_X509_H

#include "config.h"
#include "status.h"

#include <stddef.h>
#include <stdint.h>

/* Both pointers are read during a check only. */
typedef struct rootlet_anchor {
    const uint8_t *name;       /* the root's subject, DER of the whole Name */
    size_t name_length;        /* bytes */
    const uint8_t *public_key; /* ROOTLET_PUBLIC_KEY_BYTES */
} rootlet_anchor;

/* What is known of the time: it lies in [earliest, latest], seconds since 1970-01-01T00:00:00Z,
 * both ends included. A certificate must be valid over the whole interval. */
typedef struct rootlet_time {
    uint64_t earliest;
    uint64_t latest;
} rootlet_time;

/* One DER certificate. */
typedef struct rootlet_certificate {
    const uint8_t *der;
    size_t length; /* bytes */
} rootlet_certificate;

/* What a check needs to know; everything is the caller's and is read during the check only. */
typedef struct rootlet_x509_config {
    const rootlet_anchor *anchors;
    size_t anchor_count;
    /* The DNS name asked for: ASCII, A-labels, not zero-terminated; one trailing dot is dropped.
     * Or, when host_is_address, the 4 or 16 bytes of an IP address. */
    const uint8_t *host;
    size_t host_length;
    uint8_t host_is_address; /* 0 or 1 */
    rootlet_time now;
} rootlet_x509_config;

/*
 * Checks a chain as the server sent it, leaf first; at most ROOTLET_CHAIN_CERTIFICATES.
 * The second certificate is used only when no anchor issued the leaf; what follows a complete
 * path (a trailing root) is not looked at. On ROOTLET_OK, and only then, the leaf's public key is
 * written. Otherwise the status of the first check that failed.
 */
ROOTLET_CHECKED rootlet_status rootlet_x509_check(uint8_t public_key[ROOTLET_PUBLIC_KEY_BYTES],
                                                  const rootlet_certificate *chain, size_t count,
                                                  const rootlet_x509_config *config);

#endif
