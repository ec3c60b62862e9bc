"""Delegations: the long-term key lends its word to an online key, for a short while.

Whoever steals an online key can forge any time of its window, so windows are short and are
renewed long before they end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from rootlet.roughtime import protocol as p
from rootlet.roughtime.message import decode, encode

__all__ = ["Delegation", "delegate", "raw_public_key", "read_window", "sign_window"]

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
    signed = sign_window(long_term, raw_public_key(online), start=start, end=end, versions=versions)
    return Delegation(online, start, end, signed)


def sign_window(
    long_term: Ed25519PrivateKey,
    online: bytes,
    *,
    start: int,
    end: int,
    versions: tuple[int, ...],
) -> dict[int, bytes]:
    """CERT for each version: the online public key may sign times from ``start`` to ``end``."""
    signed = encode(
        {
            p.PUBK: online,
            p.MINT: start.to_bytes(8, "little"),
            p.MAXT: end.to_bytes(8, "little"),
        }
    )
    return {
        version: encode(
            {p.SIG: long_term.sign(p.delegation_context(version) + signed), p.DELE: signed}
        )
        for version in versions
    }


def read_window(
    certificates: Mapping[int, bytes], public_key: bytes, online: Ed25519PrivateKey
) -> Delegation:
    """What ``sign_window`` gave, checked; ``ValueError`` says what does not fit."""
    windows = set()
    for version, certificate in certificates.items():
        values = decode(certificate)
        if set(values) != {p.SIG, p.DELE}:
            raise ValueError("a certificate has not SIG and DELE")
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(
                values[p.SIG], p.delegation_context(version) + values[p.DELE]
            )
        except InvalidSignature as error:
            raise ValueError("it is not signed by the long-term key it names") from error
        inner = decode(values[p.DELE])
        if inner.get(p.PUBK) != raw_public_key(online):
            raise ValueError("it is for another online key")
        windows.add(tuple(int.from_bytes(inner[tag], "little") for tag in (p.MINT, p.MAXT)))
    if len(windows) != 1:
        raise ValueError("it has no certificate, or several with different windows")
    [(start, end)] = windows
    return Delegation(online, start, end, dict(certificates))
