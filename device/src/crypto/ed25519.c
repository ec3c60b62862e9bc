/* See ed25519.h. Formulas of RFC 8032 section 5.1.4, complete as d is not a square. */
#include "ed25519.h"

#include "scalar25519.h"
#include "words.h"

#include "base/bytes.h"
#include "rootlet/crypto.h"

const uint16_t rootlet_ed25519_double[] = {
    FE_MUL(8, 0, 0),    /* A */
    FE_MUL(9, 2, 2),    /* B */
    FE_ADD(10, 0, 2),   /* X + Y */
    FE_MUL(10, 10, 10), /* its square */
    FE_MUL(11, 1, 1),   /* Z^2 */
    FE_ADD(11, 11, 11), /* C */
    FE_ADD(3, 8, 9),    /* H = A + B */
    FE_SUB(10, 3, 10),  /* E = H - (X + Y)^2 */
    FE_SUB(8, 8, 9),    /* G = A - B */
    FE_ADD(9, 11, 8),   /* F = C + G */
    FE_MUL(0, 10, 9),   /* X = E F */
    FE_MUL(2, 8, 3),    /* Y = G H */
    FE_MUL(1, 9, 8),    /* Z = F G */
    FE_END,
};

const uint16_t rootlet_ed25519_add[] = {
    FE_MUL(3, 10, 3),  /* T = E H */
    FE_SUB(9, 2, 0),   /* Y - X */
    FE_MUL(9, 9, 4),   /* A */
    FE_ADD(10, 2, 0),  /* Y + X */
    FE_MUL(10, 10, 5), /* B */
    FE_MUL(8, 3, 7),   /* C */
    FE_MUL(11, 1, 6),  /* D */
    FE_ADD(3, 10, 9),  /* H = B + A */
    FE_SUB(10, 10, 9), /* E = B - A */
    FE_SUB(9, 11, 8),  /* F = D - C */
    FE_ADD(8, 11, 8),  /* G = D + C */
    FE_MUL(0, 10, 9),  /* X = E F */
    FE_MUL(2, 8, 3),   /* Y = G H */
    FE_MUL(1, 9, 8),   /* Z = F G */
    FE_END,
};

const uint16_t rootlet_ed25519_neutral[] = {
    FE_SET(0, 0), FE_SET(1, 1), FE_SET(2, 1), FE_SET(3, 0), FE_SET(10, 0), FE_END,
};

const uint16_t rootlet_ed25519_base[] = {
    FE_LOAD(0, FE_BASE_X), /* X */
    FE_LOAD(2, FE_BASE_Y), /* Y */
    FE_SET(1, 1),          /* Z; here begins rootlet_ed25519_from_affine */
    FE_MUL(10, 0, 1),      /* E = X */
    FE_MUL(3, 2, 1),       /* H = Y */
    FE_SUB(4, 2, 0),       /* Y - X; here begins rootlet_ed25519_from_point */
    FE_ADD(5, 2, 0),       /* Y + X */
    FE_ADD(6, 1, 1),       /* 2Z */
    FE_LOAD(7, FE_D),      /* d */
    FE_MUL(7, 7, 3),       /* dH */
    FE_MUL(7, 7, 10),      /* dT */
    FE_ADD(7, 7, 7),       /* 2dT */
    FE_END,
};

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
    rootlet_field25519_run(registers, rootlet_field25519_divide);
    rootlet_ed25519_pack(bytes, registers);
}
