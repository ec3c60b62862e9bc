"""The server's side, without sockets or clock: a batch of requests in, responses out.

Bad requests are dropped in silence, as section 5.1 demands: there are no error replies. One
signature serves a whole batch of one key and version. No response is longer than its request,
where requests come by UDP.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random, SystemRandom
from typing import NamedTuple, TypeVar

from rootlet.roughtime import protocol as p
from rootlet.roughtime.delegation import Delegation
from rootlet.roughtime.grease import grease
from rootlet.roughtime.merkle import Tree, leaf
from rootlet.roughtime.message import (
    Malformed,
    encode,
    encode_packet,
    layout,
    message_of,
    read_versions,
    write_versions,
)

__all__ = ["MAX_BATCH", "Drop", "LongTermKey", "Server"]

MAX_BATCH = 64
"""Requests under one signature: six PATH nodes, so that a response stays below 700 bytes."""

MAX_SHAPES = 256
"""Layouts of requests, and lists of versions, that are remembered: clients have a handful, and
whoever sends others makes no more than this of them stay."""

PATH_OFFSET = p.HEADER_BYTES + 56 + p.SIGNATURE_BYTES + p.NONCE_BYTES + 4
"""Where PATH starts in a response packet: after seven pairs, SIG, NONC and TYPE."""
NONCE_OFFSET = PATH_OFFSET - 4 - p.NONCE_BYTES


T = TypeVar("T")


class Drop(StrEnum):
    """Why a request gets no response."""

    SIZE = "size"
    """Shorter or longer than what is answered."""
    FORMAT = "format"
    """No request by section 5.1."""
    KEY = "other-key"
    """For another server; or for none by name, and this one has several keys."""
    VERSION = "version"
    """No version in common."""
    CLOCK = "clock"
    """This machine's clock is not to be vouched for."""
    DELEGATION = "delegation"
    """No online key is good for this time."""


@dataclass(frozen=True)
class LongTermKey:
    """A key that clients know, and who lends it for a while."""

    public_key: bytes
    """32 bytes."""
    renew: Callable[[int], Delegation | None]
    """Makes, or finds, a delegation that covers the time it is given; None when there is none."""


class _Shape(NamedTuple):
    """Where everything is in requests that begin with the same header."""

    length: int
    version: slice
    server: slice | None
    nonce: slice
    kind: slice


class _Asked(NamedTuple):
    key: int
    version: int
    nonce: bytes


