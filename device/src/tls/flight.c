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

/* A message of ours, and where it leads. */
typedef struct flight_step {
    uint8_t state;
    uint8_t type;
    uint8_t next;
    rootlet_tls_write_body *write;
} flight_step;

static const flight_step flight_steps[] = {
    {STATE_SEND_CLIENT_HELLO, MESSAGE_CLIENT_HELLO, STATE_WAIT_SERVER_HELLO,
     rootlet_tls_write_client_hello},
    {STATE_SEND_SECOND_HELLO, MESSAGE_CLIENT_HELLO, STATE_WAIT_SECOND_SERVER_HELLO,
     rootlet_tls_write_client_hello},
#if ROOTLET_TLS_CLIENT_AUTH
    {STATE_SEND_CERTIFICATE, MESSAGE_CERTIFICATE, STATE_SEND_CERTIFICATE_VERIFY,
     rootlet_tls_write_certificate},
    {STATE_SEND_CERTIFICATE_VERIFY, MESSAGE_CERTIFICATE_VERIFY, STATE_SEND_FINISHED,
     rootlet_tls_write_certificate_verify},
#else
    {STATE_SEND_CERTIFICATE, MESSAGE_CERTIFICATE, STATE_SEND_FINISHED,
     rootlet_tls_write_certificate},
#endif
    {STATE_SEND_FINISHED, MESSAGE_FINISHED, STATE_CONNECTED, rootlet_tls_write_finished},
};

void rootlet_tls_write(rootlet_tls_writer *writer, const uint8_t *bytes, size_t length)
{
    /*@ loop invariant i <= length;
        loop assigns i, writer->length, writer->to[0 .. writer->room - 1];
        loop variant length - i; */
    for (size_t i = 0; i < length; i++) {
        uint32_t at = writer->length++ - writer->skip; /* wraps below the window */
        if (at < writer->room) {
            writer->to[at] = bytes[i];
        }
    }
}

void rootlet_tls_write_be(rootlet_tls_writer *writer, uint32_t value, unsigned width)
{
    /*@ loop invariant width <= \at(width, Pre);
        loop assigns width, writer->length, writer->to[0 .. writer->room - 1];
        loop variant width; */
    while (width-- > 0) {
        uint8_t byte = (uint8_t)(value >> 8 * width);
        rootlet_tls_write(writer, &byte, 1);
    }
}

void rootlet_tls_write_rest(rootlet_tls_writer *writer, unsigned width)
{
    rootlet_tls_write_be(writer, writer->total - writer->length - width, width);
}

static void write_message(rootlet_tls *tls, const flight_step *step, rootlet_tls_writer *writer)
{
    writer->length = 0;
    rootlet_tls_write_be(writer, step->type, 1);
    rootlet_tls_write_rest(writer, 3);
    step->write(tls, writer);
    writer->total = writer->length;
}

/* Makes the next record of a message; true when the message is through, also when there is none. */
static bool send_part(rootlet_tls *tls, const flight_step *step)
{
    uint8_t *record = tls->buffers.in;
    rootlet_tls_writer writer = {record, tls->flight_offset, 0, 0, tls->flight_offset};
    write_message(tls, step, &writer);
    if (writer.total == HANDSHAKE_HEADER_BYTES) {
        return true;
    }
    if (ROOTLET_TLS_MIDDLEBOX && !tls->dummy_sent && step->state != STATE_SEND_CLIENT_HELLO) {
        rootlet_copy(record, dummy, sizeof dummy);
        record += sizeof dummy;
        tls->dummy_sent = true;
    }
    writer.to = record + RECORD_HEADER_BYTES;
    writer.room = (uint32_t)(tls->buffers.in_length - DUMMY_BYTES - ROOTLET_TLS_RECORD_OVERHEAD);
    if (writer.room > tls->write_limit) {
        writer.room = tls->write_limit;
    }
    write_message(tls, step, &writer);
    uint32_t length = writer.total - writer.skip;
    bool through = length <= writer.room;
    if (!through) {
        length = writer.room;
    }
    tls->flight_offset = through ? 0 : writer.skip + length;
    rootlet_sha256_update(&tls->transcript, writer.to, length);
    record += rootlet_tls_seal(tls, record, length, CONTENT_HANDSHAKE);
    tls->out = tls->buffers.in;
    tls->out_begin = 0;
    tls->out_end = (uint16_t)(record - tls->out);
    if (step->state == STATE_SEND_CLIENT_HELLO) {
        tls->buffers.in[2] = 1; /* section 5.1: 0x0301 in an initial ClientHello */
    }
    return through;
}

void rootlet_tls_send_next(rootlet_tls *tls)
{
    for (size_t i = 0; i < sizeof flight_steps / sizeof flight_steps[0]; i++) {
        if (flight_steps[i].state == tls->state && tls->out_begin == tls->out_end &&
            send_part(tls, &flight_steps[i])) {
            tls->state = flight_steps[i].next;
        }
    }
    if (tls->state == STATE_CONNECTED && !tls->connected) {
        rootlet_tls_start_writing_data(tls);
        tls->connected = true;
    }
    if (tls->last_length != 0 && tls->out_begin == tls->out_end) {
        tls->out = tls->secrets.last;
        tls->out_begin = 0;
        tls->out_end = tls->last_length;
        tls->last_length = 0;
    }
}
