/*
 * Each operation on a secret, one after the other, between trace_begin and trace_end, for
 * device/test/ct/qemu_trace.c to watch. The argument, 64 hexadecimal digits, is what the secrets
 * are made of; the tests run it with several and compare. The last five depend on the secret on
 * purpose: they must be told apart, else the watching shows nothing.
 */
#include "board.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"
#include "tls/engine.h"
#include "tls/key_schedule.h"

#include <string.h>

#define SECRET_BYTES 32
#define DATA_BYTES 100
#define WORD_BYTES 256
#define RECORD_BYTES (RECORD_HEADER_BYTES + DATA_BYTES + PROTECTION_BYTES)
#define MOST_PADDING 16

static uint8_t secret[SECRET_BYTES], other[SECRET_BYTES], data[DATA_BYTES], tag[16];
static uint8_t signature[64], result[64], public_key[32];
static uint8_t finished[ROOTLET_HASH_BYTES], wrong_finished[ROOTLET_HASH_BYTES];
static uint8_t record[RECORD_BYTES], wrong_record[RECORD_BYTES];
static const uint8_t nonce[12] = {1, 2, 3};
static uint8_t key_nonce[SECRET_BYTES + sizeof nonce], other_key_nonce[SECRET_BYTES + sizeof nonce];
static const uint8_t transcript_hash[ROOTLET_HASH_BYTES] = {4, 5, 6};
static rootlet_tls tls;

void trace_begin(void);
void trace_end(void);

__attribute__((noinline)) void trace_begin(void)
{
    __asm volatile("");
}

__attribute__((noinline)) void trace_end(void)
{
    __asm volatile("nop");
}

static void x25519(void)
{
    (void)!rootlet_x25519(result, secret, other);
}

static void x25519_public(void)
{
    rootlet_x25519_public(result, secret);
}

static void ed25519_sign(void)
{
    rootlet_ed25519_sign(signature, secret, NULL, 0, data, 50);
}

static void seal(void)
{
    rootlet_chacha20poly1305_seal(data, sizeof data, tag, key_nonce, NULL, 0);
}

static void open_good(void)
{
    (void)!rootlet_chacha20poly1305_open(data, sizeof data, tag, key_nonce, NULL, 0);
}

static void open_bad(void)
{
    (void)!rootlet_chacha20poly1305_open(data, sizeof data, secret, other_key_nonce, NULL, 0);
}

static void hkdf_expand(void)
{
    (void)!rootlet_hkdf_sha256_expand(result, 32, secret, nonce, sizeof nonce);
}

static void hkdf_extract(void)
{
    rootlet_hkdf_sha256_extract(result, other, 32, secret, 32);
}

/* From the private key to both directions' traffic secrets, keys and nonces. */
static void handshake_keys(void)
{
    memcpy(tls.secrets.hello.random + PRIVATE_KEY_OFFSET, secret, SECRET_BYTES);
    rootlet_sha256_init(&tls.transcript);
    (void)!rootlet_tls_start_handshake_keys(&tls, other);
}

static void application_keys(void)
{
    memcpy(tls.secrets.keys.schedule, secret, SECRET_BYTES);
    rootlet_tls_start_reading_data(&tls);
    rootlet_tls_start_writing_data(&tls);
}

static void next_keys(void)
{
    memcpy(tls.secrets.keys.write.secret, secret, SECRET_BYTES);
    rootlet_tls_next_keys(&tls.secrets.keys.write);
}

static void make_finished(void)
{
    rootlet_tls_finished_mac(finished, secret, transcript_hash);
}

static void take_finished(const uint8_t *verify_data)
{
    rootlet_reader body = {verify_data, ROOTLET_HASH_BYTES};
    memcpy(tls.secrets.keys.read.secret, secret, SECRET_BYTES);
    rootlet_sha256_init(&tls.transcript);
    result[0] = (uint8_t)rootlet_tls_take_finished(&tls, &body, transcript_hash);
}

static void finished_good(void)
{
    take_finished(finished);
}

static void finished_bad(void)
{
    take_finished(wrong_finished);
}

/* A connection with the same traffic key and IV both ways, at its first records. */
static void connect(void)
{
    rootlet_tls_direction *write = &tls.secrets.keys.write;
    *write = (rootlet_tls_direction){0};
    uint8_t *iv = write->key_nonce + ROOTLET_AEAD_KEY_BYTES;
    memcpy(write->key_nonce, secret, ROOTLET_AEAD_KEY_BYTES);
    memcpy(iv, secret + SECRET_BYTES - ROOTLET_AEAD_NONCE_BYTES, ROOTLET_AEAD_NONCE_BYTES);
    tls.secrets.keys.read = *write;
    tls.state = STATE_CONNECTED;
    tls.connected = true;
    rootlet_tls_await_message(&tls);
    tls.read_limit = DATA_BYTES + PROTECTION_BYTES;
}

