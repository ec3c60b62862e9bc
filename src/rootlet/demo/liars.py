"""Roughtime servers that lie: one signs with another key, one replays an old answer."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rootlet.roughtime import SUPPORTED_VERSIONS, Delegation, LongTermKey, Server, delegate

__all__ = ["Liar", "forger"]

PACKET_BYTES = 2048
"""More than any Roughtime packet on the wire."""

POLL_SECONDS = 0.1
"""How soon a liar notices that it is to stop."""


def forger(public_key: bytes) -> Callable[[bytes], bytes]:
    """Answers as the server with this key would, but with a delegation signed by another key."""
    own = Ed25519PrivateKey.generate()

    def renew(now: int) -> Delegation:
        online = Ed25519PrivateKey.generate()
        return delegate(own, online, now=now, hours=24, versions=SUPPORTED_VERSIONS)

    server = Server([LongTermKey(public_key, renew)], versions=SUPPORTED_VERSIONS)
    return lambda request: server.answer([request], int(time.time()), 1)[0] or b""


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
