/*
 * The cryptographic seam. The protocol parts call the profile's operations at the end of this
 * header; those are met by the built-in primitives below, or at link time by a file that calls
 * other implementations (PSA Crypto, a secure element).
 *
 * All byte strings are in the RFCs' order. Unless said otherwise arguments must not overlap,
 * inputs are not secret-dependent in length, and secrets are processed in constant time.
 */
#ifndef ROOTLET_CRYPTO_H
#define ROOTLET_CRYPTO_H

#include "config.h"
#include "status.h"

#include <stddef.h>
#include <stdint.h>

/* ---- SHA-256 and SHA-512, FIPS 180-4 ---- */

#define ROOTLET_SHA256_BYTES 32
#define ROOTLET_SHA512_BYTES 64

/* A context may be copied by assignment to take a digest and go on. Messages up to 2^32-1 bytes. */
typedef struct rootlet_sha256 {
    uint32_t words[8 + 16]; /* the state, then the block that is filling */
    uint32_t length;        /* bytes so far */
} rootlet_sha256;

/*@ requires \valid(hash); assigns *hash; */
void rootlet_sha256_init(rootlet_sha256 *hash);
/*@ requires \valid(hash) && \valid_read(bytes + (0 .. length - 1));
    requires \separated(hash, bytes + (0 .. length - 1));
    assigns *hash; */
void rootlet_sha256_update(rootlet_sha256 *hash, const uint8_t *bytes, size_t length);

/* Writes the digest and wipes the context. */
/*@ requires \valid(hash) && \valid(digest + (0 .. ROOTLET_SHA256_BYTES - 1));
    requires \separated(hash, digest + (0 .. ROOTLET_SHA256_BYTES - 1));
    assigns *hash, digest[0 .. ROOTLET_SHA256_BYTES - 1]; */
void rootlet_sha256_final(rootlet_sha256 *hash, uint8_t digest[ROOTLET_SHA256_BYTES]);

typedef struct rootlet_sha512 {
    uint64_t words[8 + 16]; /* the state, then the block that is filling */
    uint32_t length;        /* bytes so far */
} rootlet_sha512;

/*@ requires \valid(hash); assigns *hash; */
void rootlet_sha512_init(rootlet_sha512 *hash);
/*@ requires \valid(hash) && \valid_read(bytes + (0 .. length - 1));
    requires \separated(hash, bytes + (0 .. length - 1));
    assigns *hash; */
void rootlet_sha512_update(rootlet_sha512 *hash, const uint8_t *bytes, size_t length);
/* Writes the digest and wipes the context. */
/*@ requires \valid(hash) && \valid(digest + (0 .. ROOTLET_SHA512_BYTES - 1));
    requires \separated(hash, digest + (0 .. ROOTLET_SHA512_BYTES - 1));
    assigns *hash, digest[0 .. ROOTLET_SHA512_BYTES - 1]; */
void rootlet_sha512_final(rootlet_sha512 *hash, uint8_t digest[ROOTLET_SHA512_BYTES]);

/* ---- HMAC-SHA-256 (RFC 2104) and HKDF (RFC 5869) ---- */

/* mac may overlap key or message. A key of more than 64 bytes is hashed first, as the RFC says. */
/*@ requires \valid(mac + (0 .. ROOTLET_SHA256_BYTES - 1));
    requires \valid_read(key + (0 .. key_length - 1));
    requires \valid_read(message + (0 .. message_length - 1));
    assigns mac[0 .. ROOTLET_SHA256_BYTES - 1]; */
void rootlet_hmac_sha256(uint8_t mac[ROOTLET_SHA256_BYTES], const uint8_t *key, size_t key_length,
                         const uint8_t *message, size_t message_length);

/* prk may overlap salt or ikm. */
void rootlet_hkdf_sha256_extract(uint8_t prk[ROOTLET_SHA256_BYTES], const uint8_t *salt,
                                 size_t salt_length, const uint8_t *ikm, size_t ikm_length);

#define ROOTLET_HKDF_INFO_BYTES 128 /* longest info */

/* One HKDF-Expand of at most 32 bytes: all that TLS 1.3 with SHA-256 needs, so one block.
 * ROOTLET_ERR_MISUSE when out_length is over 32 or info_length over ROOTLET_HKDF_INFO_BYTES. out
 * may overlap prk. */
ROOTLET_CHECKED rootlet_status rootlet_hkdf_sha256_expand(uint8_t *out, size_t out_length,
                                                          const uint8_t prk[ROOTLET_SHA256_BYTES],
                                                          const uint8_t *info, size_t info_length);

/* ---- ChaCha20-Poly1305, RFC 8439 ---- */

