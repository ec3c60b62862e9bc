/*
 * Which multiplication a core gets. Each kernel meets words.h; the first that fits is built.
 *
 *   UMAAL     Cortex-M4 and up: one instruction is the whole step.       words_umaal.c
 *   ARMv7-M   Cortex-M3: two kernels. Its long multiplication ends early for small operands, so
 *             secrets take one of 16-bit halves; what is public takes the long one, three times as
 *             quick.                                                      words_armv7m.c
 *   ARMv6-M   Cortex-M0 and M0+: 32-bit products only, so halves.         words_armv6m.c
 *   portable  everything else, in C, and what the others are tested against: words_portable.c
 */
#ifndef ROOTLET_CRYPTO_MULTIPLY_H
#define ROOTLET_CRYPTO_MULTIPLY_H

#include "rootlet/config.h"

#include <stdint.h>

/* The core has no long multiplication, or none of constant time. */
#if defined(__ARM_ARCH_6M__) || (defined(__ARM_ARCH_7M__) && !defined(__ARM_FEATURE_DSP))
#define ROOTLET_HALVES 1
#endif
/* There is a quick kernel beside the one for secrets. Tests ask for both on other cores. */
#if defined(__ARM_ARCH_7M__) && !defined(__ARM_FEATURE_DSP)
#define ROOTLET_TWO_KERNELS 1
#endif

#ifndef ROOTLET_HALVES
#define ROOTLET_HALVES 0
#endif
#ifndef ROOTLET_TWO_KERNELS
#define ROOTLET_TWO_KERNELS 0
#endif

#if !defined(__GNUC__)
#define ROOTLET_KERNEL_PORTABLE
#elif defined(__ARM_FEATURE_DSP) && defined(__thumb__)
#define ROOTLET_KERNEL_UMAAL
#elif defined(__ARM_ARCH_7M__)
#define ROOTLET_KERNEL_ARMV7M
#elif defined(__ARM_ARCH_6M__)
#define ROOTLET_KERNEL_ARMV6M
#else
#define ROOTLET_KERNEL_PORTABLE
#endif

#endif
