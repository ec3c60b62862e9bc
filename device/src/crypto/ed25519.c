/* See ed25519.h. */
#include "ed25519.h"

#include "scalar25519.h"
#include "words.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

void rootlet_ed25519_hash(uint32_t scalar[8], const rootlet_ed25519_part parts[4])
{
    rootlet_sha512 hash;
    uint8_t digest[ROOTLET_SHA512_BYTES];
    rootlet_sha512_init(&hash);
    for (unsigned i = 0; i < 4; i++) {
        rootlet_sha512_update(&hash, parts[i].bytes, parts[i].length);
    }
    rootlet_sha512_final(&hash, digest);
    rootlet_scalar25519_reduce(scalar, digest);
    rootlet_wipe(digest, sizeof digest);
}

void rootlet_ed25519_pack(uint8_t bytes[32], uint32_t *registers)
{
    rootlet_field25519_is_zero(registers, 0);
    rootlet_field25519_is_zero(registers, 2);
    rootlet_words_store(bytes, ROOTLET_FIELD25519_AT(registers, 2), 8);
    bytes[31] |= (uint8_t)(ROOTLET_FIELD25519_AT(registers, 0)[0] << 7);
}

void rootlet_ed25519_encode(uint8_t bytes[32], uint32_t *registers)
{
    rootlet_field25519_run(registers, FE_PROGRAM(divide));
    rootlet_ed25519_pack(bytes, registers);
}
