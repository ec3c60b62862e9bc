/* See programs25519.h. */
#include "programs25519.h"

#include "field25519.h"

const rootlet_programs25519 rootlet_field_programs = {
    /* Exponents of z on the right. 2^252 - 3 = (2^250 - 1) * 4 + 1, and 1/z = z^(p-2) with
     * p - 2 = 8 * (2^252 - 3) + 3. */
    .divide =
        {
            FE_MUL(8, 1, 1),                                                        /* 2 */
            FE_RAISE(9, 2),                                                         /* 8 */
            FE_MUL(9, 9, 1),                                                        /* 9 */
            FE_MUL(8, 8, 9),                                                        /* 11 */
            FE_MUL(8, 8, 8),                                                        /* 22 */
            FE_MUL(8, 8, 9),                                                        /* 2^5 - 1 */
            FE_RAISE(9, 5),    FE_MUL(9, 9, 8),                                     /* 2^10 - 1 */
            FE_RAISE(10, 10),  FE_MUL(10, 10, 9),                                   /* 2^20 - 1 */
            FE_RAISE(8, 20),   FE_MUL(8, 8, 10),                                    /* 2^40 - 1 */
            FE_RAISE(8, 10),   FE_MUL(8, 8, 9),                                     /* 2^50 - 1 */
            FE_RAISE(9, 50),   FE_MUL(9, 9, 8),                                     /* 2^100 - 1 */
            FE_RAISE(10, 100), FE_MUL(10, 10, 9),                                   /* 2^200 - 1 */
            FE_RAISE(10, 50),  FE_MUL(10, 10, 8),                                   /* 2^250 - 1 */
            FE_RAISE(10, 2),                                                        /* 2^252 - 4 */
            FE_MUL(8, 10, 1),                                                       /* 2^252 - 3 */
            FE_RAISE(9, 3),    FE_MUL(9, 9, 1),   FE_MUL(9, 9, 1), FE_MUL(9, 9, 1), /* p - 2 */
            FE_MUL(0, 0, 9),   FE_MUL(2, 2, 9),   FE_END,
        },
    .ladder_start =
        {
            FE_SET(2, 9),
            FE_SET(0, 1),
            FE_SET(1, 0),
            FE_SET(3, 1),
            FE_ADD(4, 2, 1),
            FE_END,
        },
    .ladder_step =
        {
            FE_ADD(8, 0, 1),          /* A */
            FE_SUB(9, 0, 1),          /* B */
            FE_ADD(10, 2, 3),         /* C */
            FE_SUB(11, 2, 3),         /* D */
            FE_MUL(11, 11, 8),        /* DA */
            FE_MUL(10, 10, 9),        /* CB */
            FE_MUL(8, 8, 8),          /* AA */
            FE_MUL(9, 9, 9),          /* BB */
            FE_ADD(2, 11, 10),        /* DA + CB */
            FE_MUL(2, 2, 2),          /* x_3 */
            FE_SUB(3, 11, 10),        /* DA - CB */
            FE_MUL(3, 3, 3),          /* its square */
            FE_MUL(3, 3, 4),          /* z_3 */
            FE_MUL(0, 8, 9),          /* x_2 */
            FE_SUB(10, 8, 9),         /* E = AA - BB */
            FE_ADD(8, 10, 10),        /* 2E */
            FE_ADD_HALF_A24(8, 9, 8), /* BB + 121666 * E = AA + a24 * E */
            FE_MUL(1, 10, 8),         /* z_2 */
            FE_END,
        },
    /* Formulas of RFC 8032 section 5.1.4, complete as d is not a square. */
    .twice =
        {
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
        },
    .add =
        {
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
        },
    .both_neutral =
        {
            FE_SET(12, 1),
            FE_SET(13, 1),
            FE_SET(14, 2),
            FE_SET(15, 0),
            FE_SET(0, 0), /* here begins FE_NEUTRAL */
            FE_SET(1, 1),
            FE_SET(2, 1),
            FE_SET(3, 0),
            FE_SET(10, 0),
            FE_END,
        },
    /* y is 4/5; F = 5 and G = 1. And d is -121665/121666: the addend is multiplied by 121666. */
    .base =
        {
            FE_LOAD(10, FE_BASE_X),   /* E = x */
            FE_SET(3, 4),             /* H */
            FE_SET(1, 5),             /* Z = F G */
            FE_MUL(0, 10, 1),         /* X = E F */
            FE_SET(2, 4),             /* Y = G H */
            FE_SET(8, 0),             /* here begins FE_FROM_POINT */
            FE_SET(9, 2),             /* 2 */
            FE_ADD_HALF_A24(9, 8, 9), /* 121666 */
            FE_SUB(4, 2, 0),          /* Y - X */
            FE_MUL(4, 4, 9),          /* 121666 (Y - X) */
            FE_ADD(5, 2, 0),          /* Y + X */
            FE_MUL(5, 5, 9),          /* 121666 (Y + X) */
            FE_ADD(6, 1, 1),          /* 2Z */
            FE_MUL(6, 6, 9),          /* 121666 * 2Z */
            FE_MUL(7, 3, 10),         /* T = H E */
            FE_ADD(7, 7, 7),          /* 2T */
            FE_MUL(8, 7, 9),          /* 121666 * 2T */
            FE_SUB(7, 7, 8),          /* -121665 * 2T */
            FE_END,
        },
    .fraction =
        {
            FE_MUL(8, 12, 12),        /* y^2 */
            FE_SET(3, 1),             /* 1 */
            FE_SUB(4, 8, 3),          /* y^2 - 1 */
            FE_ADD(4, 4, 4),          /* 2 (y^2 - 1) */
            FE_SET(3, 0),             /* 0 */
            FE_ADD_HALF_A24(4, 3, 4), /* u = 121666 (y^2 - 1) */
            FE_SUB(5, 8, 4),          /* v = y^2 - u */
            FE_MUL(6, 5, 5),
            FE_MUL(7, 6, 5),
            FE_MUL(7, 7, 4), /* u v^3 */
            FE_MUL(6, 6, 6),
            FE_MUL(1, 7, 6), /* u v^7 */
            FE_END,
        },
    .root =
        {
            FE_MUL(0, 7, 8),
            FE_SET(2, 0),
            FE_ADD(2, 2, 12),
            FE_MUL(8, 0, 0),
            FE_MUL(8, 8, 5),
            FE_SUB(9, 8, 4),
            FE_ADD(10, 8, 4),
            FE_LOAD(11, FE_ROOT_OF_MINUS_ONE),
            FE_MUL(11, 0, 11),
            FE_END,
        },
    .negate =
        {
            FE_SET(8, 0),
            FE_SUB(0, 8, 0),  /* X = -x */
            FE_SET(1, 1),     /* Z */
            FE_ADD(10, 0, 8), /* E = X */
            FE_ADD(3, 2, 8),  /* H = Y */
            FE_END,
        },
};