class Server:
    """Answers requests for one or more long-term keys."""

    def __init__(
        self,
        keys: Sequence[LongTermKey],
        *,
        versions: tuple[int, ...],
        greased: float = 0.0,
        chance: Random | None = None,
    ) -> None:
        """``versions`` are those answered, ascending; the first that a client offers is used.

        ``greased`` is the part of responses that is spoiled on purpose (section 7), which ones
        and how being up to ``chance``.
        """
        self._greased = greased
        self._chance = SystemRandom() if chance is None else chance
        self._keys = tuple(keys)
        self._numbers = {p.server_id(key.public_key): i for i, key in enumerate(self._keys)}
        if not keys or len(self._numbers) != len(self._keys):
            raise ValueError("a server has one key, or several that differ")
        self._delegations: dict[int, Delegation] = {}
        self._versions = versions
        self._shapes: dict[bytes, _Shape] = {}
        self._offers: dict[bytes, int | None] = {}
        self.dropped: Counter[Drop] = Counter()
        """How many requests got no response, and why."""

    def answer(
        self, packets: Sequence[bytes], now: int, radius: int, *, padded: bool = True
    ) -> list[bytes | None]:
        """The response to each packet, None for those to be ignored.

        ``now``: seconds since 1970, read after the last of the packets arrived. ``radius``: RADI,
        how wrong that may be at most, in seconds; 0 answers nobody, for the clock is not to be
        vouched for. ``padded`` asks for requests of 1024 bytes, which no response outgrows.
        """
        if not 0 <= radius < 1 << 32:
            raise ValueError(f"a radius of {radius} s does not fit RADI")
        responses: list[bytes | None] = [None] * len(packets)
        batches: dict[tuple[int, int], list[tuple[int, bytes]]] = {}
        least = p.MIN_REQUEST_BYTES if padded else 0
        for place, packet in enumerate(packets):
            asked = self._read(packet, least)
            if isinstance(asked, Drop):
                self.dropped[asked] += 1
            else:
                batches.setdefault(asked[:2], []).append((place, asked.nonce))
        for (key, version), members in batches.items():
            delegation = self._delegation(key, now) if radius else None
            if delegation is None:
                self.dropped[Drop.DELEGATION if radius else Drop.CLOCK] += len(members)
                continue
            for start in range(0, len(members), MAX_BATCH):
                batch = members[start : start + MAX_BATCH]
                tree = Tree([leaf(packets[place]) for place, _ in batch])
                signed = self._signed(version, tree.root, now, radius)
                made = _responses(delegation, version, [nonce for _, nonce in batch], tree, signed)
                for (place, _), response in zip(batch, made, strict=True):
                    responses[place] = response
        if self._greased:
            self._spoil(packets, responses)
        return responses

    def _spoil(self, packets: Sequence[bytes], responses: list[bytes | None]) -> None:
        for place, response in enumerate(responses):
            if response is not None and self._chance.random() < self._greased:
                spoiled = grease(response, self._chance)
                fits = len(spoiled) <= max(len(packets[place]), len(response))
                responses[place] = spoiled if fits else response

    def _delegation(self, key: int, now: int) -> Delegation | None:
        current = self._delegations.get(key)
        if current is None or current.due(now):
            fresh = self._keys[key].renew(now)
            if fresh is not None:
                self._delegations[key] = current = fresh
        return current if current is not None and current.covers(now) else None

    def _read(self, packet: bytes, least: int) -> _Asked | Drop:
        """What is asked; why not, for a request to be ignored (section 5.1)."""
        length = len(packet)
        if not least <= length <= p.MAX_PACKET_BYTES or length <= p.HEADER_BYTES:
            return Drop.SIZE
        # A message's count, offsets and tags say where everything is, and are mostly the same.
        header = packet[: p.HEADER_BYTES + 8 * packet[p.HEADER_BYTES]]
        shape = self._shapes.get(header) or self._new_shape(header, packet)
        if shape is None or shape.length != length or packet[shape.kind] != p.TYPE_REQUEST:
            return Drop.FORMAT
        key: int | None = 0 if len(self._keys) == 1 else None
        if shape.server is not None:
            key = self._numbers.get(packet[shape.server])
        if key is None:
            return Drop.KEY
        offer = packet[shape.version]
        version = self._offers[offer] if offer in self._offers else self._new_offer(offer)
        return Drop.VERSION if version is None else _Asked(key, version, packet[shape.nonce])

    def _new_shape(self, header: bytes, packet: bytes) -> _Shape | None:
        try:
            found = layout(message_of(packet))
        except Malformed:
            return None
        places = {
            number: slice(place.start + p.HEADER_BYTES, place.stop + p.HEADER_BYTES)
            for number, place in found.items()
        }
        nonce, kind, version = (places.get(tag) for tag in (p.NONC, p.TYPE, p.VER))
        if nonce is None or nonce.stop - nonce.start != p.NONCE_BYTES:
            return None
        if kind is None or version is None:
            return None
        shape = _Shape(len(packet), version, places.get(p.SRV), nonce, kind)
        _remember(self._shapes, header, shape)
        return shape

    def _new_offer(self, offer: bytes) -> int | None:
        offered = read_versions(offer) or ()
        known = [version for version in self._versions if version in offered]
        version = known[0] if known and len(offered) <= p.MAX_VERSIONS else None
        _remember(self._offers, offer, version)
        return version

    def _signed(self, version: int, root: bytes, now: int, radius: int) -> bytes:
        """SREP: what one signature is made over."""
        return encode(
            {
                p.VER: version.to_bytes(4, "little"),
                p.RADI: radius.to_bytes(4, "little"),
                p.MIDP: now.to_bytes(8, "little"),
                p.VERS: write_versions(self._versions),
                p.ROOT: root,
            }
        )


def _remember(kept: dict[bytes, T], key: bytes, value: T) -> None:
    if len(kept) >= MAX_SHAPES:
        kept.clear()
    kept[key] = value


def _responses(
    delegation: Delegation, version: int, nonces: Sequence[bytes], tree: Tree, signed: bytes
) -> list[bytes]:
    """The responses to a batch: all alike but for NONC, PATH and INDX."""
    path_bytes = p.HASH_BYTES * tree.height
    pattern = encode_packet(
        {
            p.SIG: delegation.online.sign(p.response_context(version) + signed),
            p.NONC: bytes(p.NONCE_BYTES),
            p.TYPE: p.TYPE_RESPONSE,
            p.PATH: bytes(path_bytes),
            p.SREP: signed,
            p.CERT: delegation.certificates[version],
            p.INDX: bytes(4),
        }
    )
    before, after = pattern[:NONCE_OFFSET], pattern[PATH_OFFSET + path_bytes : -4]
    return [
        b"".join(
            (before, nonce, p.TYPE_RESPONSE, tree.path(index), after, index.to_bytes(4, "little"))
        )
        for index, nonce in enumerate(nonces)
    ]
