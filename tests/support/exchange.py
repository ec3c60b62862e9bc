"""One Roughtime exchange, made without sockets."""

from __future__ import annotations

import os
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rootlet.roughtime import (
    SUPPORTED_VERSIONS,
    Delegation,
    LongTermKey,
    Server,
    build_request,
    delegate,
    raw_public_key,
)

__all__ = ["Exchange", "exchange"]


@dataclass(frozen=True)
class Exchange:
    """What was asked and answered, and whose word it is."""

    request: bytes
    response: bytes
    key: bytes


def exchange(now: int, *, radius: int = 1, version: int | None = None) -> Exchange:
    """Ask a new server, whose clock says ``now``; ``version`` is the only one offered."""
    long_term = Ed25519PrivateKey.generate()
    public_key = raw_public_key(long_term)

    def renew(when: int) -> Delegation:
        online = Ed25519PrivateKey.generate()
        return delegate(long_term, online, now=when, hours=24, versions=SUPPORTED_VERSIONS)

    server = Server([LongTermKey(public_key, renew)], versions=SUPPORTED_VERSIONS)
    versions = SUPPORTED_VERSIONS if version is None else (version,)
    request = build_request(os.urandom(32), public_key, versions=versions)
    (response,) = server.answer([request], now, radius)
    assert response is not None
    return Exchange(request, response, public_key)
