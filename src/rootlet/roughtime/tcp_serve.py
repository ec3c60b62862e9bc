"""Roughtime over TCP, for networks that let no UDP through (RFC 10049 section 5).

The framing is UDP's, back to back on a stream. A handshake has shown that the client is where it
says, so a request need not be padded. Whoever stalls, floods or sends garbage is let go.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from rootlet.roughtime.protocol import HEADER_BYTES, MAGIC, MAX_PACKET_BYTES

__all__ = ["MAX_CONNECTIONS", "SILENCE_SECONDS", "TcpSide"]

MAX_CONNECTIONS = 200
"""At once: a client asks once or twice and goes. Each takes a few kilobytes at most."""

MAX_REQUESTS = 64
"""Of one connection: a client with more questions has more connections, or less to do."""

SILENCE_SECONDS = 10.0
"""How long a connection may take to complete its next request, or to read its answers."""

MAX_UNREAD_BYTES = 16 * 1024
"""Answers that a client has not read yet."""

BACKLOG = 128

Answer = Callable[[Sequence[bytes]], Sequence[bytes | None]]


@dataclass
class _Connection:
    """One client."""

    link: socket.socket
    since: float
    """When it last completed a request or read an answer, by the monotonic clock."""
    received: bytearray = field(default_factory=bytearray)
    unread: bytearray = field(default_factory=bytearray)
    requests: int = 0
    ending: bool = False
    """It sends no more; what is unread is still sent."""


class TcpSide:
    """The connections of a listener; who owns the poll object calls ``ready`` and ``tidy``."""

    def __init__(self, link: socket.socket, poll: select.poll, answer: Answer) -> None:
        """``link`` is bound. ``answer`` gives a response, or None, for each whole request."""
        self._link, self._poll, self._answer = link, poll, answer
        link.listen(BACKLOG)
        link.setblocking(False)
        poll.register(link, select.POLLIN)
        self._connections: dict[int, _Connection] = {}
        self.let_go = 0
        """Connections that stalled, flooded or sent garbage."""

    def close(self) -> None:
        """End every connection and give the port back."""
        for connection in self._connections.values():
            connection.link.close()
        self._connections.clear()
        self._link.close()

    def ready(self, descriptor: int, events: int) -> bool:
        """Go on with what poll said; False when the descriptor is none of ours."""
        if descriptor == self._link.fileno():
            self._accept()
            return True
        connection = self._connections.get(descriptor)
        if connection is None:
            return False
        try:
            if events & (select.POLLIN | select.POLLHUP | select.POLLERR):
                self._read(connection)
            self._write(connection)
        except (OSError, _LetGo) as error:
            self.let_go += isinstance(error, _LetGo)
            self._end(connection)
        return True

    def tidy(self) -> None:
        """Let go whoever was silent for too long."""
        oldest = time.monotonic() - SILENCE_SECONDS
        for connection in list(self._connections.values()):
            if connection.since < oldest:
                self.let_go += bool(connection.received or connection.unread)
                self._end(connection)

    def _accept(self) -> None:
        with suppress(OSError):  # it has gone again, or there are no descriptors left
            link, _ = self._link.accept()
            if len(self._connections) >= MAX_CONNECTIONS:
                link.close()
                self.let_go += 1
                return
            link.setblocking(False)
            self._connections[link.fileno()] = _Connection(link, time.monotonic())
            self._poll.register(link, select.POLLIN)

    def _end(self, connection: _Connection) -> None:
        descriptor = connection.link.fileno()
        self._poll.unregister(descriptor)
        del self._connections[descriptor]
        connection.link.close()

    def _read(self, connection: _Connection) -> None:
        try:
            data = connection.link.recv(MAX_PACKET_BYTES)
        except BlockingIOError:
            return
        connection.ending = connection.ending or not data
        connection.received += data
        packets = list(_packets(connection.received))
        connection.requests += len(packets)
        if connection.requests > MAX_REQUESTS:
            raise _LetGo
        if packets:
            connection.since = time.monotonic()
            for response in self._answer(packets):
                connection.unread += response or b""

    def _write(self, connection: _Connection) -> None:
        with suppress(BlockingIOError):
            sent = connection.link.send(connection.unread) if connection.unread else 0
            if sent:
                connection.since = time.monotonic()
                del connection.unread[:sent]
        if len(connection.unread) > MAX_UNREAD_BYTES:
            raise _LetGo
        if connection.ending and not connection.unread:
            raise OSError  # both have said all
        wanted = select.POLLOUT if connection.ending else select.POLLIN
        wanted |= select.POLLOUT if connection.unread else 0
        self._poll.modify(connection.link, wanted)


class _LetGo(Exception):
    """A client that is not one."""


def _packets(received: bytearray) -> list[bytes]:
    """The whole packets at the beginning, taken away; ``_LetGo`` for what begins none."""
    found = []
    while len(received) >= HEADER_BYTES:
        length = HEADER_BYTES + int.from_bytes(received[8:HEADER_BYTES], "little")
        if not received.startswith(MAGIC) or length > MAX_PACKET_BYTES:
            raise _LetGo
        if len(received) < length:
            break
        found.append(bytes(received[:length]))
        del received[:length]
    if not MAGIC.startswith(received[: len(MAGIC)]):
        raise _LetGo
    return found
