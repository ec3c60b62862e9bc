"""Curve25519 in plain integers, written from RFC 7748 and RFC 8032, to compare C with.

It shares no formula with the library but the ladder: affine points, numbers of any size.
"""

from __future__ import annotations

import hashlib

__all__ = [
    "BASE",
    "NEUTRAL",
    "L",
    "P",
    "Point",
    "add",
    "challenge",
    "decode",
    "encode",
    "multiply",
    "negate",
    "recover_x",
    "verify",
    "x25519",
]

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

Point = tuple[int, int]
"""Affine x and y of the Edwards curve."""

NEUTRAL: Point = (0, 1)


def add(a: Point, b: Point) -> Point:
    """Sum on -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032 section 5.1.4, affine)."""
    product = D * a[0] * b[0] * a[1] * b[1]
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + product, -1, P)
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, P)
    return x % P, y % P


def negate(a: Point) -> Point:
    """The inverse point."""
    return -a[0] % P, a[1]


def multiply(k: int, a: Point) -> Point:
    """k times a."""
    total = NEUTRAL
    while k:
        if k & 1:
            total = add(total, a)
        a, k = add(a, a), k >> 1
    return total


def recover_x(y: int, sign: int) -> int | None:
    """The x of a y (RFC 8032 section 5.1.3 steps 2 to 4), or None."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square or (x == 0 and sign):
        return None
    return P - x if x % 2 != sign else x


def decode(bytes_: bytes) -> Point | None:
    """A point from its only valid encoding, or None."""
    number = int.from_bytes(bytes_, "little")
    y, sign = number % 2**255, number >> 255
    if y >= P:
        return None
    x = recover_x(y, sign)
    return None if x is None else (x, y)


def encode(a: Point) -> bytes:
    """RFC 8032 section 5.1.2."""
    return (a[1] | (a[0] & 1) << 255).to_bytes(32, "little")


_BASE_X = recover_x(4 * pow(5, -1, P) % P, 0)
assert _BASE_X is not None
BASE: Point = (_BASE_X, 4 * pow(5, -1, P) % P)


def challenge(r: bytes, public_key: bytes, message: bytes) -> int:
    """SHA-512(R || A || M) modulo L."""
    return int.from_bytes(hashlib.sha512(r + public_key + message).digest(), "little") % L


def verify(signature: bytes, public_key: bytes, message: bytes) -> bool:
    """Without cofactor, the encoding of R compared, S and A in their only form."""
    point, s = decode(public_key), int.from_bytes(signature[32:], "little")
    if point is None or s >= L:
        return False
    h = challenge(signature[:32], public_key, message)
    return encode(add(multiply(s, BASE), negate(multiply(h, point)))) == signature[:32]


def x25519(scalar: bytes, point: bytes) -> bytes:
    """RFC 7748 section 5, by its own steps."""
    k = int.from_bytes(scalar, "little")
    k = k % 2**255 - k % 8 | 2**254
    u = int.from_bytes(point, "little") % 2**255
    x2, z2, x3, z3 = 1, 0, u, 1
    for bit in reversed(range(255)):
        swap = k >> bit & 1
        if swap:
            x2, x3, z2, z3 = x3, x2, z3, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a, c * b
        x3, z3 = (da + cb) ** 2 % P, u * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, (aa - bb) * (aa + 121665 * (aa - bb)) % P
        if swap:
            x2, x3, z2, z3 = x3, x2, z3, z2
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")
