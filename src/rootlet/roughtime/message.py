"""Messages (RFC 10049 section 4.2) and the packets around them (section 5): bytes and back.

Read strictly: whatever breaks a rule of the RFC raises ``Malformed``. Unknown tags are kept,
for the reader to pass over.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from rootlet.roughtime.protocol import HEADER_BYTES, MAGIC, tag_name

__all__ = [
    "MAX_PAIRS",
    "Malformed",
    "NotAPacket",
    "decode",
    "decode_packet",
    "encode",
    "encode_packet",
    "layout",
    "message_of",
    "read_versions",
    "write_versions",
]

MAX_PAIRS = 32
"""The RFC sets no bound; the fullest message it defines has 7 pairs. The device has the same."""

WORD = 4
_WORDS = tuple(struct.Struct(f"<{count}I") for count in range(2 * MAX_PAIRS + 1))
_PACKET = struct.Struct("<8sI")


class Malformed(ValueError):
    """The bytes are no message; says which rule they break."""


class NotAPacket(Malformed):
    """The magic or the length is wrong."""


def encode(values: Mapping[int, bytes]) -> bytes:
    """The message that holds these values; ``ValueError`` where the RFC has no such message."""
    if not 0 < len(values) <= MAX_PAIRS:
        raise ValueError(f"a message has 1 to {MAX_PAIRS} pairs, not {len(values)}")
    tags = sorted(values)
    offsets, end = [], 0
    for number in tags:
        if not 0 < number < 1 << 32:
            raise ValueError(f"{number} is no tag")
        if len(values[number]) % WORD:
            raise ValueError(f"the value of {tag_name(number)} is not a multiple of {WORD} bytes")
        offsets.append(end)
        end += len(values[number])
    header = _WORDS[2 * len(tags)].pack(len(tags), *offsets[1:], *tags)
    return b"".join((header, *(values[number] for number in tags)))


def layout(message: bytes) -> dict[int, slice]:
    """Where the values of a message are, by tag; ``Malformed`` for anything but a message.

    The header and the length alone decide: messages that have both in common are laid out alike.
    """
    count = int.from_bytes(message[:WORD], "little")
    if not 0 < count <= MAX_PAIRS:
        raise Malformed(f"{count} pairs are not 1 to {MAX_PAIRS}")
    start = 2 * WORD * count
    if len(message) < start:
        raise Malformed("it ends within its header")
    header = _WORDS[2 * count].unpack_from(message)
    ends = (*(start + offset for offset in header[1:count]), len(message))
    places: dict[int, slice] = {}
    previous = 0
    for number, end in zip(header[count:], ends, strict=True):
        if number <= previous:
            raise Malformed(f"tag {tag_name(number)} is out of order or stands twice")
        if end < start:  # also what an offset behind the end leads to, for the last ends there
            raise Malformed(f"the value of {tag_name(number)} ends before it starts")
        if start % WORD:
            raise Malformed(f"the value of {tag_name(number)} is not aligned to {WORD} bytes")
        places[number] = slice(start, end)
        previous, start = number, end
    return places


def decode(message: bytes) -> dict[int, bytes]:
    """The values of a message by tag, in its order; ``Malformed`` for anything but a message."""
    return {number: message[place] for number, place in layout(message).items()}


def encode_packet(values: Mapping[int, bytes]) -> bytes:
    """A whole packet: header, then message."""
    message = encode(values)
    return _PACKET.pack(MAGIC, len(message)) + message


def decode_packet(packet: bytes) -> dict[int, bytes]:
    """The values of a whole packet; ``NotAPacket`` for wrong magic or length."""
    return decode(message_of(packet))


def message_of(packet: bytes) -> bytes:
    """What is in a packet; ``NotAPacket`` for wrong magic or length."""
    if len(packet) < HEADER_BYTES:
        raise NotAPacket(f"{len(packet)} bytes are too few")
    magic, length = _PACKET.unpack_from(packet)
    if magic != MAGIC:
        raise NotAPacket("it does not start with ROUGHTIM")
    if length != len(packet) - HEADER_BYTES:
        raise NotAPacket(f"it says {length} bytes and has {len(packet) - HEADER_BYTES}")
    return packet[HEADER_BYTES:]


def write_versions(versions: tuple[int, ...]) -> bytes:
    """The value of VER in a request, or of VERS."""
    return _WORDS[len(versions)].pack(*versions)


def read_versions(value: bytes) -> tuple[int, ...] | None:
    """The versions in VER or VERS; None unless they ascend without repeats (section 5.1.1).

    0 is reserved (section 12.2) and stands in no list.
    """
    count, left = divmod(len(value), WORD)
    if left or count >= len(_WORDS):
        return None
    versions: tuple[int, ...] = _WORDS[count].unpack(value)
    ascending = all(a < b for a, b in zip((0, *versions), versions, strict=False))
    return versions if ascending else None
