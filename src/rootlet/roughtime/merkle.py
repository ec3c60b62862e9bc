"""The Merkle tree over a batch of requests (RFC 10049 section 5.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from rootlet.roughtime.protocol import HASH_BYTES

__all__ = ["Tree", "leaf", "root_from_path"]


def leaf(packet: bytes) -> bytes:
    """The leaf of a request: its whole packet, header and padding included."""
    return hashlib.sha512(b"\x00" + packet).digest()[:HASH_BYTES]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha512(b"\x01" + left + right).digest()[:HASH_BYTES]


class Tree:
    """The tree over one or more leaves, numbered from 0, left to right.

    A level of odd length is filled up with its last node; the RFC leaves that open, and who
    verifies cannot tell.
    """

    def __init__(self, leaves: Sequence[bytes]) -> None:
        level = list(leaves)
        self._levels: list[list[bytes]] = []
        while len(level) > 1:
            if len(level) % 2:
                level.append(level[-1])
            self._levels.append(level)
            level = [_node(level[i], level[i + 1]) for i in range(0, len(level), 2)]
        (self.root,) = level

    @property
    def height(self) -> int:
        """Nodes in each path."""
        return len(self._levels)

    def path(self, index: int) -> bytes:
        """PATH of the leaf with this number: the siblings from the leaf up."""
        return b"".join(level[index >> height ^ 1] for height, level in enumerate(self._levels))


def root_from_path(start: bytes, index: int, path: bytes) -> bytes | None:
    """The root that PATH leads to from a leaf; None when bits of INDX are left over."""
    for offset in range(0, len(path), HASH_BYTES):
        sibling = path[offset : offset + HASH_BYTES]
        start = _node(sibling, start) if index & 1 else _node(start, sibling)
        index >>= 1
    return None if index else start
