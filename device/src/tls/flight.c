/*
 * Handshake messages of ours: which, in which order, and how they get into records.
 *
 * A message can be longer than any buffer (a chain), so it is never held: each record is filled by
 * writing the whole message again and keeping the part that fits. The records stand in the receive
 * buffer, where nothing can arrive meanwhile.
 */
#include "engine.h"
#include "key_schedule.h"

#include "base/bytes.h"

/* Section E.4: one change_cipher_spec before the second flight. */
static const uint8_t dummy[] = {CONTENT_CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1};

#define DUMMY_BYTES (ROOTLET_TLS_MIDDLEBOX ? sizeof dummy : 0u)

/* A message of ours; prepare may be NULL. */
typedef struct flight_step {
    uint8_t state;
    uint8_t type;
    uint8_t next;
    rootlet_tls_prepare *prepare;
    rootlet_tls_write_body *write;
} flight_step;

static const flight_step steps[] = {
    {STATE_SEND_CLIENT_HELLO, MESSAGE_CLIENT_HELLO, STATE_WAIT_SERVER_HELLO, NULL,
     rootlet_tls_write_client_hello},
    {STATE_SEND_SECOND_HELLO, MESSAGE_CLIENT_HELLO, STATE_WAIT_SECOND_SERVER_HELLO, NULL,
     rootlet_tls_write_client_hello},
    {STATE_SEND_CERTIFICATE, MESSAGE_CERTIFICATE, STATE_SEND_CERTIFICATE_VERIFY,
     rootlet_tls_prepare_certificate, rootlet_tls_write_certificate},
    {STATE_SEND_CERTIFICATE_VERIFY, MESSAGE_CERTIFICATE_VERIFY, STATE_SEND_FINISHED,
     rootlet_tls_prepare_certificate_verify, rootlet_tls_write_certificate_verify},
    {STATE_SEND_FINISHED, MESSAGE_FINISHED, STATE_CONNECTED, rootlet_tls_prepare_finished,
     rootlet_tls_write_finished},
};

void rootlet_tls_write(rootlet_tls_writer *writer, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        uint32_t at = writer->length++ - writer->skip; /* wraps below the window */
        if (at < writer->room) {
            writer->to[at] = bytes[i];
        }
    }
}

void rootlet_tls_write_be(rootlet_tls_writer *writer, uint32_t value, unsigned width)
{
    while (width-- > 0) {
        uint8_t byte = (uint8_t)(value >> 8 * width);
        rootlet_tls_write(writer, &byte, 1);
    }
}

void rootlet_tls_write_rest(rootlet_tls_writer *writer, unsigned width)
{
    rootlet_tls_write_be(writer, writer->total - writer->length - width, width);
}

static void write_message(const rootlet_tls *tls, const flight_step *step,
                          rootlet_tls_writer *writer)
{
    writer->length = 0;
    rootlet_tls_write_be(writer, step->type, 1);
    rootlet_tls_write_rest(writer, 3);
    step->write(tls, writer);
    writer->total = writer->length;
}

/* Seals the next record of a message; true when it was the last. */
static bool send_part(rootlet_tls *tls, const flight_step *step)
{
    uint8_t *record = tls->buffers.in;
    size_t room = tls->buffers.in_length - DUMMY_BYTES - ROOTLET_TLS_RECORD_OVERHEAD;
    tls->out = record;
    tls->out_begin = 0;
    if (ROOTLET_TLS_MIDDLEBOX && !tls->dummy_sent && step->state != STATE_SEND_CLIENT_HELLO) {
        rootlet_copy(record, dummy, sizeof dummy);
        record += sizeof dummy;
        tls->dummy_sent = true;
    }
    rootlet_tls_writer writer = {record + RECORD_HEADER_BYTES, tls->flight_offset, 0, 0, 0};
    write_message(tls, step, &writer);
    writer.room = room < tls->write_limit ? (uint32_t)room : tls->write_limit;
    write_message(tls, step, &writer);

    uint32_t left = writer.total - writer.skip;
    uint32_t length = left < writer.room ? left : writer.room;
    tls->flight_offset = length == left ? 0 : writer.skip + length;
    rootlet_sha256_update(&tls->transcript, writer.to, length);
    size_t end = rootlet_tls_seal(tls, record, length, CONTENT_HANDSHAKE);
    if (step->state == STATE_SEND_CLIENT_HELLO) {
        record[2] = 1; /* section 5.1: 0x0301 in an initial ClientHello */
    }
    tls->out_end = (uint16_t)(record + end - tls->buffers.in);
    return length == left;
}

void rootlet_tls_send_flight(rootlet_tls *tls)
{
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        const flight_step *step = &steps[i];
        if (step->state != tls->state || tls->out_begin != tls->out_end) {
            continue;
        }
        bool wanted = step->prepare == NULL || tls->flight_offset != 0 || step->prepare(tls);
        if (!wanted || send_part(tls, step)) {
            tls->state = step->next;
        }
    }
    if (tls->state == STATE_CONNECTED && !tls->connected) {
        rootlet_tls_start_writing_data(tls);
        tls->connected = true;
    }
}
