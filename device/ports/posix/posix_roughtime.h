/*
 * Roughtime over UDP on POSIX: send, wait, ignore what does not check, join several servers.
 */
#ifndef ROOTLET_POSIX_ROUGHTIME_H
#define ROOTLET_POSIX_ROUGHTIME_H

#include "rootlet/bundle.h"
#include "rootlet/rootlet.h"

/* What one exchange cost and brought. */
typedef struct posix_exchange {
    rootlet_roughtime_sample sample; /* valid when status is ROOTLET_OK */
    rootlet_status status; /* of the last packet that came; ROOTLET_ERR_ROUGHTIME_DELAY for none */
    uint8_t response[ROOTLET_ROUGHTIME_RESPONSE_BYTES];
    size_t response_length; /* bytes */
    uint32_t delay;         /* seconds from sending to receiving, rounded up */
    size_t sent, received;  /* bytes of UDP payload */
} posix_exchange;

/*
 * Asks one server and waits until a reply checks or timeout_ms is over; replies that do not check
 * are ignored (RFC 10049 section 5.4), and the last one's status is kept for the caller to show.
 * address replaces the server's own when not NULL. Returns exchange->status.
 */
ROOTLET_CHECKED rootlet_status posix_roughtime_ask(
    posix_exchange *exchange, const rootlet_time_server *server, const char *address,
    const uint8_t nonce[ROOTLET_ROUGHTIME_NONCE_BYTES], int timeout_ms);

/*
 * Asks every server of the bundle once, each nonce chained to the answer before it, and joins the
 * answers into *known. The first failure ends it: then *known is {0, 0}, the time of a device that
 * knows nothing. address is as above, for the first server. sent and received count up.
 */
ROOTLET_CHECKED rootlet_status posix_roughtime_measure(rootlet_time *known,
                                                       const rootlet_bundle *bundle,
                                                       const char *address, int timeout_ms,
                                                       size_t *sent, size_t *received);

#endif
