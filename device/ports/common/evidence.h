/*
 * A chain of Roughtime answers, kept for the case that two of them cannot both be true: proof, for
 * anyone, that a server lies (RFC 10049 section 8.4). `rootlet time verify-report` reads the bytes
 * as they are and can write them as the RFC's report.
 *
 *   8 bytes   EVIDENCE_MAGIC
 *   and for each answer, in the order of arrival:
 *   32 bytes  the server's long-term key
 *   32 bytes  random; the question's nonce is H(answer before || random), or H(random)
 *    2 bytes  length of the answer, little-endian
 *   then      the answer, a whole packet
 *
 * The questions are not kept: rootlet_roughtime_request makes the same one of a key and a nonce.
 */
#ifndef PORT_EVIDENCE_H
#define PORT_EVIDENCE_H

#include "rootlet/roughtime.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVIDENCE_MAGIC "ROUGHEV1"
#define EVIDENCE_MAGIC_BYTES 8
#define EVIDENCE_HEAD_BYTES (2 * 32 + 2)
/* Room for so many answers of servers that answer up to 16 questions at once: 4 nodes of 32. */
#define EVIDENCE_BYTES(answers)                                                                    \
    (EVIDENCE_MAGIC_BYTES + (answers) * (EVIDENCE_HEAD_BYTES + 420 + 4 * 32))

typedef struct evidence {
    uint8_t *bytes; /* the caller's */
    size_t room;
    size_t length;
    bool full; /* an answer did not fit: neither it nor any later one is there */
} evidence;

/* Begins a chain: what was there is forgotten. */
void evidence_begin(evidence *kept);

/* Adds the next answer of the chain. */
void evidence_add(evidence *kept, const uint8_t key[ROOTLET_ROUGHTIME_KEY_BYTES],
                  const uint8_t random[ROOTLET_ROUGHTIME_NONCE_BYTES], const uint8_t *response,
                  size_t response_length);

#endif
