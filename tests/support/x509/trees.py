"""Certificates changed as trees of DER elements: what is around a change stays well-formed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from support.x509.der import (
    bits,
    boolean,
    extension,
    generalized,
    integer,
    name,
    octets,
    oid,
    sequence,
    set_of,
    tlv,
    utc,
)

__all__ = ["MutationSource"]

CONSTRUCTED = 0x20
OCTET_STRING = 0x04

ODD = (
    *(boolean(octet) for octet in (0x00, 0x01, 0x7F, 0xFF)),
    *(tlv(0x01), tlv(0x01, b"\xff\xff"), tlv(0x05), tlv(0x05, b"\0")),
    *(integer(value) for value in (0, -1, 1, 2, 127, 128, 255, 256, 2**159, 2**160)),
    *(tlv(0x02), tlv(0x02, b"\0\0"), tlv(0x02, b"\0\x7f"), tlv(0x02, b"\xff\x80")),
    *(oid(dotted) for dotted in ("1.3.101.112", "1.3.101.110", "2.5.29.19", "2.999", "0.0")),
    *(tlv(0x06), tlv(0x06, b"\x80\x01"), tlv(0x06, b"\x55\x80\x13"), tlv(0x06, b"\x55\x9d")),
    *(bits(b""), bits(b"\x80", unused=7), bits(b"\x80", unused=6), bits(b"\x81", unused=7)),
    *(bits(b"\x80\x00", unused=0), bits(b"\x00\x80", unused=7), bits(b"\x06\x80", unused=7)),
    *(tlv(0x03), tlv(0x03, b"\x08\x00"), tlv(0x23, bits(b"\x80", unused=7)), bits(bytes(64))),
    *(octets(b""), octets(sequence()), octets(tlv(0x03, b"\x07\x80")), tlv(0x24, octets(b""))),
    *(tlv(tag, b"text") for tag in (0x0C, 0x13, 0x16, 0x1A, 0x14, 0x12, 0x1E, 0x1C)),
    *(tlv(tag, b"\xff\0") for tag in (0x0C, 0x13, 0x16, 0x14, 0x1E)),
    *(tlv(0x0C), tlv(0x13), tlv(0x1E, b"\0"), tlv(0x0C, b"\xed\xa0\x80"), tlv(0x0C, b"\xc0\x80")),
    *(utc(text) for text in ("260501000000Z", "500101000000Z", "491231235959Z", "260230000000Z")),
    *(utc(text) for text in ("2605010000Z", "260501000060Z", "260501240000Z", "260501000000+0000")),
    *(generalized(text) for text in ("20500101000000Z", "20490101000000Z", "99991231235959Z")),
    *(generalized(text) for text in ("20500101000000.5Z", "00000101000000Z", "20500101000000")),
    *(generalized(text) for text in ("21000229000000Z", "20520229000000Z", "19700101000000Z")),
    *(sequence(), set_of(), tlv(0xA0), tlv(0xA3), tlv(0x81, b"\0\xff"), tlv(0x82, b"\0\xff")),
    *(name(), name("a", "b"), name(""), set_of(sequence(oid("2.5.4.3"), tlv(0x0C, b"a")))),
    *(extension("2.5.29.19", sequence(), critical=flag) for flag in (False, True)),
    *(extension("2.5.29.19", sequence(boolean(0xFF), integer(size))) for size in (0, 255, 2**31)),
    extension("2.5.29.19", sequence(boolean(0xFF), integer(-1))),
    extension("2.5.29.19", sequence(integer(1))),
    extension("2.5.29.15", bits(b"\x86\x80", unused=7)),
    extension("2.5.29.15", bits(b"\x80\x00\x80", unused=7)),
    extension("2.5.29.37", sequence(oid("2.5.29.37.0"), oid("1.3.6.1.5.5.7.3.1"))),
    *(extension(f"2.5.29.{last}", octets(b"any")) for last in (14, 30, 31, 54)),
    *(extension("1.3.6.1.4.1.9", b"", critical=flag) for flag in (False, True)),
)
"""Elements put in: at the edges of what may stand there, and beyond."""


@dataclass
class Node:
    """An element: with parts, or with bytes."""

    tag: int
    contents: bytes = b""
    parts: list[Node] = field(default_factory=list)
    tail: bytes = b""
    """Behind the parts."""
    longer: int = 0
    """Bytes that its length has too many."""
    behind: bytes = b""
    """Bytes behind the element."""

    def der(self) -> bytes:
        """The element again, and what is behind it."""
        inside = self.contents + b"".join(part.der() for part in self.parts) + self.tail
        if not self.longer:
            return tlv(self.tag, inside) + self.behind
        width = (len(inside).bit_length() + 7) // 8 + self.longer
        length = bytes([0x80 | width]) + len(inside).to_bytes(width, "big")
        return bytes([self.tag]) + length + inside + self.behind

    def all(self) -> Iterator[Node]:
        """This one and all below."""
        yield self
        for part in self.parts:
            yield from part.all()


def _one(der: bytes) -> tuple[Node, bytes]:
    """The first element, and what is behind it; ValueError where it is none."""
    if len(der) < 2:
        raise ValueError("no element")
    size, at = der[1], 2
    if size >= 0x80:
        at += size - 0x80
        size = int.from_bytes(der[2:at], "big")
    inside, rest = der[at : at + size], der[at + size :]
    if at == 2 + 0x80 or len(inside) != size:
        raise ValueError("no element")
    node = Node(der[0])
    if der[0] & CONSTRUCTED or (der[0] == OCTET_STRING and inside):
        try:
            node.parts = list(_several(inside))
        except ValueError:
            node.contents = inside
    else:
        node.contents = inside
    return node, rest


def _several(der: bytes) -> Iterator[Node]:
    while der:
        node, der = _one(der)
        yield node


def _tree(der: bytes) -> Node:
    """As far as it can be taken apart: what is not an element stays as it is."""
    try:
        node, rest = _one(der)
    except ValueError:
        return Node(0x30, contents=der)
    node.behind = rest
    return node


class MutationSource:
    """Makes certificates from certificates. What is accepted is built upon."""

    MOST_CHANGES = 3
    KEPT = 400

    def __init__(self, originals: Sequence[bytes], seed: int) -> None:
        self._random = random.Random(seed)
        self._originals = list(originals)
        self._kept: list[bytes] = []
        self._donors = [_tree(der) for der in (*originals, *ODD)]
        self._changes: list[Callable[[Node], None]] = [
            *(self._insert, self._replace, self._remove, self._swap, self._retag),
            *(self._edit, self._edit, self._append, self._lengthen),
        ]

    def keep(self, der: bytes) -> None:
        """An interesting one: go on from it too."""
        if len(self._kept) == self.KEPT:
            self._kept.pop(self._random.randrange(self.KEPT))
        self._kept.append(der)

    def next(self) -> bytes:
        """A certificate with one to three changes."""
        pool = self._kept if self._kept and self._random.random() < 0.5 else self._originals
        root = _tree(self._random.choice(pool))
        for _ in range(self._random.randint(1, self.MOST_CHANGES)):
            self._random.choice(self._changes)(root)
        return root.der()

    def _any(self, root: Node) -> Node:
        return self._random.choice(list(root.all()))

    def _parent(self, root: Node) -> Node:
        return self._random.choice([node for node in root.all() if node.parts] or [root])

    def _donor(self) -> Node:
        """A copy."""
        return _tree(self._any(self._random.choice(self._donors)).der())

    def _insert(self, root: Node) -> None:
        parent = self._parent(root)
        parent.parts.insert(self._random.randint(0, len(parent.parts)), self._donor())

    def _replace(self, root: Node) -> None:
        parent, new = self._parent(root), self._donor()
        same = [i for i, part in enumerate(parent.parts) if part.tag == new.tag]
        if parent.parts:
            place = self._random.choice(same or range(len(parent.parts)))
            parent.parts[place] = new

    def _remove(self, root: Node) -> None:
        parent = self._parent(root)
        if parent.parts:
            parent.parts.pop(self._random.randrange(len(parent.parts)))

    def _swap(self, root: Node) -> None:
        self._random.shuffle(self._parent(root).parts)

    def _retag(self, root: Node) -> None:
        node = self._any(root)
        node.tag = self._random.choice(
            [self._donor().tag, node.tag ^ 1 << self._random.randrange(8)]
        )

    def _edit(self, root: Node) -> None:
        """One byte of an element's own."""
        node = self._random.choice([one for one in root.all() if one.contents] or [root])
        inside = bytearray(node.contents)
        place = self._random.randint(0, len(inside))
        if place < len(inside):
            odd = self._random.choice([0, 0x7F, 0x80, 0xFF, self._random.randrange(256)])
            inside[place] = self._random.choice([odd, inside[place] ^ 1])
            if self._random.random() < 0.2:
                del inside[place]
        else:
            inside.append(self._random.randrange(256))
        node.contents = bytes(inside)

    def _append(self, root: Node) -> None:
        node, more = self._any(root), self._random.randbytes(self._random.randint(1, 3))
        if self._random.random() < 0.5:
            node.tail = more
        else:
            node.behind = more

    def _lengthen(self, root: Node) -> None:
        self._any(root).longer = self._random.randint(1, 2)
