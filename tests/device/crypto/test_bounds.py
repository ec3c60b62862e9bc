"""The bounds that the arithmetic of device/src/crypto states in its comments, by a solver.

Each lemma asks z3 for operands that break a bound; there are none. Beside it the bound or the
formula is spoiled, and there must be some.
"""

from __future__ import annotations

import pytest
import z3

WIDTH = 272
"""Bits enough for every number below, signed."""
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
WORD = 2**32 - 1
HALF = 2**16 - 1
BITS_255 = 2**255


def number(value: int) -> z3.BitVecRef:
    return z3.BitVecVal(value, WIDTH)


def operand(name: str) -> z3.BitVecRef:
    """Any eight words."""
    return z3.ZeroExt(WIDTH - 256, z3.BitVec(name, 256))


def part(value: z3.BitVecRef, first: int, bits: int) -> z3.BitVecRef:
    """Bits from ``first`` on, as a number."""
    return z3.ZeroExt(WIDTH - bits, z3.Extract(first + bits - 1, first, value))


def holds(claim: z3.BoolRef, *given: z3.BoolRef) -> bool:
    solver = z3.Solver()
    solver.set("timeout", 60_000)
    solver.add(*given, z3.Not(claim))
    answer = solver.check()
    assert answer != z3.unknown, "the solver gave up"
    return bool(answer == z3.unsat)


def between(low: int, value: z3.BitVecRef, above: int) -> z3.BoolRef:
    """low <= value < above, signed."""
    return z3.And(value >= number(low), value < number(above))


def field_sum(*, subtract: bool, less: int = 1) -> z3.BitVecRef:
    """What field25519.c's add leaves in r, as an exact number."""
    a, b = operand("a"), operand("b")
    c = number(2**256 - 1) - b if subtract else b
    tops = part(a, 226, 30) + part(c, 226, 30)
    top = ((tops + number(2**29 - less)) >> 29) - number(1)
    return a + c + number(19) * top - number(37 if subtract else 0) - (top << 255)


@pytest.mark.parametrize("subtract", [False, True])
def test_field_add_neither_wraps_nor_becomes_negative(subtract: bool) -> None:
    assert holds(between(0, field_sum(subtract=subtract), BITS_255 + 2**228))


def test_without_the_one_taken_off_a_difference_becomes_negative() -> None:
    assert not holds(between(0, field_sum(subtract=True, less=0), BITS_255 + 2**228))


def test_each_word_of_a_field_add_is_exact() -> None:
    """add_words of field25519.c: from the initial carry on, -56 to 57, or a later one."""
    a, b, carry = (z3.BitVec(name, 32) for name in ("a", "b", "carry"))
    total = z3.ZeroExt(32, a) + z3.ZeroExt(32, b) + z3.ZeroExt(32, carry)
    after = z3.Extract(63, 32, total) - z3.LShR(carry, 31)
    exact = z3.ZeroExt(32, a) + z3.ZeroExt(32, b) + z3.SignExt(32, carry)
    said = z3.ZeroExt(32, z3.Extract(31, 0, total)) + (z3.SignExt(32, after) << 32)
    small = z3.And(after >= z3.BitVecVal(-1, 32), after <= z3.BitVecVal(2, 32))
    range_ = z3.And(carry >= z3.BitVecVal(-19 - 37, 32), carry <= z3.BitVecVal(3 * 19, 32))
    assert holds(z3.And(exact == said, small), range_)


def folded_top(w: int, *, bits: int) -> bool:
    """field25519.c's add_multiple, the top words alone: what is left of them is small.

    a = 2^240 * a1 + a0 and b = 2^240 * b2 + 2^224 * b1 + b0, so that all but a0 + w * b0 is
    2^224 * (2^16 * (a1 + w * b2) + w * b1).
    """
    wide = 64
    a1, b2, b1 = (z3.ZeroExt(wide - 16, z3.BitVec(name, 16)) for name in ("a1", "b2", "b1"))
    factor = z3.BitVecVal(w, wide)
    sum_ = a1 + factor * b2 + z3.LShR(factor * b1, 16)
    top = z3.LShR(sum_, 15)
    left = ((a1 + factor * b2) << 16) + factor * b1 - (top << 31)
    below = z3.ULT(left, z3.BitVecVal(2**31 + 2**bits, wide))
    return holds(z3.And(below, z3.ULE(top, z3.BitVecVal(2 * (w + 1), wide))))


@pytest.mark.parametrize("w", [38, 60833])
def test_field_add_multiple_is_folded_once(w: int) -> None:
    assert HALF + w * HALF + HALF <= WORD, "the sum of the top words fits a word"
    assert folded_top(w, bits=0)
    a0, b0, initial = 2**240 - 1, 2**224 - 1, 19 * 2 * (w + 1)
    assert 2**31 * 2**224 + a0 + w * b0 + initial < BITS_255 + 2**242
    assert initial < 2**22
    assert w * HALF + initial <= WORD, "rootlet_words_add is exact"


def test_twice_the_factor_does_not_fit() -> None:
    assert HALF + 2 * 60833 * HALF + HALF > WORD


def test_what_is_made_canonical_is_below_p() -> None:
    """What programs write is below 2^255 + 2^242, see above."""
    r = operand("r")
    over = part(r + number(19), 255, 1)
    reduced = part(r + number(19) * over, 0, 255)
    written = between(0, r, BITS_255 + 2**242)
    assert holds(between(0, reduced, P), written)
    assert holds(z3.Or(reduced == r, reduced == r - number(P)), written)


def test_more_than_programs_write_is_not() -> None:
    r = operand("r")
    over = part(r + number(19), 255, 1)
    reduced = part(r + number(19) * over, 0, 255)
    assert not holds(z3.Or(reduced == r, reduced == r - number(P)), between(0, r, 2**256))


def scalar_step(limit: int, *, less: int = 1) -> bool:
    """scalar25519.c: r stays below 2L when a byte is taken in, from below ``limit``."""
    r, byte = operand("r"), part(operand("byte"), 0, 8)
    v = (r << 8) + byte
    f = v >> 252
    q = z3.If(f == 0, number(0), f - number(less))
    return holds(between(0, v - q * number(L), 2 * L), z3.ULT(r, number(limit)))


def test_a_scalar_stays_below_twice_the_order() -> None:
    assert scalar_step(2 * L)
    for f in range(2**10):
        assert f - (f + 1023 >> 10) == max(f - 1, 0)


def test_with_the_whole_quotient_it_does_not() -> None:
    assert not scalar_step(2 * L, less=0)


def test_poly1305_keeps_below_a_word() -> None:
    """add_block of poly1305.c: h_4 at most 4 before and after, 6 between; top fits with its 5/4."""
    r, key = 2**28 - 1, 5 * 2**28 // 4
    h4 = 4 + 1 + 1
    assert h4 * key < 2**31
    rows = 4 * key
    top = h4 * r + rows
    assert top < 2**28 * 11
    assert (top >> 2) * 5 <= WORD
    assert (top & 3) + 1 <= 4


def test_halves_keep_below_a_word() -> None:
    """words_portable.c and words_armv7m.c: a product of halves with what is added to it."""
    assert HALF * HALF + HALF <= WORD
    assert HALF * HALF + 2 * HALF == WORD, "there is room for two halves, not for three"
    assert WORD * WORD + 2 * WORD == 2**64 - 1, "a * b + x + y is two words"
