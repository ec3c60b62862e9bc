/*
 * Each operation on a secret, one after the other, between trace_begin and trace_end, for
 * device/test/ct/qemu_trace.c to watch. The argument, 64 hexadecimal digits, is what the secrets
 * are made of; the tests run it with several and compare. The last three depend on the secret on
 * purpose: they must be told apart, else the watching shows nothing.
 */
#include "board.h"
#include "host.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"
#include "tls/engine.h"
#include "tls/key_schedule.h"

#include <string.h>

#define SECRET_BYTES 32
#define DATA_BYTES 100
#define WORD_BYTES 256

static uint8_t secret[SECRET_BYTES], other[SECRET_BYTES], data[DATA_BYTES], tag[16];
static uint8_t signature[64], result[64], public_key[32];
static uint8_t finished[ROOTLET_HASH_BYTES], wrong_finished[ROOTLET_HASH_BYTES];
static const uint8_t nonce[12] = {1, 2, 3};
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
    rootlet_chacha20poly1305_seal(data, sizeof data, tag, secret, nonce, NULL, 0);
}

static void open_good(void)
{
    (void)!rootlet_chacha20poly1305_open(data, sizeof data, tag, secret, nonce, NULL, 0);
}

static void open_bad(void)
{
    (void)!rootlet_chacha20poly1305_open(data, sizeof data, secret, other, nonce, NULL, 0);
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
    rootlet_reader body = rootlet_reader_over(verify_data, ROOTLET_HASH_BYTES);
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

static void (*const operations[])(void) = {
    x25519,         x25519_public,   ed25519_sign,   seal,           open_good,
    open_bad,       hkdf_expand,     hkdf_extract,   handshake_keys, application_keys,
    next_keys,      make_finished,   finished_good,  finished_bad,   compare,
    control_branch, control_address, control_verify,
};

static unsigned digit(char character)
{
    return (unsigned)(character <= '9' ? character - '0' : character - 'a' + 10);
}

int main(void)
{
    static char line[256];
    host_arguments(line, sizeof line);
    /* The program's own name stands in front. */
    size_t length = strlen(line);
    if (length < 2 * SECRET_BYTES) {
        return 2;
    }
    const char *text = line + length - 2 * SECRET_BYTES;
    for (unsigned i = 0; i < SECRET_BYTES; i++) {
        secret[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    }
    memset(other, 9, sizeof other);
    rootlet_ed25519_public(public_key, other);
    /* Where it is wrong is a secret: a comparison that ends there would tell. */
    rootlet_tls_finished_mac(wrong_finished, secret, transcript_hash);
    wrong_finished[secret[0] % sizeof wrong_finished] ^= 1;
    for (unsigned i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        trace_begin();
        operations[i]();
        trace_end();
    }
    return 0;
}
