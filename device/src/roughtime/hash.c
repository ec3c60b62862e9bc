/* See hash.h. */
#include "roughtime/hash.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

void rootlet_roughtime_hash(uint8_t hash[ROOTLET_ROUGHTIME_HASH_BYTES], int first, const uint8_t *a,
                            size_t a_length, const uint8_t *b, size_t b_length)
{
    rootlet_sha512 context;
    uint8_t digest[ROOTLET_SHA512_BYTES];
    rootlet_sha512_init(&context);
    if (first >= 0) {
        digest[0] = (uint8_t)first;
        rootlet_sha512_update(&context, digest, 1);
    }
    rootlet_sha512_update(&context, a, a_length);
    size_t step = b_length;
    if (b == NULL) {
        /* The digest's room serves as a piece of the padding until the digest is written. */
        rootlet_wipe(digest, sizeof digest);
        b = digest;
        step = sizeof digest;
    }
    /*@ loop invariant b_length == 0 || (step > 0 && \valid_read(b + (0 .. step - 1)));
        loop assigns step, b_length, context;
        loop variant b_length; */
    while (b_length > 0) {
        step = step < b_length ? step : b_length;
        rootlet_sha512_update(&context, b, step);
        b_length -= step;
    }
    rootlet_sha512_final(&context, digest);
    rootlet_copy(hash, digest, ROOTLET_ROUGHTIME_HASH_BYTES);
}
