/*
 * Build options of the device library. Each has a working default; override with -D.
 *
 * ROOTLET_PROFILE_P256       0/1, default 0. Which profile's limits the library is built for:
 *                            profiles/c25519.toml (0) or profiles/p256.toml (1).
 * ROOTLET_TLS_MIDDLEBOX      0/1, default 0. Send a 32-byte legacy session id and a dummy
 *                            change_cipher_spec (RFC 9846 appendix E.4). For paths through
 *                            middleboxes; costs 38 bytes on the wire.
 */
#ifndef ROOTLET_CONFIG_H
#define ROOTLET_CONFIG_H

#ifndef ROOTLET_PROFILE_P256
#define ROOTLET_PROFILE_P256 0
#endif

#ifndef ROOTLET_TLS_MIDDLEBOX
#define ROOTLET_TLS_MIDDLEBOX 0
#endif

#if ROOTLET_PROFILE_P256
#include "limits_p256.h"
#else
#include "limits_c25519.h"
#endif

#endif
