"""Delegations: the long-term key lends its word to an online key, for a short while.

Whoever steals an online key can forge any time of its window, so windows are short and are
renewed long before they end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from rootlet.roughtime import protocol as p
from rootlet.roughtime.message import encode

__all__ = ["Delegation", "delegate", "raw_public_key"]

HOUR = 3600
BACKDATED = 4
"""A quarter of the window lies before the moment it is made: clocks are set back at times."""
RENEWED = 8
"""A new one is made when an eighth of the window is left."""


def raw_public_key(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of a key's public half."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


@dataclass(frozen=True)
class Delegation:
    """An online key and what the long-term key says about it."""

    online: Ed25519PrivateKey
    """Signs responses; kept in memory only."""
    start: int
    """MINT, seconds since 1970."""
    end: int
    """MAXT, seconds since 1970."""
    certificates: Mapping[int, bytes]
    """CERT for each version: versions differ in what is signed."""

    def covers(self, now: int) -> bool:
        """True when what it signs at this time is accepted."""
        return self.start <= now <= self.end

    def due(self, now: int) -> bool:
        """True when a new one is needed: the end is near, or the clock was set to before it."""
        return not self.start <= now <= self.end - (self.end - self.start) // RENEWED


def delegate(
    long_term: Ed25519PrivateKey,
    online: Ed25519PrivateKey,
    *,
    now: int,
    hours: int,
    versions: tuple[int, ...],
) -> Delegation:
    """Sign a window of ``hours`` around ``now`` for a fresh online key (section 5.2.6)."""
    start = max(0, now - hours * HOUR // BACKDATED)
    end = start + hours * HOUR
    signed = encode(
        {
            p.PUBK: raw_public_key(online),
            p.MINT: start.to_bytes(8, "little"),
            p.MAXT: end.to_bytes(8, "little"),
        }
    )
    certificates = {
        version: encode(
            {p.SIG: long_term.sign(p.delegation_context(version) + signed), p.DELE: signed}
        )
        for version in versions
    }
    return Delegation(online, start, end, certificates)
