/*
 * Build options of the device library. Each has a working default; override with -D.
 *
 * ROOTLET_PROFILE_P256       0/1, default 0. Which profile's limits the library is built for:
 *                            profiles/c25519.toml (0) or profiles/p256.toml (1).
 * ROOTLET_TLS_MIDDLEBOX      0/1, default 0. Send a 32-byte legacy session id and a dummy
 *                            change_cipher_spec (RFC 9846 appendix E.4). For paths through
 *                            middleboxes; costs 38 bytes on the wire.
 * ROOTLET_X25519_QUICK       0/1, default 0. On a Cortex-M3 only: take its long multiplication for
 *                            the ephemeral X25519 key, 2.3 times as quick. That instruction ends
 *                            early for small operands, so its time tells of the secret: for a
 * device whose timing nobody can measure closely, over the network or beside it. Signatures and
 * record keys are not affected, and on all other cores there is nothing to choose.
 */
#ifndef ROOTLET_CONFIG_H
#define ROOTLET_CONFIG_H

#ifndef ROOTLET_PROFILE_P256
#define ROOTLET_PROFILE_P256 0
#endif

#ifndef ROOTLET_TLS_MIDDLEBOX
#define ROOTLET_TLS_MIDDLEBOX 0
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
