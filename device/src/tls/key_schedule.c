/* See key_schedule.h. */
#include "key_schedule.h"

#include "engine.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

#define PREFIX_BYTES 6   /* "tls13 " */
#define LONGEST_LABEL 12 /* "c hs traffic" and its kin */
#define INFO_BYTES (2 + 1 + PREFIX_BYTES + LONGEST_LABEL + 1 + ROOTLET_HASH_BYTES + 1)

/* In front of a label: how many bytes are derived with it. */
#define HASH_BYTES "\040"
#define IV_BYTES "\014"

_Static_assert(ROOTLET_HASH_BYTES == 32 && ROOTLET_AEAD_NONCE_BYTES == 12,
               "the lengths in front of the labels");

void rootlet_tls_expand_label(uint8_t *out, const uint8_t secret[ROOTLET_HASH_BYTES],
                              const char *label, const uint8_t *hash)
{
    uint8_t info[INFO_BYTES];
    uint8_t *end = info + 3 + PREFIX_BYTES;
    uint8_t length = (uint8_t)*label;
    info[0] = 0;
    info[1] = length;
    rootlet_copy(info + 3, (const uint8_t *)"tls13 ", PREFIX_BYTES);
    while (*++label != '\0') {
        *end++ = (uint8_t)*label;
    }
    info[2] = (uint8_t)(end - info - 3);
    *end = 0;
    if (hash != NULL) {
        *end = ROOTLET_HASH_BYTES;
        rootlet_copy(end + 1, hash, ROOTLET_HASH_BYTES);
        end += ROOTLET_HASH_BYTES;
    }
    end[1] = 1;
    /* HKDF-Expand of one block is HMAC over the info and the byte 1 (RFC 5869 section 2.3). */
    rootlet_hmac_sha256(info, secret, ROOTLET_HASH_BYTES, info, (size_t)(end + 2 - info));
    rootlet_copy(out, info, length);
    rootlet_wipe(info, ROOTLET_HASH_BYTES);
}

void rootlet_tls_transcript_hash(const rootlet_tls *tls, uint8_t hash[ROOTLET_HASH_BYTES])
{
    rootlet_sha256 copy;
    rootlet_copy((uint8_t *)&copy, (const uint8_t *)&tls->transcript, sizeof copy);
    rootlet_sha256_final(&copy, hash);
}

/* Section 7.3. */
static void set_keys(rootlet_tls_direction *direction)
{
    static const char key_label[] = {ROOTLET_AEAD_KEY_BYTES, 'k', 'e', 'y', '\0'};
    rootlet_tls_expand_label(direction->key_nonce, direction->secret, key_label, NULL);
    rootlet_tls_expand_label(direction->key_nonce + ROOTLET_AEAD_KEY_BYTES, direction->secret,
                             IV_BYTES "iv", NULL);
    direction->sequence = 0;
}

/* Not inlined: smaller so, where the library is one file. */
__attribute__((noinline)) static void change_keys(rootlet_tls_direction *direction,
                                                  const uint8_t secret[ROOTLET_HASH_BYTES],
                                                  const char *label, const uint8_t *hash)
{
    rootlet_tls_expand_label(direction->secret, secret, label, hash);
    set_keys(direction);
}

/* The next of Early, Handshake and Master Secret, with what comes in from the side. */
static void next_secret(uint8_t schedule[ROOTLET_HASH_BYTES],
                        const uint8_t material[ROOTLET_SHARED_SECRET_BYTES])
{
    uint8_t hash[ROOTLET_HASH_BYTES];
    rootlet_sha256 empty;
    rootlet_sha256_init(&empty);
    rootlet_sha256_final(&empty, hash);
    rootlet_tls_expand_label(schedule, schedule, HASH_BYTES "derived", hash);
    rootlet_hmac_sha256(schedule, schedule, ROOTLET_HASH_BYTES, material,
                        ROOTLET_SHARED_SECRET_BYTES);
}

rootlet_status rootlet_tls_start_handshake_keys(rootlet_tls *tls,
                                                const uint8_t share[ROOTLET_KEY_SHARE_BYTES])
{
    rootlet_tls_keys *keys = &tls->secrets.keys;
    uint8_t shared[ROOTLET_SHARED_SECRET_BYTES];
    uint8_t hash[ROOTLET_HASH_BYTES];
    rootlet_status status =
        rootlet_profile_agree(shared, tls->secrets.hello.random + PRIVATE_KEY_OFFSET, share);
    rootlet_wipe(&tls->secrets, sizeof tls->secrets);
    /* Without a PSK the Early Secret is made of zeros, as the secrets are now. */
    rootlet_hmac_sha256(keys->schedule, keys->schedule, ROOTLET_HASH_BYTES, keys->schedule,
                        ROOTLET_HASH_BYTES);
    next_secret(keys->schedule, shared);
    rootlet_tls_transcript_hash(tls, hash);
    change_keys(&keys->write, keys->schedule, HASH_BYTES "c hs traffic", hash);
    change_keys(&keys->read, keys->schedule, HASH_BYTES "s hs traffic", hash);
    rootlet_wipe(shared, sizeof shared);
    next_secret(keys->schedule, shared); /* zeros again */
    return status;
}

void rootlet_tls_start_reading_data(rootlet_tls *tls)
{
    rootlet_tls_keys *keys = &tls->secrets.keys;
    uint8_t hash[ROOTLET_HASH_BYTES];
    rootlet_tls_transcript_hash(tls, hash);
    change_keys(&keys->read, keys->schedule, HASH_BYTES "s ap traffic", hash);
    rootlet_tls_expand_label(keys->schedule, keys->schedule, HASH_BYTES "c ap traffic", hash);
}

void rootlet_tls_start_writing_data(rootlet_tls *tls)
{
    rootlet_tls_keys *keys = &tls->secrets.keys;
    rootlet_copy(keys->write.secret, keys->schedule, ROOTLET_HASH_BYTES);
    rootlet_wipe(keys->schedule, ROOTLET_HASH_BYTES);
    rootlet_wipe(&tls->transcript, sizeof tls->transcript);
    set_keys(&keys->write);
}

/* Not inlined: smaller so, where the library is one file. */
__attribute__((noinline)) void rootlet_tls_next_keys(rootlet_tls_direction *direction)
{
    change_keys(direction, direction->secret, HASH_BYTES "traffic upd", NULL);
}

void rootlet_tls_finished_mac(uint8_t mac[ROOTLET_HASH_BYTES],
                              const uint8_t secret[ROOTLET_HASH_BYTES],
                              const uint8_t hash[ROOTLET_HASH_BYTES])
{
    uint8_t key[ROOTLET_HASH_BYTES];
    rootlet_tls_expand_label(key, secret, HASH_BYTES "finished", NULL);
    rootlet_hmac_sha256(mac, key, sizeof key, hash, ROOTLET_HASH_BYTES);
    rootlet_wipe(key, sizeof key);
}
