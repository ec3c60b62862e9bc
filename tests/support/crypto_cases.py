"""Makes the edge cases in vectors/crypto/*_edge.txt, the same every time; a test compares them.

Write them anew with ``PYTHONPATH=tests .venv/bin/python -m support.crypto_cases``.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from support import curves
from support.curves import BASE, NEUTRAL, L, P, Point
from support.vector_files import FOLDER

__all__ = ["FILES", "LOW_ORDER_U", "TORSION", "file_text"]


ROOM = 2**256
"""Registers of the field arithmetic hold less than this."""

Row = tuple[str, ...]


def _bytes(number: int, size: int = 32) -> str:
    return number.to_bytes(size, "little").hex()


def _torsion() -> list[Point]:
    """The eight points of small order: the multiples of one of order 8."""
    seeds = random.Random(8)
    while True:
        y = seeds.randrange(P)
        x = curves.recover_x(y, 0)
        point = NEUTRAL if x is None else curves.multiply(L, (x, y))
        if curves.multiply(4, point) != NEUTRAL:
            return [curves.multiply(k, point) for k in range(8)]


TORSION = _torsion()

LOW_ORDER_U = (
    0,
    1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
    P - 1,
    P,
    P + 1,
)
"""Every u below 2^255 whose multiples by clamped scalars are zero."""


def x25519_rows() -> Iterator[Row]:
    """Points of low order, points that are not canonical, extreme scalars."""
    numbers = random.Random(25519)
    scalars = [0, 1, 2**256 - 1, 2**255 - 8, 2**254, *(numbers.getrandbits(256) for _ in range(3))]
    points = {f"low-{i}": u for i, u in enumerate(LOW_ORDER_U)}
    points |= {f"p+{i}": P + i for i in range(2, 19)}
    points |= {f"p-{i}": P - i for i in range(2, 6)} | {f"small-{i}": i for i in range(2, 6)}
    for label, u in points.items():
        for top in (0, 1):
            for j, scalar in enumerate(scalars[:: 1 if label.startswith("low") else 3]):
                k, point = scalar.to_bytes(32, "little"), (u | top << 255).to_bytes(32, "little")
                result = curves.x25519(k, point).hex()
                yield f"{label}-top-{top}-{j}", k.hex(), point.hex(), result


def _signed(secret: int, public: Point, r: int, shift: Point, message: bytes) -> tuple[bytes, int]:
    """R = r * B + shift, and S for it."""
    r_bytes = curves.encode(curves.add(curves.multiply(r, BASE), shift))
    h = curves.challenge(r_bytes, curves.encode(public), message)
    return r_bytes, (r + h * secret) % L


def _case(label: str, public: bytes, message: bytes, signature: bytes) -> Row:
    verdict = "good" if curves.verify(signature, public, message) else "bad"
    return label, verdict, public.hex(), message.hex() or "-", signature.hex()


def _order_rows(numbers: random.Random) -> Iterator[Row]:
    """A and R with parts of small order: which are good depends on the challenge modulo 8."""
    secret, r = numbers.randrange(L), numbers.randrange(L)
    for i, torsion in enumerate(TORSION):
        mixed = curves.add(curves.multiply(secret, BASE), torsion)
        for j in range(4):
            message = f"order {i} {j}".encode()
            r_bytes, s = _signed(0, torsion, r, NEUTRAL, message)
            yield _case(
                f"small-a-{i}-{j}",
                curves.encode(torsion),
                message,
                r_bytes + s.to_bytes(32, "little"),
            )
            r_bytes, s = _signed(secret, mixed, r, NEUTRAL, message)
            yield _case(
                f"mixed-a-{i}-{j}",
                curves.encode(mixed),
                message,
                r_bytes + s.to_bytes(32, "little"),
            )
        public = curves.multiply(secret, BASE)
        r_bytes, s = _signed(secret, public, r, torsion, b"mixed R")
        yield _case(
            f"mixed-r-{i}", curves.encode(public), b"mixed R", r_bytes + s.to_bytes(32, "little")
        )
        yield _case(
            f"small-a-and-r-{i}",
            curves.encode(torsion),
            b"",
            curves.encode(TORSION[-i]) + bytes(32),
        )


def _encodings() -> Iterator[tuple[str, bytes]]:
    """Keys that no point is encoded as, and the ones just beside them."""
    for i in range(19):
        for sign in (0, 1):
            yield f"y-p+{i}-{sign}", (P + i | sign << 255).to_bytes(32, "little")
            yield f"y-{i}-{sign}", (i | sign << 255).to_bytes(32, "little")
    yield "y-minus-1-sign", (P - 1 | 1 << 255).to_bytes(32, "little")
    yield "y-minus-1", (P - 1).to_bytes(32, "little")


def ed25519_rows() -> Iterator[Row]:
    """Signatures and keys at every border of what is accepted."""
    numbers = random.Random(8032)
    secret, r = numbers.randrange(L), numbers.randrange(L)
    point, message = curves.multiply(secret, BASE), b"the border"
    public = curves.encode(point)
    r_bytes, s = _signed(secret, point, r, NEUTRAL, message)
    for label, value in {
        "plain": s,
        "s-plus-order": s + L,
        "s-plus-14-orders": s + 14 * L,
        "s-top-bit": s | 1 << 255,
        "s-zero": 0,
        "s-order": L,
        "s-order-minus-1": L - 1,
        "s-all-ones": 2**256 - 1,
    }.items():
        yield _case(label, public, message, r_bytes + value.to_bytes(32, "little"))
    good = r_bytes + s.to_bytes(32, "little")
    yield _case("other-message", public, b"the borders", good)
    yield _case("negated-key", bytes([*public[:31], public[31] ^ 0x80]), message, good)
    for i in range(0, 512, 37):
        damaged = int.from_bytes(good, "little") ^ 1 << i
        yield _case(f"damaged-bit-{i}", public, message, damaged.to_bytes(64, "little"))
    # With A neutral the equation is R = S * B: good for every message, also with S = 0.
    neutral = curves.encode(NEUTRAL)
    yield _case("neutral-a-and-r-s-zero", neutral, message, neutral + bytes(32))
    yield _case(
        "neutral-a-r-is-base-s-one", neutral, message, curves.encode(BASE) + b"\1" + bytes(31)
    )
    for label, value in {"2-to-252": 2**252, "order-minus-1": L - 1, "two": 2}.items():
        r_point = curves.encode(curves.multiply(value, BASE))
        yield _case(
            f"neutral-a-s-{label}", neutral, message, r_point + bytes.fromhex(_bytes(value))
        )
    yield _case("r-not-canonical", neutral, message, (P + 1).to_bytes(32, "little") + bytes(32))
    yield _case("r-zero-x-with-sign", neutral, message, neutral[:31] + b"\x80" + bytes(32))
    yield from _order_rows(numbers)
    for label, key in _encodings():
        yield _case(f"key-{label}", key, message, neutral + bytes(32))


def _edges(limit: int, numbers: random.Random) -> list[int]:
    """Numbers where carries run far: near 0, p, 2p and words of all ones or zeros."""
    near = [base + i for base in (0, P, 2**255, 2 * P, 2**256) for i in (-20, -2, -1, 0, 1, 18, 19)]
    words = [
        sum(0xFFFFFFFF << 32 * i for i in range(8) if mask >> i & 1) for mask in range(1, 256, 6)
    ]
    drawn = [numbers.getrandbits(255) for _ in range(12)]
    return sorted({n for n in [*near, *words, *drawn] if 0 <= n < limit})


def field25519_rows() -> Iterator[Row]:
    """Every operation of the field on pairs of edges."""
    numbers = random.Random(255)
    operations: dict[str, Callable[[int, int], int]] = {
        "mul": lambda a, b: a * b,
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "half_a24": lambda a, b: a + 60833 * b,
    }
    edges = _edges(ROOM, numbers)
    borders = (0, 1, P - 1, P, P + 1, 2**255 - 1, 2**255, 2 * P, ROOM - 1, 2**255 - 2**224)
    for name in ("add", "sub"):
        for a in borders:
            for b in borders:
                yield name, _bytes(a), _bytes(b), _bytes(operations[name](a, b) % P)
    for name, operation in operations.items():
        for i, a in enumerate(edges):
            for b in (edges[-1 - i], a, *numbers.sample(edges, 1)):
                yield name, _bytes(a), _bytes(b), _bytes(operation(a, b) % P)


def scalar25519_rows() -> Iterator[Row]:
    """512-bit numbers around multiples of L and of powers of two."""
    numbers = random.Random(252)
    for i in range(0, 260, 2):
        multiple = (L << i) + numbers.choice((-1, 0, 1))
        yield f"order-{i}", _bytes(multiple, 64), _bytes(multiple % L)
    for i in range(0, 513, 8):
        for number in (2**i - 1, (2**i - 1) << (512 - i)):
            yield f"ones-{i}", _bytes(number, 64), _bytes(number % L)
    for i in range(64):
        # A remainder just below or above 2^252 in the middle of the reduction.
        number = (2**252 + numbers.choice((-1, 0, 1)) << 8 * (i % 32)) + numbers.getrandbits(
            8 * (i % 32)
        )
        yield f"middle-{i}", _bytes(number, 64), _bytes(number % L)
        number = numbers.getrandbits(512)
        yield f"drawn-{i}", _bytes(number, 64), _bytes(number % L)


def poly1305_rows() -> Iterator[Row]:
    """Accumulators at the border of 2^130 - 5, keys and blocks of all ones and zeros."""
    numbers = random.Random(1305)
    ones, modulus = 2**128 - 1, 2**130 - 5
    clamp = 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    for i in range(120):
        r = numbers.choice((clamp, 1, 2, 4, 5, numbers.getrandbits(128) & clamp))
        s = numbers.choice((0, ones, numbers.getrandbits(128)))
        # The last block makes the last product a chosen value, if one block can.
        blocks = [numbers.choice((0, ones, numbers.getrandbits(128))) for _ in range(i % 5)]
        h = 0
        for block in blocks:
            h = (h + block + 2**128) * r % modulus
        wanted = numbers.choice((-2, -1, 0, 1, 4, 5)) * pow(r, -1, modulus) % modulus
        last = (wanted - h - 2**128) % modulus
        blocks.append(last if last <= ones else ones)
        h = (h + blocks[-1] + 2**128) * r % modulus
        message = b"".join(block.to_bytes(16, "little") for block in blocks)
        yield (
            f"edge-{i}",
            _bytes(r, 16) + _bytes(s, 16),
            message.hex(),
            _bytes((h + s) % 2**128, 16),
        )


FILES: dict[str, tuple[str, str, Callable[[], Iterator[Row]]]] = {
    "x25519_edge.txt": (
        "X25519 on points of low order (the result is zero and refused) and not canonical ones",
        "label, scalar, point, result",
        x25519_rows,
    ),
    "ed25519_edge.txt": (
        "Ed25519 verification at its borders: cofactorless, strict encodings of A, R and S",
        "label, verdict, public key, message, signature",
        ed25519_rows,
    ),
    "field25519_edge.txt": (
        "Arithmetic modulo 2^255 - 19 on operands of any eight words",
        "operation, a, b, canonical result",
        field25519_rows,
    ),
    "scalar25519_edge.txt": (
        "512-bit numbers modulo the order of the base point",
        "label, number, remainder",
        scalar25519_rows,
    ),
    "poly1305_edge.txt": (
        "Poly1305 with accumulators near its modulus",
        "label, key (r, s), message, tag",
        poly1305_rows,
    ),
}
"""What stands in each file: its subject, its columns, its rows."""


def file_text(name: str) -> str:
    """The whole file as it should be."""
    subject, columns, rows = FILES[name]
    head = (
        f"# {subject}.\n# Source: tests/support/crypto_cases.py, in plain integers.\n# {columns}\n"
    )
    return head + "".join(" ".join(row) + "\n" for row in rows())


if __name__ == "__main__":
    for file_name in FILES:
        (FOLDER / file_name).write_text(file_text(file_name), encoding="ascii")
