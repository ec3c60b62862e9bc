/*
 * The record layer, section 5: headers and limits, protection, and what each content type may carry
 * when. Records are opened and sealed in place.
 */
#include "engine.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

/* From the ServerHello on, both ways. */
/*@ requires \valid_read(tls);
    assigns \nothing; */
static bool is_protected(const rootlet_tls *tls)
{
    return tls->state >= STATE_WAIT_ENCRYPTED_EXTENSIONS;
}

/* Goes on to the nonce of the next record: the bits change in which its number differs. false when
 * the number of the record before was the last one, 2^32 - 1 here: numbers must not wrap (section
 * 5.3), and nothing that came under that one is taken. */
/*@ requires \valid(direction);
    assigns direction->key_nonce[ROOTLET_AEAD_KEY_BYTES .. ROOTLET_AEAD_KEY_NONCE_BYTES - 1],
            direction->sequence; */
static bool next_nonce(rootlet_tls_direction *direction)
{
    uint8_t *end = direction->key_nonce + ROOTLET_AEAD_KEY_NONCE_BYTES;
    uint32_t changed = direction->sequence ^ (direction->sequence + 1);
    direction->sequence++;
    /*@ loop invariant (end == direction->key_nonce + 44) ||
            (end == direction->key_nonce + 43 && changed <= 0xffffff) ||
            (end == direction->key_nonce + 42 && changed <= 0xffff) ||
            (end == direction->key_nonce + 41 && changed <= 0xff);
        loop assigns end, changed,
            direction->key_nonce[ROOTLET_AEAD_KEY_BYTES .. ROOTLET_AEAD_KEY_NONCE_BYTES - 1];
        loop variant end - direction->key_nonce; */
    do {
        *--end ^= (uint8_t)changed;
        changed /= 256;
    } while (changed != 0);
    return direction->sequence != 0;
}

size_t rootlet_tls_seal(rootlet_tls *tls, uint8_t *record, size_t length, unsigned type)
{
    uint8_t *content = record + RECORD_HEADER_BYTES;
    rootlet_tls_direction *write = &tls->secrets.keys.write;
    bool sealed = is_protected(tls);
    size_t payload = length;
    record[0] = (uint8_t)type;
    if (sealed) {
        content[length++] = (uint8_t)type;
        payload = length + ROOTLET_AEAD_TAG_BYTES;
        record[0] = CONTENT_APPLICATION_DATA;
    }
    record[1] = record[2] = 3;
    record[3] = (uint8_t)(payload >> 8);
    record[4] = (uint8_t)payload;
    if (sealed) {
        /* The last number is far away: rootlet_tls_write_done changes the keys before. */
        rootlet_profile_seal(content, length, content + length, write->key_nonce, record,
                             RECORD_HEADER_BYTES);
        (void)next_nonce(write);
    }
    return RECORD_HEADER_BYTES + payload;
}

size_t rootlet_tls_payload_length(const rootlet_tls *tls)
{
    return (size_t)tls->buffers.in[3] << 8 | tls->buffers.in[4];
}

rootlet_status rootlet_tls_check_header(const rootlet_tls *tls)
{
    unsigned type = tls->buffers.in[0];
    size_t length = rootlet_tls_payload_length(tls);
    if (type == CONTENT_CHANGE_CIPHER_SPEC) {
        /* Between the ClientHello and the server's Finished, outside of messages, unprotected. */
        bool expected = !tls->connected && !tls->inside_message && length == 1;
        return expected ? ROOTLET_OK : ROOTLET_ERR_TLS_UNEXPECTED_MESSAGE;
    }
    bool expected = is_protected(tls) ? type == CONTENT_APPLICATION_DATA
                                      : type == CONTENT_HANDSHAKE || type == CONTENT_ALERT;
    if (!expected) {
        return ROOTLET_ERR_TLS_UNEXPECTED_MESSAGE;
    }
    size_t limit = tls->read_limit;
    if (!is_protected(tls) && limit > FULL_CONTENT_BYTES) {
        limit = FULL_CONTENT_BYTES;
    }
    return length <= limit ? ROOTLET_OK : ROOTLET_ERR_TLS_RECORD_OVERFLOW;
}

