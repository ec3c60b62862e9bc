/* See ed25519.h. Formulas of RFC 8032 section 5.1.4, complete as d is not a square. */
#include "ed25519.h"

#include "scalar25519.h"
#include "words.h"

#include "rootlet/crypto.h"

#define MUL ROOTLET_FIELD25519_MUL
#define ADD ROOTLET_FIELD25519_ADD
#define SUB ROOTLET_FIELD25519_SUB
#define END ROOTLET_FIELD25519_END

const rootlet_field25519 rootlet_ed25519_d = {0x135978a3, 0x75eb4dca, 0x4141d8ab, 0x00700a4d,
                                              0x7779e898, 0x8cc74079, 0x2b6ffe73, 0x52036cee};

void rootlet_ed25519_hash(uint32_t scalar[8], const rootlet_ed25519_part parts[4])
{
    rootlet_sha512 hash;
    uint8_t digest[ROOTLET_SHA512_BYTES];
    uint32_t wide[ROOTLET_SCALAR25519_WIDE];
    rootlet_sha512_init(&hash);
    for (int i = 0; i < 4; i++) {
        rootlet_sha512_update(&hash, parts[i].bytes, parts[i].length);
    }
    rootlet_sha512_final(&hash, digest);
    rootlet_words_load(wide, digest, 16);
    rootlet_scalar25519_reduce(wide);
    rootlet_words_copy(scalar, wide, 8);
}

void rootlet_ed25519_neutral(rootlet_field25519 *registers)
{
    rootlet_words_wipe(registers[0], 32);
    registers[1][0] = 1;
    registers[2][0] = 1;
}

void rootlet_ed25519_extend(rootlet_field25519 *registers)
{
    static const uint16_t program[] = {MUL(3, 0, 2), END};
    rootlet_words_wipe(registers[1], 8);
    registers[1][0] = 1;
    rootlet_field25519_run(registers, program);
}

void rootlet_ed25519_base(rootlet_field25519 *registers)
{
    static const rootlet_field25519 x = {0x8f25d51a, 0xc9562d60, 0x9525a7b2, 0x692cc760,
                                         0xfdd6dc5c, 0xc0a4e231, 0xcd6e53fe, 0x216936d3};
    static const rootlet_field25519 y = {0x66666658, 0x66666666, 0x66666666, 0x66666666,
                                         0x66666666, 0x66666666, 0x66666666, 0x66666666};
    rootlet_words_copy(registers[0], x, 8);
    rootlet_words_copy(registers[2], y, 8);
    rootlet_ed25519_extend(registers);
}

void rootlet_ed25519_to_addend(rootlet_field25519 *registers)
{
    static const uint16_t program[] = {
        SUB(4, 2, 0), ADD(5, 2, 0), ADD(6, 1, 1), MUL(7, 3, 8), ADD(7, 7, 7), END,
    };
    rootlet_words_copy(registers[8], rootlet_ed25519_d, 8);
    rootlet_field25519_run(registers, program);
}

void rootlet_ed25519_double(rootlet_field25519 *registers)
{
    static const uint16_t program[] = {
        MUL(8, 0, 0),    /* A */
        MUL(9, 2, 2),    /* B */
        ADD(10, 0, 2),   /* X + Y */
        MUL(10, 10, 10), /* its square */
        MUL(11, 1, 1),   /* Z squared */
        ADD(11, 11, 11), /* C */
        ADD(3, 8, 9),    /* H = A + B */
        SUB(10, 3, 10),  /* E = H - (X + Y)^2 */
        SUB(8, 8, 9),    /* G = A - B */
        ADD(9, 11, 8),   /* F = C + G */
        MUL(0, 10, 9),   MUL(2, 8, 3), MUL(1, 9, 8), MUL(3, 10, 3), END,
    };
    rootlet_field25519_run(registers, program);
}

void rootlet_ed25519_add(rootlet_field25519 *registers)
{
    static const uint16_t program[] = {
        SUB(9, 2, 0),   /* Y - X */
        MUL(9, 9, 4),   /* A */
        ADD(10, 2, 0),  /* Y + X */
        MUL(10, 10, 5), /* B */
        MUL(8, 3, 7),   /* C */
        MUL(11, 1, 6),  /* D */
        ADD(3, 10, 9),  /* H = B + A */
        SUB(10, 10, 9), /* E = B - A */
        SUB(9, 11, 8),  /* F = D - C */
        ADD(8, 11, 8),  /* G = D + C */
        MUL(0, 10, 9),  MUL(2, 8, 3), MUL(1, 9, 8), MUL(3, 10, 3), END,
    };
    rootlet_field25519_run(registers, program);
}

void rootlet_ed25519_pack(uint8_t bytes[32], const rootlet_field25519 *registers)
{
    rootlet_words_store(bytes, registers[2], 8);
    bytes[31] |= (uint8_t)(registers[0][0] << 7);
}

void rootlet_ed25519_encode(uint8_t bytes[32], rootlet_field25519 *registers)
{
    rootlet_field25519_divide(registers);
    rootlet_ed25519_pack(bytes, registers);
}
