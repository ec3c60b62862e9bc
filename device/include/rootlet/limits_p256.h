/* clang-format off */
/* Limits of the profile p256: secp256r1, ECDSA P-256, AES-128-GCM: AES/ECC hardware, PSA, cloud front ends.
 * Generated from profiles/p256.toml by tools/gen_profile.py; do not edit. */
#ifndef ROOTLET_LIMITS_P256_H
#define ROOTLET_LIMITS_P256_H

#define ROOTLET_PROFILE_NAME "p256"
#define ROOTLET_TLS_SUITE 0x1301 /* TLS_AES_128_GCM_SHA256 */
#define ROOTLET_TLS_GROUP 0x0017 /* secp256r1 */
#define ROOTLET_TLS_SIGNATURE_SCHEME 0x0403 /* ecdsa_secp256r1_sha256 */
#define ROOTLET_RECORD_LIMIT 512 /* content bytes in one received record */
#define ROOTLET_MAX_FRAGMENT_CODE 1 /* RFC 6066 section 4 */
#define ROOTLET_COOKIE_BYTES 256 /* longest cookie echoed */
#define ROOTLET_HOST_NAME_BYTES 253 /* longest DNS name */
#define ROOTLET_ALPN_BYTES 32 /* longest ALPN protocol name */
#define ROOTLET_KEY_SHARE_BYTES 65
#define ROOTLET_SHARED_SECRET_BYTES 32
#define ROOTLET_PRIVATE_KEY_BYTES 32
#define ROOTLET_PUBLIC_KEY_BYTES 65
#define ROOTLET_SIGNATURE_BYTES 72 /* the longest */
#define ROOTLET_HASH_BYTES 32
#define ROOTLET_AEAD_KEY_BYTES 16
#define ROOTLET_AEAD_NONCE_BYTES 12
#define ROOTLET_AEAD_TAG_BYTES 16
#define ROOTLET_CHAIN_CERTIFICATES 3 /* certificates looked at in one message */
#define ROOTLET_CHAIN_SIGNATURES 2 /* signatures checked in one path */
#define ROOTLET_MESSAGE_BYTES 1280 /* largest handshake message held */

#endif
