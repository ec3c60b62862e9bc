/*
 * What X.509 knows of the profile's algorithms: two byte strings, both exact, because parameters
 * are fixed or absent (RFC 8410 section 3, RFC 5758 section 3.2, RFC 5480 section 2.1.1). A profile
 * is added by adding a file beside algorithms_c25519.c.
 */
#ifndef ROOTLET_X509_ALGORITHMS_H
#define ROOTLET_X509_ALGORITHMS_H

#include "rootlet/config.h"

#include <stdint.h>

/* The AlgorithmIdentifier of a signature; its second byte tells its length. */
extern const uint8_t rootlet_x509_signature_algorithm[];

/* What a SubjectPublicKeyInfo begins with: all up to the ROOTLET_PUBLIC_KEY_BYTES of the key. */
#define ROOTLET_X509_KEY_PREFIX_BYTES (ROOTLET_PROFILE_P256 ? 26u : 12u)
extern const uint8_t rootlet_x509_key_prefix[ROOTLET_X509_KEY_PREFIX_BYTES];

#endif
