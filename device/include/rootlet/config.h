/*
 * Build options of the device library. Each has a working default; override with -D.
 *
 * ROOTLET_PROFILE_P256       0/1, default 0. Which profile's limits the library is built for:
 *                            profiles/c25519.toml (0) or profiles/p256.toml (1).
 * ROOTLET_TLS_MIDDLEBOX      0/1, default 0. Send a 32-byte legacy session id and a dummy
 *                            change_cipher_spec (RFC 9846 appendix E.4). For paths through
 *                            middleboxes; costs 38 bytes on the wire.
 * ROOTLET_TLS_CLIENT_AUTH    0/1, default 1. Show a certificate of the device's own to a server
 *                            that asks for one. With 0 an empty Certificate is the answer (RFC
 *                            9846 section 4.5.1), and an identity in rootlet_tls_config is a
 *                            misuse.
 * ROOTLET_TLS_KEY_UPDATE     0/1, default 1. Change keys during a connection. With 0 a server's
 *                            KeyUpdate is an unexpected message, rootlet_tls_update_keys a
 *                            misuse, and writing ends with ROOTLET_ERR_TLS_SEQUENCE after 2^24
 *                            records.
 * ROOTLET_TLS_ALPN           0/1, default 1. Offer a protocol name. With 0 one in
 *                            rootlet_tls_config is a misuse.
 * ROOTLET_X25519_QUICK       0/1, default 0. On a Cortex-M3 only: take its long multiplication
 *                            for the ephemeral X25519 key, 2.6 times as quick. That instruction
 *                            ends early for small operands, so its time tells of the secret.
 *                            For a device whose timing nobody can measure closely, over the
 *                            network or beside it. Signatures and record keys are not affected;
 *                            on other cores there is nothing to choose.
 *
 * What an option costs in bytes, per core: docs/size.md. Roughtime is left out by not calling it.
 */
#ifndef ROOTLET_CONFIG_H
#define ROOTLET_CONFIG_H

#ifndef ROOTLET_PROFILE_P256
#define ROOTLET_PROFILE_P256 0
#endif

#ifndef ROOTLET_TLS_MIDDLEBOX
#define ROOTLET_TLS_MIDDLEBOX 0
#endif

#ifndef ROOTLET_TLS_CLIENT_AUTH
#define ROOTLET_TLS_CLIENT_AUTH 1
#endif

#ifndef ROOTLET_TLS_KEY_UPDATE
#define ROOTLET_TLS_KEY_UPDATE 1
#endif

#ifndef ROOTLET_TLS_ALPN
#define ROOTLET_TLS_ALPN 1
#endif

#ifndef ROOTLET_X25519_QUICK
#define ROOTLET_X25519_QUICK 0
#endif

#if ROOTLET_PROFILE_P256
#include "limits_p256.h"
#else
#include "limits_c25519.h"
#endif

#endif
