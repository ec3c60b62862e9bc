"""The device's TLS client over a real socket, with everything that was received kept."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from typing import Any

from rootlet.device import TlsClient, status_name
from rootlet.device.transcript import records
from support.authority import NAME, Authority
from support.processes import LOOPBACK

__all__ = ["Conversation", "device"]

WAIT_SECONDS = 30.0
RECEIVE_BYTES = 1000
"""Not a multiple of any record's size: records arrive cut in two."""


def device(authority: Authority, **changes: Any) -> TlsClient:
    """A device of this authority, asking for NAME now; ``changes`` are TlsClient's arguments."""
    arguments: dict[str, Any] = {
        "anchors": [authority.root.anchor],
        "host": NAME,
        "earliest": authority.seconds,
        "latest": authority.seconds,
    }
    return TlsClient(**(arguments | changes))


class Conversation:
    """One connection from hello to close."""

    def __init__(self, client: TlsClient, port: int) -> None:
        self.client = client
        self.received = b""
        """All bytes from the server."""
        self.answer = b""
        """All application data from the server."""
        self._socket = socket.create_connection((LOOPBACK, port), WAIT_SECONDS)
        self._ended = False

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    @property
    def status(self) -> str:
        return status_name(self.client.status)

    @property
    def records(self) -> list[tuple[int, int]]:
        """(type, bytes with header) of each record received."""
        return [(kind, len(whole)) for kind, whole in records(self.received)]

    @property
    def record_sizes(self) -> list[int]:
        """Bytes of each record received, header included."""
        return [size for _, size in self.records]

    def handshake(self) -> Conversation:
        """Go on until the handshake is complete or has failed; returns itself."""
        self.send(self.client.to_send())
        self._until(lambda: self.client.connected)
        return self

    def ask(self, request: bytes, *, ends_with: bytes) -> bytes:
        """Send a request and read until the answer ends so; returns the answer."""
        self.send(self.client.write(request))
        return self.until_answered(ends_with)

    def until_answered(self, ends_with: bytes) -> bytes:
        """Read until the answer ends so; returns the answer."""
        self._until(lambda: self.answer.endswith(ends_with))
        return self.answer

    def send(self, data: bytes) -> None:
        """Send what the client has sealed."""
        # A server that has gone may have sent an alert: it is still to be read.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(data)

    def close(self) -> None:
        """Say close_notify and read to the end."""
        self.send(self.client.close())
        self.finish()

    def finish(self) -> None:
        """Read to the end."""
        self._until(lambda: False)

    def _until(self, done: Callable[[], bool]) -> None:
        while not done() and not self.client.closed and not self._ended:
            try:
                data = self._socket.recv(RECEIVE_BYTES)
            except ConnectionResetError:
                data = b""
            self.received += data
            if data:
                self._take(data)
            else:
                self._ended = True
                self.client.receive_end()
        self.send(self.client.to_send())

    def _take(self, data: bytes) -> None:
        while data and not self.client.closed:
            data = data[self.client.receive(data) :]
            self.send(self.client.to_send())
            self.answer += self.client.read()
