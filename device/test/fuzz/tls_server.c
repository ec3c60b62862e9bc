/*
 * A hostile server that holds the right keys: the input says which messages it sends, how they are
 * changed and cut into records. Protection is made from the client's own read keys, so that
 * whatever is said is believed to come from the server.
 */
#include "tls_client.h"

#include "rootlet/crypto.h"
#include "tls/key_schedule.h"

#define MOST_STEPS 40
#define MESSAGE_BYTES 2048
#define RECORD_MOST 600
#define TICKET_BYTES 40

typedef struct said {
    uint8_t bytes[MESSAGE_BYTES];
    size_t length;
} said;

static void say(said *message, const void *bytes, size_t length)
{
    EXPECT(message->length + length <= sizeof message->bytes);
    memcpy(message->bytes + message->length, bytes, length);
    message->length += length;
}

static void say_be(said *message, uint32_t number, unsigned width)
{
    while (width-- > 0) {
        uint8_t byte = (uint8_t)(number >> 8 * width);
        say(message, &byte, 1);
    }
}

static void end_message(said *message)
{
    size_t body = message->length - 4;
    message->bytes[1] = 0;
    message->bytes[2] = (uint8_t)(body >> 8);
    message->bytes[3] = (uint8_t)body;
}

static void say_hello(said *message, bool retry)
{
    say_be(message, 0x0303, 2);
    say(message, retry ? fuzz_retry_random : fuzz_random, 32);
    say_be(message, 0x00130300, 4); /* no session id, suite, compression */
    if (retry) {
        say_be(message, 14, 2);
        say_be(message, 0x002c0004, 4);
        say_be(message, 0x0002abcd, 4);
    } else {
        uint8_t share[32];
        rootlet_x25519_public(share, fuzz_leaf_private);
        say_be(message, 46, 2);
        say_be(message, 0x00330024, 4);
        say_be(message, 0x001d0020, 4);
        say(message, share, sizeof share);
    }
    say_be(message, 0x002b0002, 4);
    say_be(message, 0x0304, 2);
}

static void say_certificate(said *message)
{
    say_be(message, 0, 1);
    say_be(message, (uint32_t)(fuzz_chain[0].length + fuzz_chain[1].length + 10), 3);
    for (unsigned i = 0; i < 2; i++) {
        say_be(message, (uint32_t)fuzz_chain[i].length, 3);
        say(message, fuzz_chain[i].der, fuzz_chain[i].length);
        say_be(message, 0, 2);
    }
}

static void say_verify(said *message, const rootlet_tls *tls)
{
    static const char role[] = "TLS 1.3, server CertificateVerify";
    uint8_t prefix[64 + sizeof role], hash[32], signature[64];
    memset(prefix, ' ', 64);
    memcpy(prefix + 64, role, sizeof role);
    rootlet_tls_transcript_hash(tls, hash);
    rootlet_ed25519_sign(signature, fuzz_leaf_private, prefix, sizeof prefix, hash, sizeof hash);
    say_be(message, 0x08070040, 4);
    say(message, signature, sizeof signature);
}

static void say_finished(said *message, const rootlet_tls *tls)
{
    uint8_t mac[32];
    rootlet_tls_transcript_hash(tls, mac);
    rootlet_tls_finished_mac(mac, tls->secrets.keys.read.secret, mac);
    say(message, mac, sizeof mac);
}

static bool is_protected(const rootlet_tls *tls)
{
    return tls->state >= STATE_WAIT_ENCRYPTED_EXTENSIONS;
}

static void send_record(fuzz_client *client, uint8_t type, const uint8_t *content, size_t length,
                        size_t piece)
{
    uint8_t record[5 + RECORD_MOST + 17] = {type, 3, 3};
    uint8_t *payload = record + 5;
    memcpy(payload, content, length);
    if (is_protected(&client->tls)) {
        const rootlet_tls_direction *keys = &client->tls.secrets.keys.read;
        payload[length++] = type;
        record[0] = CONTENT_APPLICATION_DATA;
        record[3] = (uint8_t)((length + 16) >> 8);
        record[4] = (uint8_t)(length + 16);
        rootlet_chacha20poly1305_seal(payload, length, payload + length, keys->key_nonce, record,
                                      5);
        length += 16;
    } else {
        record[3] = (uint8_t)(length >> 8);
        record[4] = (uint8_t)length;
    }
    fuzz_feed(client, record, 5 + length, piece);
}

enum { RAW, HELLO, RETRY, EXTENSIONS, REQUEST, CERTIFICATE, VERIFY, FINISHED, UPDATE, TICKET };
enum { CONTENT = TICKET + 1, DATA, ALERT, WRITE, OWN_UPDATE, CLOSE, STEPS };

