"""Responses spoiled on purpose, so that no client comes to rely on what is not promised.

RFC 10049 section 7: a small part of the responses breaks a rule. None of them carries a wrong time
under a good signature; a client that checks passes over them and asks again.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from rootlet.roughtime import protocol as p
from rootlet.roughtime.message import decode, decode_packet, encode, encode_packet

__all__ = ["MOST_BYTES", "grease"]

MANDATORY = (p.SIG, p.NONC, p.TYPE, p.PATH, p.SREP, p.CERT, p.INDX)

UNKNOWN = p.tag("GREZ")
"""A tag of nobody's: clients have to pass over it."""

UNKNOWN_BYTES = 32
MOST_BYTES = 8 + UNKNOWN_BYTES
"""A spoiled response is longer by this at most: one more pair, and its value."""

Values = dict[int, bytes]


def _without_a_tag(values: Values, chance: Random) -> None:
    del values[chance.choice(MANDATORY)]


def _with_an_unknown_tag(values: Values, chance: Random) -> None:
    values[UNKNOWN] = chance.randbytes(UNKNOWN_BYTES)


def _of_another_version(values: Values, chance: Random) -> None:
    _change_signed(values, {p.VER: chance.randrange(2, 1 << 31).to_bytes(4, "little")}, chance)


def _with_a_wrong_time(values: Values, chance: Random) -> None:
    _change_signed(values, {p.MIDP: chance.randbytes(8)}, chance)


def _change_signed(values: Values, changes: Values, chance: Random) -> None:
    """The signature goes with it: a wrong time is never signed."""
    values[p.SREP] = encode({**decode(values[p.SREP]), **changes})
    values[p.SIG] = chance.randbytes(p.SIGNATURE_BYTES)


WAYS: tuple[Callable[[Values, Random], None], ...] = (
    _without_a_tag,
    _with_an_unknown_tag,
    _of_another_version,
    _with_a_wrong_time,
)


def grease(response: bytes, chance: Random) -> bytes:
    """The response packet, spoiled in one of the ways of section 7."""
    values = decode_packet(response)
    chance.choice(WAYS)(values, chance)
    return encode_packet(values)
