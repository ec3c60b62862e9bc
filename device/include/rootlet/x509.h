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

/*@ predicate readable_anchor(rootlet_anchor a) =
        \valid_read(a.name + (0 .. a.name_length - 1)) &&
        \valid_read(a.public_key + (0 .. ROOTLET_PUBLIC_KEY_BYTES - 1));
    predicate x509_configured{L}(rootlet_x509_config *config) =
        \valid_read(config->host + (0 .. config->host_length - 1)) &&
        \valid_read(config->anchors + (0 .. config->anchor_count - 1)) &&
        (\forall integer i; 0 <= i < config->anchor_count ==> readable_anchor(config->anchors[i]));
    predicate certificate_at{L}(rootlet_certificate *chain, integer i) =
        \valid_read(chain[i].der + (0 .. chain[i].length - 1)) &&
        (chain[i].der == \null ==> chain[i].length == 0); */

/*
 * Checks a chain as the server sent it, leaf first. On ROOTLET_OK, and only then, the leaf's public
 * key is written. Otherwise the status of the first check that failed, in this order (statuses
 * without their prefix ROOTLET_ERR_X509_; sections of RFC 5280):
 *
 * 0. The call: ROOTLET_ERR_MISUSE when the interval's ends are the wrong way round. CONFIGURED_NAME
 *    when the host is empty, longer than ROOTLET_HOST_NAME_BYTES, not in labels of 1 to 63
 *    letters, digits and hyphens (so no wildcard), ends in a label of digits only, or is an
 *    address of other than 4 or 16 bytes. EMPTY for no certificate; TOO_MANY for more than
 *    ROOTLET_CHAIN_CERTIFICATES.
 *
 * 1. Each certificate as it is needed for step 2, alone; in the order of its fields, where a
 *    missing field counts as malformed:
 *    ENCODING            not strict DER; trailing bytes
 *    VERSION             not v3, also when DER's default value is written out
 *    SERIAL              negative, or longer than 20 octets (4.1.2.2). Zero is tolerated.
 *    ALGORITHM           one of the two AlgorithmIdentifiers is not exactly the profile's
 *    NAME_ENCODING       issuer empty; issuer or subject no SEQUENCE. What is inside is compared,
 *                        never looked at
 *    DATE_ENCODING       a date malformed, not in the calendar, or not in the one form that 4.1.2.5
 *                        has for it: UTCTime through 2049, GeneralizedTime from 2050
 *    KEY                 not a key of the profile, exactly encoded (RFC 8410 section 4)
 *    then each extension: EXTENSION malformed (BOOLEAN FALSE written out, KeyUsage with no bit or
 *    trailing zero bits, a path length without cA, an empty sequence ...), or something else in
 *    the place of extensions, such as unique identifiers; DUPLICATE_EXTENSION;
 *    NAME_CONSTRAINTS, critical or not; CRITICAL_EXTENSION. Known are keyUsage,
 *    basicConstraints, extKeyUsage, subjectAltName.
 *
 * 2. The path. An anchor of the issuer's name, byte for byte, ends it, and what follows in the
 *    chain is not looked at, such as a root. Else the next certificate of that name continues it;
 *    others in between are skipped once they pass step 1. UNKNOWN_ISSUER when none is left.
 *
 * 3. Role and step 4. dates of each certificate of the path in turn, from the leaf up.
 *    Leaf:     LEAF_IS_CA; NAME_ENCODING for an empty subject without a critical subjectAltName
 *              (4.2.1.6); KEY_USAGE without digitalSignature
 *    Issuers:  NOT_CA without basicConstraints' cA; PATH_LENGTH, every issuer below it counted;
 *              KEY_USAGE without keyCertSign
 *    Both:     EXTENDED_KEY_USAGE without serverAuth; anyExtendedKeyUsage does not stand for it
 *    An absent keyUsage or extKeyUsage allows everything.
 * 4. NOT_YET_VALID at the interval's earliest end; else EXPIRED at its latest.
 *
 * 5. The host (RFC 9525): EXTENSION when a subjectAltName entry is malformed, NAME when none
 *    matches. A DNS name matches dNSName entries only: ASCII without regard to case, or with "*" as
 *    the whole left-most label, standing for exactly one. An address matches iPAddress entries
 *    only, octet by octet. The subject's common name is never looked at.
 *
 * 6. Signatures, from the anchor down. TOO_MANY when the path needs more than
 *    ROOTLET_CHAIN_SIGNATURES. SIGNATURE when one does not verify. Anchors may share a name, a root
 *    and its successor: each is tried, at one signature more each.
 *
 * Steps 1 to 5 cost next to nothing. So a wrong date or name is told without proof that the rest is
 * authentic: never act on a status as if the CA had said it. Uses about 600 bytes of stack, and
 * 300 beside what the signature check needs. Time is bounded by the chain's bytes, and quadratic in
 * the number of extensions.
 */
/*@ requires \valid(public_key + (0 .. ROOTLET_PUBLIC_KEY_BYTES - 1));
    requires \valid_read(chain + (0 .. count - 1));
    requires \forall integer i; 0 <= i < count ==> certificate_at(chain, i);
    requires \valid_read(config) && x509_configured(config);
    assigns public_key[0 .. ROOTLET_PUBLIC_KEY_BYTES - 1]; */
ROOTLET_CHECKED rootlet_status rootlet_x509_check(uint8_t public_key[ROOTLET_PUBLIC_KEY_BYTES],
                                                  const rootlet_certificate *chain, size_t count,
                                                  const rootlet_x509_config *config);

#endif
