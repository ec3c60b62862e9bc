/* The key schedule (section 7.1) and the transcript it hangs on (section 4.1). SHA-256 only. */
#ifndef ROOTLET_TLS_KEY_SCHEDULE_H
#define ROOTLET_TLS_KEY_SCHEDULE_H

#include "rootlet/tls.h"

/* HKDF-Expand-Label. In front of the label stands a byte with the length of out, at most 32. hash
 * is the context, or NULL for the empty one. out may be secret. */
void rootlet_tls_expand_label(uint8_t *out, const uint8_t secret[ROOTLET_HASH_BYTES],
                              const char *label, const uint8_t *hash);

/* The transcript's hash up to here; the transcript goes on. */
/*@ requires \valid_read(tls) && \valid(hash + (0 .. ROOTLET_HASH_BYTES - 1));
    assigns hash[0 .. ROOTLET_HASH_BYTES - 1]; */
void rootlet_tls_transcript_hash(const rootlet_tls *tls, uint8_t hash[ROOTLET_HASH_BYTES]);

/* Keys of both directions for the handshake, from the server's share. The transcript ends with the
 * ServerHello. ROOTLET_ERR_CRYPTO_ZERO_SHARED. The private key is gone either way. */
/*@ requires \valid(tls) && \valid_read(share + (0 .. ROOTLET_KEY_SHARE_BYTES - 1));
    assigns tls->secrets; */
ROOTLET_CHECKED rootlet_status
rootlet_tls_start_handshake_keys(rootlet_tls *tls, const uint8_t share[ROOTLET_KEY_SHARE_BYTES]);

/* The transcript ends with the server's Finished: reading changes to application keys, and the
 * secret for writing is kept until our own Finished is sealed. */
/*@ requires \valid(tls);
    assigns tls->secrets.keys.read, tls->secrets.keys.schedule[0 .. ROOTLET_HASH_BYTES - 1]; */
void rootlet_tls_start_reading_data(rootlet_tls *tls);

/* Our Finished is sealed: writing changes to application keys. */
/*@ requires \valid(tls);
    assigns tls->secrets, tls->transcript; */
void rootlet_tls_start_writing_data(rootlet_tls *tls);

/* The next generation of keys, section 7.2. */
/*@ requires \valid(direction);
    assigns *direction; */
void rootlet_tls_next_keys(rootlet_tls_direction *direction);

/* A Finished's verify_data (section 4.5.3) with the secret of its sender. mac may be hash. */
/*@ requires \valid(mac + (0 .. ROOTLET_HASH_BYTES - 1));
    requires \valid_read(secret + (0 .. ROOTLET_HASH_BYTES - 1));
    requires \valid_read(hash + (0 .. ROOTLET_HASH_BYTES - 1));
    assigns mac[0 .. ROOTLET_HASH_BYTES - 1]; */
void rootlet_tls_finished_mac(uint8_t mac[ROOTLET_HASH_BYTES],
                              const uint8_t secret[ROOTLET_HASH_BYTES],
                              const uint8_t hash[ROOTLET_HASH_BYTES]);

#endif
