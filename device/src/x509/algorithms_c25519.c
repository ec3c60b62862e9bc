/* The algorithms of the profile c25519: id-Ed25519 without parameters, for the signature and for
 * the key (RFC 8410 sections 3 and 4). */
#include "algorithms.h"

#if !ROOTLET_PROFILE_P256

const uint8_t rootlet_x509_signature_algorithm[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};

const uint8_t rootlet_x509_key_prefix[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                           0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

#endif
