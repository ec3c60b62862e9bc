"""TCP servers that break off or say nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from types import TracebackType

from support.processes import LOOPBACK

__all__ = ["Server", "cut_after", "silent"]

WAIT_SECONDS = 10.0
RECEIVE_BYTES = 4096

Handler = Callable[[socket.socket], None]


class Server:
    """Serves one connection after the other on a free port, each with ``handler``."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._listener = socket.create_server((LOOPBACK, 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> str:
        """host:port"""
        return f"{LOOPBACK}:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(WAIT_SECONDS)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(WAIT_SECONDS)
                self._handler(connection)


def silent(connection: socket.socket) -> None:
    """Reads until the device has gone, and never answers."""
    while connection.recv(RECEIVE_BYTES):
        pass


def cut_after(port: int, kept: int) -> Handler:
    """Passes the first flight to the server on ``port``, ``kept`` bytes of its answer, and ends."""

    def serve(connection: socket.socket) -> None:
        hello = connection.recv(RECEIVE_BYTES)
        with socket.create_connection((LOOPBACK, port), WAIT_SECONDS) as upstream:
            upstream.sendall(hello)
            answer = b""
            while len(answer) < kept:
                answer += upstream.recv(kept - len(answer))
            connection.sendall(answer)

    return serve
