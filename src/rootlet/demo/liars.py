"""Roughtime servers that lie: one signs with another key, one replays an old answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

__all__ = ["Liar"]

PACKET_BYTES = 2048
"""More than any Roughtime packet on the wire."""

POLL_SECONDS = 0.1
"""How soon a liar notices that it is to stop."""


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
