/* Wiping of secrets: keys, random bytes, what was decrypted. */
#ifndef ROOTLET_WIPE_H
#define ROOTLET_WIPE_H

#include <stddef.h>

/* Sets length bytes to zero and is never optimised away (RFC 9846 appendix C.1). */
/*@ requires \valid((unsigned char *)bytes + (0 .. length - 1));
    assigns ((unsigned char *)bytes)[0 .. length - 1]; */
void rootlet_wipe(void *bytes, size_t length);

#endif