/* A message as it should be; false when the step is none. */
static bool make(said *message, const rootlet_tls *tls, unsigned step)
{
    static const uint8_t types[] = {[HELLO] = 2,     [RETRY] = 2,        [EXTENSIONS] = 8,
                                    [REQUEST] = 13,  [CERTIFICATE] = 11, [VERIFY] = 15,
                                    [FINISHED] = 20, [UPDATE] = 24,      [TICKET] = 4};
    if (step < HELLO || step > TICKET) {
        return false;
    }
    message->length = 0;
    say_be(message, (uint32_t)types[step] << 24, 4);
    if (step == HELLO || step == RETRY) {
        say_hello(message, step == RETRY);
    } else if (step == EXTENSIONS) {
        say_be(message, 0x0005, 2);
        say_be(message, 0x00010001, 4);
        say_be(message, 1, 1); /* max_fragment_length: 512 */
    } else if (step == REQUEST) {
        say_be(message, 0x00, 1);
        say_be(message, 0x0008000d, 4);
        say_be(message, 0x00040002, 4);
        say_be(message, 0x0807, 2);
    } else if (step == CERTIFICATE) {
        say_certificate(message);
    } else if (step == VERIFY) {
        say_verify(message, tls);
    } else if (step == FINISHED) {
        say_finished(message, tls);
    } else if (step == UPDATE) {
        say_be(message, 1, 1);
    } else {
        message->length += TICKET_BYTES;
    }
    end_message(message);
    return true;
}

/* Up to three bytes changed; true when the message is another one then: two changes can undo each
 * other. */
static bool change(said *message, fuzz_input *input, unsigned how)
{
    static said before;
    before = *message;
    for (; how & 3; how--) {
        size_t at = (size_t)fuzz_byte(input) << 8;
        at = (at | fuzz_byte(input)) % message->length;
        message->bytes[at] ^= fuzz_byte(input);
    }
    return memcmp(before.bytes, message->bytes, message->length) != 0;
}

/* The application's side. */
static void act(fuzz_client *client, unsigned step, uint8_t how)
{
    size_t room;
    uint8_t *window = rootlet_tls_write_window(&client->tls, &room);
    if (step == WRITE && room > 0) {
        memset(window, how, room);
        (void)rootlet_tls_write_done(&client->tls, 1 + how % room);
    } else if (step == OWN_UPDATE && room > 0) {
        (void)rootlet_tls_update_keys(&client->tls, how & 1);
    } else if (step == CLOSE) {
        (void)rootlet_tls_close(&client->tls);
    }
    fuzz_drain(client);
}

static void send_message(fuzz_client *client, const said *message, uint8_t type, size_t cut,
                         size_t piece)
{
    size_t at = 0;
    while (at < message->length) {
        size_t part = message->length - at < cut ? message->length - at : cut;
        send_record(client, type, message->bytes + at, part, piece);
        at += part;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static said message;
    fuzz_input input = {bytes, length};
    fuzz_client client;
    bool verified = false, finished = false;
    uint8_t mode = fuzz_byte(&input);
    fuzz_begin(&client, mode & 1);
    for (unsigned i = 0; i < MOST_STEPS && input.left > 0; i++) {
        unsigned step = fuzz_byte(&input) % STEPS;
        uint8_t how = fuzz_byte(&input);
        size_t cut = how & 4 ? 1u + fuzz_byte(&input) : 500;
        size_t piece = how & 8 ? fuzz_byte(&input) : 0;
        unsigned expecting = client.tls.state;
        if (make(&message, &client.tls, step)) {
            bool changed = change(&message, &input, how);
            verified = verified ||
                       (step == VERIFY && !changed && expecting == STATE_WAIT_CERTIFICATE_VERIFY);
            finished = finished || (step == FINISHED && !changed);
            send_message(&client, &message, CONTENT_HANDSHAKE, cut, piece);
        } else if (step >= WRITE) {
            act(&client, step, how);
        } else {
            uint8_t *content = fuzz_copy(&input, how, &message.length);
            memcpy(message.bytes, content, message.length);
            free(content);
            if (step == RAW) {
                fuzz_feed(&client, message.bytes, message.length, piece);
            } else {
                uint8_t type = step == CONTENT ? CONTENT_HANDSHAKE
                               : step == DATA  ? CONTENT_APPLICATION_DATA
                                               : CONTENT_ALERT;
                send_message(&client, &message, type, cut, piece);
            }
        }
        /* Without the key's proof and the handshake's there is no connection. */
        EXPECT(!client.was_connected || (verified && finished));
    }
    REACHED(client.was_connected);
    fuzz_end(&client);
    return 0;
}