/* Opens the record in place; length becomes that of its content. */
/*@ requires \valid(tls) && \valid(type) && \valid(length) && *length <= 0xffff;
    requires \valid(tls->buffers.in + (0 .. RECORD_HEADER_BYTES + *length - 1));
    requires \separated(tls, type, length,
                        tls->buffers.in + (0 .. RECORD_HEADER_BYTES + *length - 1));
    assigns *type, *length, tls->secrets.keys.read.sequence,
            tls->secrets.keys.read.key_nonce[ROOTLET_AEAD_KEY_BYTES ..
                ROOTLET_AEAD_KEY_NONCE_BYTES - 1],
            tls->buffers.in[RECORD_HEADER_BYTES .. RECORD_HEADER_BYTES + \old(*length) - 1];
    ensures *length <= \old(*length); */
static rootlet_status open_record(rootlet_tls *tls, unsigned *type, size_t *length)
{
    uint8_t *content = tls->buffers.in + RECORD_HEADER_BYTES;
    rootlet_tls_direction *read = &tls->secrets.keys.read;
    if (*length < PROTECTION_BYTES) {
        return ROOTLET_ERR_TLS_RECORD_MAC;
    }
    *length -= ROOTLET_AEAD_TAG_BYTES;
    if (rootlet_profile_open(content, *length, content + *length, read->key_nonce, tls->buffers.in,
                             RECORD_HEADER_BYTES) != ROOTLET_OK) {
        return ROOTLET_ERR_TLS_RECORD_MAC;
    }
    if (!next_nonce(read)) {
        return ROOTLET_ERR_TLS_SEQUENCE;
    }
    /* The content type is the last byte that is not padding, section 5.4. */
    /*@ loop invariant *length <= \at(*length, Pre);
        loop assigns *length, *type;
        loop variant *length; */
    do {
        if (*length == 0) {
            return ROOTLET_ERR_TLS_UNEXPECTED_MESSAGE;
        }
        *type = content[--*length];
    } while (*type == 0);
    return ROOTLET_OK;
}

/*@ requires \valid(tls) && length <= FULL_CONTENT_BYTES + PROTECTION_BYTES;
    assigns tls->idle, tls->read_begin, tls->read_end;
    ensures \result == ROOTLET_OK && length != 0 ==> tls->read_begin == RECORD_HEADER_BYTES &&
        tls->read_end == RECORD_HEADER_BYTES + length; */
static rootlet_status take_application_data(rootlet_tls *tls, size_t length)
{
    if (!tls->connected || tls->inside_message) {
        return ROOTLET_ERR_TLS_UNEXPECTED_MESSAGE;
    }
    if (length == 0) {
        return rootlet_tls_count_idle(tls);
    }
    tls->idle = 0;
    tls->read_begin = RECORD_HEADER_BYTES;
    tls->read_end = (uint16_t)(RECORD_HEADER_BYTES + length);
    return ROOTLET_OK;
}

rootlet_status rootlet_tls_count_idle(rootlet_tls *tls)
{
    tls->idle++;
    return tls->idle > IDLE_RECORDS ? ROOTLET_ERR_TLS_FLOOD : ROOTLET_OK;
}

rootlet_status rootlet_tls_take_record(rootlet_tls *tls)
{
    const uint8_t *content = tls->buffers.in + RECORD_HEADER_BYTES;
    unsigned type = tls->buffers.in[0];
    size_t length = rootlet_tls_payload_length(tls);
    if (type == CONTENT_CHANGE_CIPHER_SPEC) {
        return content[0] == 1 ? rootlet_tls_count_idle(tls) : ROOTLET_ERR_TLS_UNEXPECTED_MESSAGE;
    }
    if (is_protected(tls)) {
        rootlet_status status = open_record(tls, &type, &length);
        if (status != ROOTLET_OK) {
            return status;
        }
    }
    if (type == CONTENT_APPLICATION_DATA) {
        return take_application_data(tls, length);
    }
    if (length == 0) {
        return ROOTLET_ERR_TLS_UNEXPECTED_MESSAGE;
    }
    if (type == CONTENT_ALERT) {
        return rootlet_tls_take_alert(tls, content, length);
    }
    return type == CONTENT_HANDSHAKE ? rootlet_tls_take_handshake(tls, content, length)
                                     : ROOTLET_ERR_TLS_UNEXPECTED_MESSAGE;
}
