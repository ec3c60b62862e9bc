/* The key schedule against the trace of RFC 8448 section 3, in the order of a handshake. */
#include "vectors.h"

#include "tls/engine.h"
#include "tls/key_schedule.h"

#include <string.h>

typedef struct schedule_test {
    rootlet_tls tls;
    rootlet_status agreed;
    uint8_t mac[ROOTLET_HASH_BYTES];
} schedule_test;

/* What a line of the file makes happen; false for a line that is something to compare. */
static bool step(schedule_test *test, const vectors *v)
{
    rootlet_tls_keys *keys = &test->tls.secrets.keys;
    const char *label = v->text[0];
    if (strcmp(label, "private-key") == 0) {
        memcpy(test->tls.secrets.hello.random + PRIVATE_KEY_OFFSET, v->bytes[1], v->length[1]);
        rootlet_sha256_init(&test->tls.transcript);
    } else if (strcmp(label, "message") == 0) {
        rootlet_sha256_update(&test->tls.transcript, v->bytes[1], v->length[1]);
    } else if (strcmp(label, "server-share") == 0) {
        test->agreed = rootlet_tls_start_handshake_keys(&test->tls, v->bytes[1]);
    } else if (strcmp(label, "server-finished-is-next") == 0) {
        rootlet_tls_transcript_hash(&test->tls, test->mac);
        rootlet_tls_finished_mac(test->mac, keys->read.secret, test->mac);
    } else if (strcmp(label, "server-finished-was-last") == 0) {
        rootlet_tls_transcript_hash(&test->tls, test->mac);
        rootlet_tls_finished_mac(test->mac, keys->write.secret, test->mac);
        rootlet_tls_start_reading_data(&test->tls);
    } else if (strcmp(label, "client-finished-was-sent") == 0) {
        rootlet_tls_start_writing_data(&test->tls);
    } else {
        return false;
    }
    return true;
}

static bool compare(const schedule_test *test, const vectors *v)
{
    const rootlet_tls_keys *keys = &test->tls.secrets.keys;
    const struct {
        const char *label;
        const uint8_t *bytes;
        size_t length;
    } known[] = {
        {"client-secret", keys->write.secret, sizeof keys->write.secret},
        {"server-secret", keys->read.secret, sizeof keys->read.secret},
        {"client-iv", keys->write.key_nonce + ROOTLET_AEAD_KEY_BYTES, ROOTLET_AEAD_NONCE_BYTES},
        {"server-iv", keys->read.key_nonce + ROOTLET_AEAD_KEY_BYTES, ROOTLET_AEAD_NONCE_BYTES},
        {"master-secret", keys->schedule, sizeof keys->schedule},
        {"finished", test->mac, sizeof test->mac},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(v->text[0], known[i].label) == 0) {
            return vectors_equal(v, 1, known[i].bytes, known[i].length);
        }
    }
    return false;
}

/* The trace is for AES-128-GCM, so its keys have 16 bytes: only the derivation can be compared. */
static void check_short_key(const vectors *v)
{
    static const char label[] = {16, 'k', 'e', 'y', '\0'};
    uint8_t key[16];
    rootlet_tls_expand_label(key, v->bytes[1], label, NULL);
    vectors_check(v, vectors_equal(v, 2, key, sizeof key));
}

int main(int count, char **words)
{
    static vectors v;
    static schedule_test test;
    vectors_open(&v, count > 1 ? words[1] : "vectors/tls", "rfc8448.txt");
    while (vectors_next(&v)) {
        if (strcmp(v.text[0], "short-key") == 0) {
            check_short_key(&v);
        } else if (!step(&test, &v)) {
            vectors_check(&v, compare(&test, &v));
        }
    }
    check(test.agreed == ROOTLET_OK, v.name, "server-share");
    return vectors_summary();
}
