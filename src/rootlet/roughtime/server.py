"""The server's side, without sockets or clock: a batch of requests in, responses out.

Bad requests are dropped in silence, as section 5.1 demands: there are no error replies. One
signature serves a whole batch of one version. No response is longer than its request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rootlet.roughtime import protocol as p
from rootlet.roughtime.delegation import Delegation
from rootlet.roughtime.merkle import Tree, leaf
from rootlet.roughtime.message import (
    Malformed,
    decode_packet,
    encode,
    encode_packet,
    read_versions,
    write_versions,
)

__all__ = ["MAX_BATCH", "Server"]

MAX_BATCH = 64
"""Requests under one signature: six PATH nodes, so that a response stays below 700 bytes."""

PATH_OFFSET = p.HEADER_BYTES + 56 + p.SIGNATURE_BYTES + p.NONCE_BYTES + 4
"""Where PATH starts in a response packet: after seven pairs, SIG, NONC and TYPE."""
NONCE_OFFSET = PATH_OFFSET - 4 - p.NONCE_BYTES


class Server:
    """Answers requests for one long-term key."""

    def __init__(
        self,
        public_key: bytes,
        renew: Callable[[int], Delegation],
        *,
        radius: int,
        versions: tuple[int, ...],
    ) -> None:
        """``renew`` makes a delegation that covers the time it is given.

        ``radius`` is RADI, in seconds: how wrong the clock may be at most. ``versions`` are those
        answered, ascending; of several that a client offers the first of them is used.
        """
        if not 0 < radius < 1 << 32:
            raise ValueError(f"a radius of {radius} s does not fit RADI")
        self.public_key = public_key
        """The long-term key, 32 bytes."""
        self._server_id = p.server_id(public_key)
        self._renew = renew
        self._delegation: Delegation | None = None
        self._radius = radius.to_bytes(4, "little")
        self._versions = versions

    def answer(self, packets: Sequence[bytes], now: int) -> list[bytes | None]:
        """The response to each packet, None for those to be ignored.

        ``now``: seconds since 1970, read after the last of the packets arrived.
        """
        responses: list[bytes | None] = [None] * len(packets)
        batches: dict[int, list[tuple[int, bytes]]] = {}
        for place, packet in enumerate(packets):
            asked = self._read(packet)
            if asked is not None:
                version, nonce = asked
                batches.setdefault(version, []).append((place, nonce))
        if batches and (self._delegation is None or self._delegation.due(now)):
            self._delegation = self._renew(now)
        for version, members in batches.items():
            for start in range(0, len(members), MAX_BATCH):
                batch = members[start : start + MAX_BATCH]
                tree = Tree([leaf(packets[place]) for place, _ in batch])
                made = self._respond(version, [nonce for _, nonce in batch], tree, now)
                for (place, _), response in zip(batch, made, strict=True):
                    responses[place] = response
        return responses

    def _read(self, packet: bytes) -> tuple[int, bytes] | None:
        """Version to answer with and nonce; None for a request to be ignored (section 5.1)."""
        if not p.MIN_REQUEST_BYTES <= len(packet) <= p.MAX_PACKET_BYTES:
            return None
        try:
            values = decode_packet(packet)
        except Malformed:
            return None
        nonce = values.get(p.NONC, b"")
        if len(nonce) != p.NONCE_BYTES or values.get(p.TYPE) != p.TYPE_REQUEST:
            return None
        if values.get(p.SRV, self._server_id) != self._server_id:
            return None
        offered = read_versions(values.get(p.VER, b"")) or ()
        if len(offered) > p.MAX_VERSIONS:
            return None
        for version in self._versions:
            if version in offered:
                return version, nonce
        return None

    def _respond(self, version: int, nonces: Sequence[bytes], tree: Tree, now: int) -> list[bytes]:
        """The responses to a batch: all alike but for NONC, PATH and INDX."""
        assert self._delegation is not None
        signed = encode(
            {
                p.VER: version.to_bytes(4, "little"),
                p.RADI: self._radius,
                p.MIDP: now.to_bytes(8, "little"),
                p.VERS: write_versions(self._versions),
                p.ROOT: tree.root,
            }
        )
        path_bytes = p.HASH_BYTES * tree.height
        pattern = encode_packet(
            {
                p.SIG: self._delegation.online.sign(p.response_context(version) + signed),
                p.NONC: bytes(p.NONCE_BYTES),
                p.TYPE: p.TYPE_RESPONSE,
                p.PATH: bytes(path_bytes),
                p.SREP: signed,
                p.CERT: self._delegation.certificates[version],
                p.INDX: bytes(4),
            }
        )
        before, after = pattern[:NONCE_OFFSET], pattern[PATH_OFFSET + path_bytes : -4]
        return [
            b"".join(
                (
                    before,
                    nonce,
                    p.TYPE_RESPONSE,
                    tree.path(index),
                    after,
                    index.to_bytes(4, "little"),
                )
            )
            for index, nonce in enumerate(nonces)
        ]
