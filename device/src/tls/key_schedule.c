/* See key_schedule.h. */
#include "key_schedule.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

#define PREFIX_BYTES 6   /* "tls13 " */
#define LONGEST_LABEL 12 /* "c hs traffic" and its kin */
#define INFO_BYTES (2 + 1 + PREFIX_BYTES + LONGEST_LABEL + 1 + ROOTLET_HASH_BYTES + 1)

void rootlet_tls_expand_label(uint8_t *out, size_t length, const uint8_t secret[ROOTLET_HASH_BYTES],
                              const char *label, const uint8_t *hash)
{
    static const uint8_t head[] = {0, 0, 0, 't', 'l', 's', '1', '3', ' '};
    uint8_t info[INFO_BYTES];
    rootlet_copy(info, head, sizeof head);
    info[1] = (uint8_t)length;
    uint8_t *end = info + 3 + PREFIX_BYTES;
    while (*label != '\0') {
        *end++ = (uint8_t)*label++;
    }
    info[2] = (uint8_t)(end - info - 3);
    *end++ = hash == NULL ? 0 : ROOTLET_HASH_BYTES;
    if (hash != NULL) {
        rootlet_copy(end, hash, ROOTLET_HASH_BYTES);
        end += ROOTLET_HASH_BYTES;
    }
    /* HKDF-Expand of one block is HMAC over the info and the byte 1 (RFC 5869 section 2.3). */
    *end++ = 1;
    uint8_t block[ROOTLET_HASH_BYTES];
    rootlet_hmac_sha256(block, secret, ROOTLET_HASH_BYTES, info, (size_t)(end - info));
    rootlet_copy(out, block, length);
    rootlet_wipe(block, sizeof block);
}

static void derive_secret(uint8_t out[ROOTLET_HASH_BYTES], const uint8_t secret[ROOTLET_HASH_BYTES],
                          const char *label, const uint8_t hash[ROOTLET_HASH_BYTES])
{
    rootlet_tls_expand_label(out, ROOTLET_HASH_BYTES, secret, label, hash);
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
    rootlet_tls_expand_label(direction->key, sizeof direction->key, direction->secret, "key", NULL);
    rootlet_tls_expand_label(direction->iv, sizeof direction->iv, direction->secret, "iv", NULL);
    rootlet_wipe(direction->sequence, sizeof direction->sequence);
}

rootlet_status rootlet_tls_start_handshake_keys(rootlet_tls *tls,
                                                const uint8_t share[ROOTLET_KEY_SHARE_BYTES])
{
    /* Derive-Secret(Early Secret, "derived", "") without a PSK: the same for every connection. */
    static const uint8_t early[ROOTLET_HASH_BYTES] = {
        0x6f, 0x26, 0x15, 0xa1, 0x08, 0xc7, 0x02, 0xc5, 0x67, 0x8f, 0x54,
        0xfc, 0x9d, 0xba, 0xb6, 0x97, 0x16, 0xc0, 0x76, 0x18, 0x9c, 0x48,
        0x25, 0x0c, 0xeb, 0xea, 0xc3, 0x57, 0x6c, 0x36, 0x11, 0xba};
    static const uint8_t zeros[ROOTLET_HASH_BYTES] = {0};
    rootlet_tls_keys *keys = &tls->secrets.keys;
    uint8_t shared[ROOTLET_SHARED_SECRET_BYTES];
    uint8_t hash[ROOTLET_HASH_BYTES];
    rootlet_status status = rootlet_profile_agree(shared, tls->secrets.hello.private_key, share);
    rootlet_wipe(&tls->secrets, sizeof tls->secrets);
    if (status != ROOTLET_OK) {
        return status;
    }
    rootlet_hmac_sha256(keys->schedule, early, sizeof early, shared, sizeof shared);
    rootlet_wipe(shared, sizeof shared);
    rootlet_tls_transcript_hash(tls, hash);
    derive_secret(keys->write.secret, keys->schedule, "c hs traffic", hash);
    derive_secret(keys->read.secret, keys->schedule, "s hs traffic", hash);
    set_keys(&keys->write);
    set_keys(&keys->read);
    rootlet_sha256 empty;
    rootlet_sha256_init(&empty);
    rootlet_sha256_final(&empty, hash);
    derive_secret(keys->schedule, keys->schedule, "derived", hash);
    rootlet_hmac_sha256(keys->schedule, keys->schedule, ROOTLET_HASH_BYTES, zeros, sizeof zeros);
    return ROOTLET_OK;
}

void rootlet_tls_start_reading_data(rootlet_tls *tls)
{
    rootlet_tls_keys *keys = &tls->secrets.keys;
    uint8_t hash[ROOTLET_HASH_BYTES];
    rootlet_tls_transcript_hash(tls, hash);
    derive_secret(keys->read.secret, keys->schedule, "s ap traffic", hash);
    derive_secret(keys->schedule, keys->schedule, "c ap traffic", hash);
    set_keys(&keys->read);
}

void rootlet_tls_start_writing_data(rootlet_tls *tls)
{
    rootlet_tls_keys *keys = &tls->secrets.keys;
    rootlet_copy(keys->write.secret, keys->schedule, ROOTLET_HASH_BYTES);
    rootlet_wipe(keys->schedule, ROOTLET_HASH_BYTES);
    rootlet_wipe(&tls->transcript, sizeof tls->transcript);
    set_keys(&keys->write);
}

void rootlet_tls_next_keys(rootlet_tls_direction *direction)
{
    rootlet_tls_expand_label(direction->secret, ROOTLET_HASH_BYTES, direction->secret,
                             "traffic upd", NULL);
    set_keys(direction);
}

void rootlet_tls_finished_mac(uint8_t mac[ROOTLET_HASH_BYTES],
                              const uint8_t secret[ROOTLET_HASH_BYTES],
                              const uint8_t hash[ROOTLET_HASH_BYTES])
{
    uint8_t key[ROOTLET_HASH_BYTES];
    rootlet_tls_expand_label(key, sizeof key, secret, "finished", NULL);
    rootlet_hmac_sha256(mac, key, sizeof key, hash, ROOTLET_HASH_BYTES);
    rootlet_wipe(key, sizeof key);
}
