/*
 * Roughtime client, RFC 10049 (version 1) and the last drafts' 0x8000000c: two pure functions,
 * build a request and check a reply, and the rules for using several servers.
 *
 * Nothing here sends or waits. The request's padding is zeros and is never held in RAM: the
 * caller sends the head followed by ROOTLET_ROUGHTIME_PADDING_BYTES zeros.
 */
#ifndef ROOTLET_ROUGHTIME_H
#define ROOTLET_ROUGHTIME_H

#include "status.h"
#include "x509.h"

#include <stddef.h>
#include <stdint.h>

#define ROOTLET_ROUGHTIME_VERSION_1 1u
#define ROOTLET_ROUGHTIME_VERSION_DRAFT 0x8000000cu

#define ROOTLET_ROUGHTIME_NONCE_BYTES 32
#define ROOTLET_ROUGHTIME_KEY_BYTES 32
/* Header 12, five tags 40, VER 8, SRV 32, NONC 32, TYPE 4. */
#define ROOTLET_ROUGHTIME_HEAD_BYTES 128
/* RFC 10049 section 5.1: the message is padded to 1024 bytes, so the packet to 1036. */
#define ROOTLET_ROUGHTIME_PADDING_BYTES 908
#define ROOTLET_ROUGHTIME_REQUEST_BYTES 1036
/* A response is never longer than its request (RFC 10049 section 9.7). */
#define ROOTLET_ROUGHTIME_RESPONSE_BYTES 1036

/* Options of rootlet_roughtime_check. */
#define ROOTLET_ROUGHTIME_STRICT 0u
/* Version 1 has the drafts' context strings ("RoughTime") instead of its own ("Roughtime"):
 * RFC 10049's appendix B examples are signed so. Never on by itself. */
#define ROOTLET_ROUGHTIME_APPENDIX_B 1u

/* The true time lies in (midpoint - radius, midpoint + radius), seconds since 1970. */
typedef struct rootlet_roughtime_sample {
    uint64_t midpoint;
    uint32_t radius;  /* seconds, not 0 */
    uint32_t version; /* the version the server answered with */
} rootlet_roughtime_sample;

/* Writes the request's head: versions 1 and 0x8000000c offered, SRV made from the server's
 * long-term key. nonce is 32 fresh random bytes, or from rootlet_roughtime_chain. */
/*@ requires \valid(head + (0 .. ROOTLET_ROUGHTIME_HEAD_BYTES - 1));
    requires \valid_read(nonce + (0 .. ROOTLET_ROUGHTIME_NONCE_BYTES - 1));
    requires \valid_read(server_key + (0 .. ROOTLET_ROUGHTIME_KEY_BYTES - 1));
    assigns head[0 .. ROOTLET_ROUGHTIME_HEAD_BYTES - 1]; */
void rootlet_roughtime_request(uint8_t head[ROOTLET_ROUGHTIME_HEAD_BYTES],
                               const uint8_t nonce[ROOTLET_ROUGHTIME_NONCE_BYTES],
                               const uint8_t server_key[ROOTLET_ROUGHTIME_KEY_BYTES]);

/*
 * Checks a reply to a request: format, nonce, version, delegation, window, signature and Merkle
 * proof (RFC 10049 section 5.4). The request is request_length bytes followed by request_zeros
 * zero bytes: (head, 128, 908) for one made here, or any stored packet with 0; of it only the
 * nonce and the versions are read, which must stand before the zeros. sample is written only on
 * ROOTLET_OK. A failed reply is to be ignored and waiting continued until the timeout: anyone can
 * send one. Statuses: ROOTLET_ERR_ROUGHTIME_PACKET to _MERKLE, and _REQUEST.
 */
/*@ requires \valid(sample);
    requires \valid_read(request + (0 .. request_length - 1));
    requires \valid_read(response + (0 .. response_length - 1));
    requires \valid_read(server_key + (0 .. ROOTLET_ROUGHTIME_KEY_BYTES - 1));
    assigns *sample; */
ROOTLET_CHECKED rootlet_status rootlet_roughtime_check(
    rootlet_roughtime_sample *sample, const uint8_t *request, size_t request_length,
    size_t request_zeros, const uint8_t *response, size_t response_length,
    const uint8_t server_key[ROOTLET_ROUGHTIME_KEY_BYTES], unsigned options);

/* The next nonce of a chain: H(previous whole response packet || random), RFC 10049 section 8.2.
 * Keep random: it belongs to the evidence. */
/*@ requires \valid(nonce + (0 .. ROOTLET_ROUGHTIME_NONCE_BYTES - 1));
    requires \valid_read(response + (0 .. response_length - 1));
    requires \valid_read(random + (0 .. ROOTLET_ROUGHTIME_NONCE_BYTES - 1));
    assigns nonce[0 .. ROOTLET_ROUGHTIME_NONCE_BYTES - 1]; */
void rootlet_roughtime_chain(uint8_t nonce[ROOTLET_ROUGHTIME_NONCE_BYTES], const uint8_t *response,
                             size_t response_length,
                             const uint8_t random[ROOTLET_ROUGHTIME_NONCE_BYTES]);

/*
 * Joins the next sample of a chained measurement into *known, the interval the true time lay in
 * when the last joined reply arrived; before the first, {0, UINT64_MAX}.
 *
 * elapsed: seconds from the arrival of the last joined reply to the arrival of this one, with
 * everything in between (other tries, timeouts); anything for the first. delay: seconds from
 * sending the request to the arrival of its reply. Both rounded up, measured with a clock that is
 * not being set.
 *
 * ROOTLET_ERR_ROUGHTIME_DELAY when delay is over max_delay (RFC 10049 section 8.2);
 * ROOTLET_ERR_ROUGHTIME_INCONSISTENT when no time fits both, which means that a server lies (or
 * that elapsed is too small). *known is then unchanged.
 */
/*@ requires \valid(known) && \valid_read(sample);
    assigns *known; */
ROOTLET_CHECKED rootlet_status rootlet_roughtime_join(rootlet_time *known,
                                                      const rootlet_roughtime_sample *sample,
                                                      uint32_t elapsed, uint32_t delay,
                                                      uint32_t max_delay);

#endif