#define ROOTLET_CHACHA20POLY1305_KEY_BYTES 32
#define ROOTLET_CHACHA20POLY1305_NONCE_BYTES 12
#define ROOTLET_CHACHA20POLY1305_TAG_BYTES 16
/* Both as one array, the key first. */
#define ROOTLET_CHACHA20POLY1305_KEY_NONCE_BYTES                                                   \
    (ROOTLET_CHACHA20POLY1305_KEY_BYTES + ROOTLET_CHACHA20POLY1305_NONCE_BYTES)

/* Encrypts data in place and writes the tag. The nonce stands behind the key. Both lengths are
 * below 2^32; a nonce is never used twice with one key. */
void rootlet_chacha20poly1305_seal(
    uint8_t *data, size_t length, uint8_t tag[ROOTLET_CHACHA20POLY1305_TAG_BYTES],
    const uint8_t key_nonce[ROOTLET_CHACHA20POLY1305_KEY_NONCE_BYTES], const uint8_t *aad,
    size_t aad_length);

/* Checks the tag, then decrypts data in place. On ROOTLET_ERR_CRYPTO_TAG data is unchanged. */
ROOTLET_CHECKED rootlet_status rootlet_chacha20poly1305_open(
    uint8_t *data, size_t length, const uint8_t tag[ROOTLET_CHACHA20POLY1305_TAG_BYTES],
    const uint8_t key_nonce[ROOTLET_CHACHA20POLY1305_KEY_NONCE_BYTES], const uint8_t *aad,
    size_t aad_length);

/* ---- X25519, RFC 7748 ---- */

#define ROOTLET_X25519_BYTES 32

/* shared = scalar * point. ROOTLET_ERR_CRYPTO_ZERO_SHARED when the result is all zero (RFC 7748
 * section 6.1), found in constant time; shared is then zero. shared may overlap the inputs. */
ROOTLET_CHECKED rootlet_status rootlet_x25519(uint8_t shared[ROOTLET_X25519_BYTES],
                                              const uint8_t scalar[ROOTLET_X25519_BYTES],
                                              const uint8_t point[ROOTLET_X25519_BYTES]);

/* public_key = scalar * base point. */
void rootlet_x25519_public(uint8_t public_key[ROOTLET_X25519_BYTES],
                           const uint8_t scalar[ROOTLET_X25519_BYTES]);

/* ---- Ed25519, RFC 8032 section 5.1 ---- */

#define ROOTLET_ED25519_SIGNATURE_BYTES 64
#define ROOTLET_ED25519_KEY_BYTES 32

/*
 * Checks a signature over prefix || message (two parts, so that contexts need no copying; either
 * may be NULL with length 0). Cofactorless; compares the encoding of R. Refuses S >= L, and public
 * keys that are not canonical or not on the curve. Everything here is public: not constant time.
 * ROOTLET_ERR_CRYPTO_SIGNATURE when it does not verify.
 */
/*@ requires \valid_read(signature + (0 .. ROOTLET_ED25519_SIGNATURE_BYTES - 1));
    requires \valid_read(public_key + (0 .. ROOTLET_ED25519_KEY_BYTES - 1));
    requires \valid_read(prefix + (0 .. prefix_length - 1));
    requires \valid_read(message + (0 .. message_length - 1));
    assigns \nothing; */
ROOTLET_CHECKED rootlet_status
rootlet_ed25519_verify(const uint8_t signature[ROOTLET_ED25519_SIGNATURE_BYTES],
                       const uint8_t public_key[ROOTLET_ED25519_KEY_BYTES], const uint8_t *prefix,
                       size_t prefix_length, const uint8_t *message, size_t message_length);

/* Public key of a 32-byte private key (the RFC's seed). */
void rootlet_ed25519_public(uint8_t public_key[ROOTLET_ED25519_KEY_BYTES],
                            const uint8_t private_key[ROOTLET_ED25519_KEY_BYTES]);

/* Signs prefix || message. Deterministic, as the RFC has it. public_key must be the private key's
 * own; a wrong one would leak the private key, so it is computed here and not an argument. */
void rootlet_ed25519_sign(uint8_t signature[ROOTLET_ED25519_SIGNATURE_BYTES],
                          const uint8_t private_key[ROOTLET_ED25519_KEY_BYTES],
                          const uint8_t *prefix, size_t prefix_length, const uint8_t *message,
                          size_t message_length);

/* ---- The profile's operations: what TLS and X.509 call ---- */

/* The key share for a fresh private key of ROOTLET_PRIVATE_KEY_BYTES. */
/*@ requires \valid(share + (0 .. ROOTLET_KEY_SHARE_BYTES - 1));
    requires \valid_read(private_key + (0 .. ROOTLET_PRIVATE_KEY_BYTES - 1));
    assigns share[0 .. ROOTLET_KEY_SHARE_BYTES - 1]; */
