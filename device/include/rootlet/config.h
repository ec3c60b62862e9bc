/*
 * Build options of the device library. Each has a working default; override with -D.
 *
 * ROOTLET_PROFILE_P256       0/1, default 0. Which profile's limits the library is built for:
 *                            profiles/c25519.toml (0) or profiles/p256.toml (1).
 * ROOTLET_TLS_MIDDLEBOX      0/1, default 0. Send a 32-byte legacy session id and a dummy
 *                            change_cipher_spec (RFC 9846 appendix E.4). For paths through
 *                            middleboxes; costs 38 bytes on the wire.
 * ROOTLET_MULTIPLY_HALVES    0/1, default 1 on ARMv6-M and ARMv7-M (Cortex-M0 to M3), else 0.
 *                            Multiply 16 by 16 bits. A Cortex-M3's long multiplication ends early
 *                            for small operands, so its time tells of secrets; 0 is 2.3 times as
 *                            fast there, for a device whose timing nobody can measure.
 */
#ifndef ROOTLET_CONFIG_H
#define ROOTLET_CONFIG_H

#ifndef ROOTLET_PROFILE_P256
#define ROOTLET_PROFILE_P256 0
#endif

#ifndef ROOTLET_TLS_MIDDLEBOX
#define ROOTLET_TLS_MIDDLEBOX 0
#endif

#ifndef ROOTLET_MULTIPLY_HALVES
#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_7M__)
#define ROOTLET_MULTIPLY_HALVES 1
#else
#define ROOTLET_MULTIPLY_HALVES 0
#endif
#endif

#if ROOTLET_PROFILE_P256
#include "limits_p256.h"
#else
#include "limits_c25519.h"
#endif

#endif
