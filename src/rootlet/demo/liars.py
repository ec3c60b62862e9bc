"""Roughtime servers that lie: with another key, with an old answer, and with the right key."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rootlet.roughtime import (
    SUPPORTED_VERSIONS,
    Delegation,
    LongTermKey,
    Server,
    delegate,
    raw_public_key,
)

__all__ = ["Liar", "forger", "liar_by"]

PACKET_BYTES = 2048
"""More than any Roughtime packet on the wire."""

POLL_SECONDS = 0.1
"""How soon a liar notices that it is to stop."""


def _server(public_key: bytes, signer: Ed25519PrivateKey) -> Server:
    def renew(now: int) -> Delegation:
        online = Ed25519PrivateKey.generate()
        return delegate(signer, online, now=now, hours=24, versions=SUPPORTED_VERSIONS)

    return Server([LongTermKey(public_key, renew)], versions=SUPPORTED_VERSIONS)


def forger(public_key: bytes) -> Callable[[bytes], bytes]:
    """Answers as the server with this key would, but with a delegation signed by another key."""
    server = _server(public_key, Ed25519PrivateKey.generate())
    return lambda request: server.answer([request], int(time.time()), 1)[0] or b""


def liar_by(seconds: int, key: Ed25519PrivateKey) -> Callable[[bytes], bytes]:
    """Answers with the server's own key, all as it should be but for the time."""
    server = _server(raw_public_key(key), key)
    return lambda request: server.answer([request], int(time.time()) + seconds, 3)[0] or b""


class Liar:
    """Answers every datagram on a loopback port with what ``answer`` makes of it."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self._answer = answer
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(POLL_SECONDS)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """host:port"""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                packet, sender = self._socket.recvfrom(PACKET_BYTES)
            except TimeoutError:
                continue
            self._socket.sendto(self._answer(packet), sender)

    def stop(self) -> None:
        """Stop answering and free the port."""
        self._stopping.set()
        self._thread.join()
        self._socket.close()
