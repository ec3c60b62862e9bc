/*
 * Constant time of the whole client, shown as in crypto.c: the sessions of unit/tls_replay.c with
 * the private key of the key exchange and the device's own marked as secrets, and with them all
 * that comes of them: shared secret, key schedule, traffic keys, Finished, records. What the
 * application writes is secret too. Link with --wrap for each function that begins with __wrap_
 * here; they say what is made known, and nothing else is:
 *
 *   share     our key share, which is sent
 *   agree     whether the shared secret is all zero
 *   equal     whether a tag or a Finished matches
 *   open      of a record opened the type and the padding, and what is in it unless that is the
 *             application's
 *   sent      the records sent, once they are
 *
 * KEEP_SECRET=share leaves that one out, and so on: each must be reported then, else its part of
 * the client is not watched.
 */
#include "marks.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"
#include "tls/engine.h"
#include "unit/vectors.h"

#include <stdlib.h>
#include <string.h>

static void make_known(const char *what, const void *bytes, size_t length)
{
    const char *kept = getenv("KEEP_SECRET");
    if (kept == NULL || strcmp(kept, what) != 0) {
        known(bytes, length);
    }
}

rootlet_status __real_rootlet_tls_init(rootlet_tls *tls, const rootlet_tls_config *config,
                                       const rootlet_tls_buffers *buffers);
rootlet_status __wrap_rootlet_tls_init(rootlet_tls *tls, const rootlet_tls_config *config,
                                       const rootlet_tls_buffers *buffers);

rootlet_status __wrap_rootlet_tls_init(rootlet_tls *tls, const rootlet_tls_config *config,
                                       const rootlet_tls_buffers *buffers)
{
    if (!RUNNING_ON_VALGRIND) {
        fprintf(stderr, "run this under valgrind\n");
        exit(2);
    }
    secret(config->random + PRIVATE_KEY_OFFSET, ROOTLET_PRIVATE_KEY_BYTES);
    if (config->identity != NULL) {
        secret(config->identity->private_key, ROOTLET_PRIVATE_KEY_BYTES);
    }
    return __real_rootlet_tls_init(tls, config, buffers);
}

rootlet_status __real_rootlet_tls_write_done(rootlet_tls *tls, size_t written);
rootlet_status __wrap_rootlet_tls_write_done(rootlet_tls *tls, size_t written);

rootlet_status __wrap_rootlet_tls_write_done(rootlet_tls *tls, size_t written)
{
    size_t room;
    secret(rootlet_tls_write_window(tls, &room), written);
    return __real_rootlet_tls_write_done(tls, written);
}

void __real_rootlet_profile_share(uint8_t *share, const uint8_t *private_key);
void __wrap_rootlet_profile_share(uint8_t *share, const uint8_t *private_key);

void __wrap_rootlet_profile_share(uint8_t *share, const uint8_t *private_key)
{
    __real_rootlet_profile_share(share, private_key);
    make_known("share", share, ROOTLET_KEY_SHARE_BYTES);
}

rootlet_status __real_rootlet_profile_agree(uint8_t *shared, const uint8_t *private_key,
                                            const uint8_t *share);
rootlet_status __wrap_rootlet_profile_agree(uint8_t *shared, const uint8_t *private_key,
                                            const uint8_t *share);

rootlet_status __wrap_rootlet_profile_agree(uint8_t *shared, const uint8_t *private_key,
                                            const uint8_t *share)
{
    rootlet_status status = __real_rootlet_profile_agree(shared, private_key, share);
    make_known("agree", &status, sizeof status);
    return status;
}

bool __real_rootlet_equal(const uint8_t *a, const uint8_t *b, size_t length);
bool __wrap_rootlet_equal(const uint8_t *a, const uint8_t *b, size_t length);

bool __wrap_rootlet_equal(const uint8_t *a, const uint8_t *b, size_t length)
{
    bool equal = __real_rootlet_equal(a, b, length);
    make_known("equal", &equal, sizeof equal);
    return equal;
}

rootlet_status __real_rootlet_profile_open(uint8_t *data, size_t length, const uint8_t *tag,
                                           const uint8_t *key_nonce, const uint8_t *aad,
                                           size_t aad_length);
rootlet_status __wrap_rootlet_profile_open(uint8_t *data, size_t length, const uint8_t *tag,
                                           const uint8_t *key_nonce, const uint8_t *aad,
                                           size_t aad_length);

rootlet_status __wrap_rootlet_profile_open(uint8_t *data, size_t length, const uint8_t *tag,
                                           const uint8_t *key_nonce, const uint8_t *aad,
                                           size_t aad_length)
{
    rootlet_status status =
        __real_rootlet_profile_open(data, length, tag, key_nonce, aad, aad_length);
    uint8_t type = 0;
    while (status == ROOTLET_OK && type == 0 && length > 0) {
        type = data[--length];
        known(&type, sizeof type);
        make_known("open", data + length, 1);
    }
    if (type != CONTENT_APPLICATION_DATA) {
        make_known("open", data, length);
    }
    return status;
}

/* Each byte depends on a secret. */
static bool all_secret(const uint8_t *bytes, size_t length)
{
    static uint8_t undefined[VECTORS_BYTES];
    (void)VALGRIND_GET_VBITS(bytes, undefined, length);
    return memchr(undefined, 0, length) == NULL;
}

bool __real_vectors_equal(const vectors *v, int field, const uint8_t *bytes, size_t length);
bool __wrap_vectors_equal(const vectors *v, int field, const uint8_t *bytes, size_t length);

/* The replay compares what was sent and what was read. The latter was secret all the way, or else
 * the secrets have been lost on it and the program shows nothing. */
bool __wrap_vectors_equal(const vectors *v, int field, const uint8_t *bytes, size_t length)
{
    bool lost = strcmp(v->text[0], "read") == 0 && !all_secret(bytes, length);
    make_known(strcmp(v->text[0], "read") == 0 ? "read" : "sent", bytes, length);
    return __real_vectors_equal(v, field, bytes, length) && !lost;
}