void rootlet_profile_share(uint8_t share[ROOTLET_KEY_SHARE_BYTES],
                           const uint8_t private_key[ROOTLET_PRIVATE_KEY_BYTES]);

/* The shared secret. ROOTLET_ERR_CRYPTO_ZERO_SHARED for a bad share. */
/*@ requires \valid(secret + (0 .. ROOTLET_SHARED_SECRET_BYTES - 1));
    requires \valid_read(private_key + (0 .. ROOTLET_PRIVATE_KEY_BYTES - 1));
    requires \valid_read(share + (0 .. ROOTLET_KEY_SHARE_BYTES - 1));
    assigns secret[0 .. ROOTLET_SHARED_SECRET_BYTES - 1]; */
ROOTLET_CHECKED rootlet_status
rootlet_profile_agree(uint8_t secret[ROOTLET_SHARED_SECRET_BYTES],
                      const uint8_t private_key[ROOTLET_PRIVATE_KEY_BYTES],
                      const uint8_t share[ROOTLET_KEY_SHARE_BYTES]);

/* Checks a signature in the profile's scheme over prefix || message. signature_length is checked
 * here: Ed25519 takes exactly 64. */
/*@ requires \valid_read(signature + (0 .. signature_length - 1));
    requires \valid_read(public_key + (0 .. ROOTLET_PUBLIC_KEY_BYTES - 1));
    requires \valid_read(prefix + (0 .. prefix_length - 1));
    requires \valid_read(message + (0 .. message_length - 1));
    assigns \nothing; */
ROOTLET_CHECKED rootlet_status
rootlet_profile_verify(const uint8_t *signature, size_t signature_length,
                       const uint8_t public_key[ROOTLET_PUBLIC_KEY_BYTES], const uint8_t *prefix,
                       size_t prefix_length, const uint8_t *message, size_t message_length);

/* Signs prefix || message; returns the signature's length, at most ROOTLET_SIGNATURE_BYTES. */
/*@ requires \valid(signature + (0 .. ROOTLET_SIGNATURE_BYTES - 1));
    requires \valid_read(private_key + (0 .. ROOTLET_PRIVATE_KEY_BYTES - 1));
    requires \valid_read(prefix + (0 .. prefix_length - 1));
    requires \valid_read(message + (0 .. message_length - 1));
    assigns signature[0 .. ROOTLET_SIGNATURE_BYTES - 1];
    ensures \result <= ROOTLET_SIGNATURE_BYTES; */
size_t rootlet_profile_sign(uint8_t signature[ROOTLET_SIGNATURE_BYTES],
                            const uint8_t private_key[ROOTLET_PRIVATE_KEY_BYTES],
                            const uint8_t *prefix, size_t prefix_length, const uint8_t *message,
                            size_t message_length);

#define ROOTLET_AEAD_KEY_NONCE_BYTES (ROOTLET_AEAD_KEY_BYTES + ROOTLET_AEAD_NONCE_BYTES)

/* Record protection in place, as rootlet_chacha20poly1305_seal and _open. */
/*@ requires \valid(data + (0 .. length - 1)) && \valid(tag + (0 .. ROOTLET_AEAD_TAG_BYTES - 1));
    requires \valid_read(key_nonce + (0 .. ROOTLET_AEAD_KEY_NONCE_BYTES - 1));
    requires \valid_read(aad + (0 .. aad_length - 1));
    assigns data[0 .. length - 1], tag[0 .. ROOTLET_AEAD_TAG_BYTES - 1]; */
void rootlet_profile_seal(uint8_t *data, size_t length, uint8_t tag[ROOTLET_AEAD_TAG_BYTES],
                          const uint8_t key_nonce[ROOTLET_AEAD_KEY_NONCE_BYTES], const uint8_t *aad,
                          size_t aad_length);
/*@ requires \valid(data + (0 .. length - 1));
    requires \valid_read(tag + (0 .. ROOTLET_AEAD_TAG_BYTES - 1));
    requires \valid_read(key_nonce + (0 .. ROOTLET_AEAD_KEY_NONCE_BYTES - 1));
    requires \valid_read(aad + (0 .. aad_length - 1));
    assigns data[0 .. length - 1]; */
ROOTLET_CHECKED rootlet_status rootlet_profile_open(
    uint8_t *data, size_t length, const uint8_t tag[ROOTLET_AEAD_TAG_BYTES],
    const uint8_t key_nonce[ROOTLET_AEAD_KEY_NONCE_BYTES], const uint8_t *aad, size_t aad_length);

#endif
