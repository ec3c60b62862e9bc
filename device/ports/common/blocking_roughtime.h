/* Roughtime over any port's UDP: asks several servers, and takes what most of them agree on. */
#ifndef PORT_BLOCKING_ROUGHTIME_H
#define PORT_BLOCKING_ROUGHTIME_H

#include "device_clock.h"
#include "evidence.h"
#include "port.h"

#include "rootlet/bundle.h"
#include "rootlet/rootlet.h"

/* Servers asked in one measurement, drawn from the bundle's: with five, two may lie. */
#define MEASURED_SERVERS 5
/* Longest wait for an answer. One that takes longer widens the interval more than it is worth. */
#define LONGEST_DELAY_SECONDS 5

typedef struct roughtime_options {
    const char *const *addresses; /* in the place of the bundle's first ones; NULL for none */
    size_t address_count;
    uint32_t timeout_ms; /* for an answer, up to LONGEST_DELAY_SECONDS */
    evidence *evidence;  /* NULL when nothing is to be kept */
} roughtime_options;

/* All the memory that a measurement needs beside its stack and the evidence, and what came of it;
 * free again afterwards. */
typedef struct blocking_roughtime {
    rootlet_roughtime_sample sample;
    uint8_t head[ROOTLET_ROUGHTIME_HEAD_BYTES];
    uint8_t response[ROOTLET_ROUGHTIME_RESPONSE_BYTES];
    uint8_t random[ROOTLET_ROUGHTIME_NONCE_BYTES]; /* the current question's */
    size_t response_length; /* of the answer that the next question is chained to; 0: none */
    rootlet_time allowed[MEASURED_SERVERS]; /* by each server, when its last answer came */
    uint32_t arrived[MEASURED_SERVERS];     /* milliseconds: when that was */
    uint8_t place[MEASURED_SERVERS];        /* in the bundle, in the order of asking */
    uint64_t chain_earliest;                /* the latest time that one of the chain calls over */
    port_udp udp;
    uint32_t departure, arrival; /* milliseconds: of the last question, of the last packet */
    const rootlet_bundle *bundle;
    const roughtime_options *options;

    rootlet_time interval;           /* what most of them allow */
    uint8_t asked, answered, agreed; /* servers; agreed: with the interval; 0: there is none */
    bool contradiction;     /* the chain proves a lie: two answers that cannot both be true */
    rootlet_status failure; /* of a question that had no good answer */
    size_t sent, received;  /* bytes of UDP payload */
} blocking_roughtime;

/*
 * Waits as device_clock_wait says, asks up to MEASURED_SERVERS of the bundle's servers in a random
 * order, each nonce chained to the answer before it (RFC 10049 section 8.2), and sets the clock to
 * what more than half of those asked agree on: with three servers one may lie or be silent, with
 * one everything hangs on it. Who does not answer is asked once more, after a second, if that is
 * needed. A second round follows where the answers contradict each other and evidence is kept,
 * so that who was asked first is asked after the others, too.
 *
 * Replies that do not check are ignored until the timeout (section 5.4). On failure the clock goes
 * on as before, and counts it: ROOTLET_ERR_ROUGHTIME_INCONSISTENT when no majority agrees, or when
 * it names a time that is over; otherwise what was wrong with an answer, or
 * ROOTLET_ERR_ROUGHTIME_DELAY where there was none. ROOTLET_ERR_MISUSE when there is no randomness.
 */
ROOTLET_CHECKED rootlet_status blocking_roughtime_measure(blocking_roughtime *measurement,
                                                          device_clock *clock,
                                                          const rootlet_bundle *bundle,
                                                          const roughtime_options *options);

#endif
