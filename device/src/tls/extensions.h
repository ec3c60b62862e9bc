/*
 * Vectors and extension blocks, sections 3.4 and 4.3. Each one this client knows has a place, and a
 * bit in the sets of those it offers and those a message may carry.
 */
#ifndef ROOTLET_TLS_EXTENSIONS_H
#define ROOTLET_TLS_EXTENSIONS_H

#include "base/reader.h"
#include "rootlet/status.h"
#include "rootlet/tls.h"

#define EXTENSION_SERVER_NAME 0u
#define EXTENSION_MAX_FRAGMENT_LENGTH 1u
#define EXTENSION_SUPPORTED_GROUPS 10u
#define EXTENSION_SIGNATURE_ALGORITHMS 13u
#define EXTENSION_ALPN 16u
#define EXTENSION_RECORD_SIZE_LIMIT 28u
#define EXTENSION_SUPPORTED_VERSIONS 43u
#define EXTENSION_COOKIE 44u
#define EXTENSION_KEY_SHARE 51u

/* Their places in the order of rootlet_tls_read_extensions' list, and a bit each. */
enum {
    AT_SERVER_NAME,
    AT_MAX_FRAGMENT_LENGTH,
    AT_SUPPORTED_GROUPS,
    AT_SIGNATURE_ALGORITHMS,
    AT_ALPN,
    AT_RECORD_SIZE_LIMIT,
    AT_SUPPORTED_VERSIONS,
    AT_COOKIE,
    AT_KEY_SHARE,
    AT_UNKNOWN, /* every other one */
    EXTENSION_PLACES
};

#define BIT_SERVER_NAME (1u << AT_SERVER_NAME)
#define BIT_MAX_FRAGMENT_LENGTH (1u << AT_MAX_FRAGMENT_LENGTH)
#define BIT_SUPPORTED_GROUPS (1u << AT_SUPPORTED_GROUPS)
#define BIT_SIGNATURE_ALGORITHMS (1u << AT_SIGNATURE_ALGORITHMS)
#define BIT_ALPN (1u << AT_ALPN)
#define BIT_RECORD_SIZE_LIMIT (1u << AT_RECORD_SIZE_LIMIT)
#define BIT_SUPPORTED_VERSIONS (1u << AT_SUPPORTED_VERSIONS)
#define BIT_COOKIE (1u << AT_COOKIE)
#define BIT_KEY_SHARE (1u << AT_KEY_SHARE)
#define BIT_UNKNOWN (1u << AT_UNKNOWN)

/* Enters a vector that must reach exactly to the reader's end: the reader goes on inside it. false
 * when it does not, or the reader has failed before. */
/*@ requires \valid(reader) && readable(*reader) && width <= 4;
    assigns *reader;
    ensures read_on(*reader, \old(*reader));
    ensures \result ==> reader->next != \null; */
ROOTLET_CHECKED bool rootlet_tls_enter_last(rootlet_reader *reader, size_t width);

/*
 * Reads a block of extensions, length and all. found holds what each says, a reader whose next is
 * NULL where there is none, after a failure too. What they say is not looked at:
 * ROOTLET_ERR_TLS_DECODE when the block is malformed, else for the last one at fault
 * ROOTLET_ERR_TLS_ILLEGAL_PARAMETER when it stands twice, or was offered but is not allowed here,
 * ROOTLET_ERR_TLS_UNSUPPORTED_EXTENSION when it was not offered. BIT_UNKNOWN lets all that
 * are unknown pass, and BIT_COOKIE a cookie, though it was not offered.
 */
/*@ predicate extensions_found{L}(rootlet_reader *found) =
        readable_at(found, AT_SERVER_NAME) && readable_at(found, AT_MAX_FRAGMENT_LENGTH) &&
        readable_at(found, AT_SUPPORTED_GROUPS) &&
        readable_at(found, AT_SIGNATURE_ALGORITHMS) && readable_at(found, AT_ALPN) &&
        readable_at(found, AT_RECORD_SIZE_LIMIT) &&
        readable_at(found, AT_SUPPORTED_VERSIONS) && readable_at(found, AT_COOKIE) &&
        readable_at(found, AT_KEY_SHARE) && readable_at(found, AT_UNKNOWN);
    predicate extension_beside{L}(rootlet_reader *found, integer at, uint8_t *others) =
        beside(found[at].next, others);
    predicate extension_offered{L}(rootlet_reader *found, integer at, integer offered) =
        found[at].next != \null ==> (offered >> at & 1) != 0; */
/*@ requires \valid(found + (0 .. EXTENSION_PLACES - 1)) && \valid(reader) && readable(*reader);
    requires \separated(found + (0 .. EXTENSION_PLACES - 1), reader);
    requires \valid_read(tls) && \separated(tls, found + (0 .. EXTENSION_PLACES - 1), reader);
    assigns found[0 .. EXTENSION_PLACES - 1], *reader;
    ensures extensions_found(found);
    ensures \forall integer at; 0 <= at < EXTENSION_PLACES ==>
        extension_beside(found, at, \old(reader->next));
    ensures \result == ROOTLET_OK ==> \forall integer at; 0 <= at < EXTENSION_PLACES ==>
        extension_offered(found, at,
            tls->offered | (allowed & (BIT_COOKIE | BIT_UNKNOWN)));
    ensures \old(reader->next) == \null ==> \result == ROOTLET_ERR_TLS_DECODE;
    ensures read_on(*reader, \old(*reader)); */
ROOTLET_CHECKED rootlet_status rootlet_tls_read_extensions(rootlet_reader found[EXTENSION_PLACES],
                                                           rootlet_reader *reader, unsigned allowed,
                                                           const rootlet_tls *tls);

#endif