/* As rootlet_tls_write_done does it; the application's data is as secret as the key. */
static void seal_record(uint8_t *to, size_t length, unsigned type)
{
    for (size_t i = 0; i < length; i++) {
        to[RECORD_HEADER_BYTES + i] = secret[i % SECRET_BYTES];
    }
    connect();
    (void)rootlet_tls_seal(&tls, to, length, type);
}

/* As rootlet_tls_recv_done does it; what is expected of it is known. */
static void open_record(uint8_t *from, rootlet_status expected)
{
    connect();
    tls.buffers.in = from;
    if (rootlet_tls_check_header(&tls) != ROOTLET_OK || rootlet_tls_take_record(&tls) != expected) {
        board_fail("a record is not what it should be");
    }
}

static void record_seal(void)
{
    seal_record(record, DATA_BYTES, CONTENT_APPLICATION_DATA);
}

static void record_open(void)
{
    open_record(record, ROOTLET_OK);
}

static void record_open_bad(void)
{
    open_record(wrong_record, ROOTLET_ERR_TLS_RECORD_MAC);
}

/* A Finished or a tag: equal or not, and where not. */
static void compare(void)
{
    memset(other, 0, sizeof other);
    result[0] = rootlet_equal(secret, other, sizeof other);
}

static void control_branch(void)
{
    if (secret[0] & 1) {
        compare();
    }
}

static void control_address(void)
{
    static volatile uint8_t table[WORD_BYTES];
    result[0] = table[secret[0]];
}

static void control_verify(void)
{
    signature[32] ^= secret[0] & 1;
    (void)!rootlet_ed25519_verify(signature, public_key, NULL, 0, data, 50);
}

/* The length of a record is not hidden, section 5.4. */
static void control_record_length(void)
{
    seal_record(record, DATA_BYTES - (secret[0] & 1), CONTENT_APPLICATION_DATA);
}

/* Nor is the padding of a record from the server: its zeros are walked over. */
static void control_padding(void)
{
    size_t length = DATA_BYTES - secret[0] % MOST_PADDING;
    uint8_t *content = record + RECORD_HEADER_BYTES;
    memset(content, 0, DATA_BYTES);
    content[length - 1] = CONTENT_APPLICATION_DATA;
    connect();
    (void)rootlet_tls_seal(&tls, record, DATA_BYTES, 0);
    open_record(record, ROOTLET_OK);
}

static void (*const operations[])(void) = {
    x25519,         x25519_public,         ed25519_sign,    seal,           open_good,
    open_bad,       hkdf_expand,           hkdf_extract,    handshake_keys, application_keys,
    next_keys,      make_finished,         finished_good,   finished_bad,   record_seal,
    record_open,    record_open_bad,       compare,         control_branch, control_address,
    control_verify, control_record_length, control_padding,
};

static unsigned digit(char character)
{
    return (unsigned)(character <= '9' ? character - '0' : character - 'a' + 10);
}

int main(int count, char **words)
{
    if (count != 2 || strlen(words[1]) != 2 * SECRET_BYTES) {
        return 2;
    }
    const char *text = words[1];
    for (unsigned i = 0; i < SECRET_BYTES; i++) {
        secret[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    }
    memset(other, 9, sizeof other);
    memcpy(key_nonce, secret, SECRET_BYTES);
    memcpy(key_nonce + SECRET_BYTES, nonce, sizeof nonce);
    memcpy(other_key_nonce, other, SECRET_BYTES);
    rootlet_ed25519_public(public_key, other);
    /* Where it is wrong is a secret: a comparison that ends there would tell. */
    rootlet_tls_finished_mac(wrong_finished, secret, transcript_hash);
    wrong_finished[secret[0] % sizeof wrong_finished] ^= 1;
    seal_record(wrong_record, DATA_BYTES, CONTENT_APPLICATION_DATA);
    wrong_record[RECORD_BYTES - 1 - secret[0] % ROOTLET_AEAD_TAG_BYTES] ^= 1;
    for (unsigned i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        trace_begin();
        operations[i]();
        trace_end();
    }
    return 0;
}
