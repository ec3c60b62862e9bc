"""A device and the scripted server, brought to any point of a connection."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from _rootlet_device import ffi

from rootlet.device import TlsClient, status_name
from support.tls.server import Credentials, Edit, ScriptedServer

__all__ = ["AUTHENTICATED", "PLAIN", "RETRIED", "STATES", "Rig", "Saved"]

PLAIN = ("server_hello", "encrypted_extensions", "certificate", "certificate_verify", "finished")
AUTHENTICATED = (*PLAIN[:2], "certificate_request", *PLAIN[2:])
RETRIED = ("hello_retry", *PLAIN)

STATES = {
    "server hello": (PLAIN, "server_hello"),
    "second server hello": (RETRIED, "server_hello"),
    "encrypted extensions": (PLAIN, "encrypted_extensions"),
    "certificate or request": (PLAIN, "certificate"),
    "certificate": (AUTHENTICATED, "certificate"),
    "certificate verify": (PLAIN, "certificate_verify"),
    "finished": (PLAIN, "finished"),
    "connected": (PLAIN, ""),
}
"""Each state in which a device listens: the messages of the handshake, and the next of them."""


@dataclass(frozen=True)
class Saved:
    """A point to come back to."""

    memory: tuple[bytes, ...]
    server: ScriptedServer
    answer: bytes


class Rig:
    """One connection. The device's bytes go to the server as soon as there are any."""

    def __init__(self, client: TlsClient, credentials: Credentials) -> None:
        self.client = client
        self.server = ScriptedServer(credentials)
        self.sent = b""
        """All bytes from the device."""
        self.answer = b""
        """All application data that the device read."""
        self.drain()

    def drain(self) -> None:
        """Give the server what the device has to send."""
        data = self.client.to_send()
        self.sent += data
        self.server.take(data)

    def feed(self, data: bytes, *, piece: int = 0) -> bytes:
        """Give the device bytes, ``piece`` at a time or all at once; returns what it left."""
        while data:
            part = data[:piece] if piece else data
            taken = self.client.receive(part)
            data = data[taken:]
            self.drain()
            read = self.client.read()
            self.answer += read
            if not taken and not read:
                break
        return data

    def run(
        self,
        steps: tuple[str, ...] = PLAIN,
        *,
        until: str = "",
        edits: dict[str, Edit] | None = None,
    ) -> Rig:
        """Say these messages, edited, up to but not including ``until``; returns itself."""
        for name in steps:
            if name == until or self.client.closed:
                break
            self.feed(self.server.say(name, (edits or {}).get(name)))
        return self

    def to(self, state: str) -> Rig:
        """Bring the connection to one of STATES; returns itself."""
        steps, until = STATES[state]
        return self.run(steps, until=until)

    @property
    def status(self) -> str:
        return status_name(self.client.status)

    @property
    def epoch(self) -> str:
        """The keys that the device's next record would be under."""
        return self.server.epoch

    def refused(self, status: str, alert: int, epoch: str) -> None:
        """Assert the whole outcome of a refusal: one fatal alert, under the right keys, the end."""
        assert self.status == status
        assert self.server.alerts == [(2, alert, epoch)]
        assert self.client.closed

    # -- points to come back to

    def _memory(self) -> list[Any]:
        tls = self.client._tls
        buffers = tls.buffers
        return [
            ffi.buffer(tls),
            ffi.buffer(getattr(buffers, "in"), buffers.in_length),
            ffi.buffer(buffers.out, buffers.out_length),
            ffi.buffer(buffers.handshake, buffers.handshake_length),
        ]

    def save(self) -> Saved:
        """This point of the connection."""
        memory = tuple(bytes(part) for part in self._memory())
        return Saved(memory, self._copied(self.server), self.answer)

    def restore(self, saved: Saved) -> Rig:
        """Come back to a point of this connection; returns itself."""
        tls = self.client._tls
        ffi.buffer(tls)[:] = saved.memory[0]
        for part, memory in zip(self._memory()[1:], saved.memory[1:], strict=True):
            part[:] = memory
        self.server, self.answer = self._copied(saved.server), saved.answer
        return self

    @staticmethod
    def _copied(server: ScriptedServer) -> ScriptedServer:
        """A server of its own; keys that cannot be copied are shared, they do not change."""
        shared = copy.copy(server)
        shared.write, shared.read = copy.copy(server.write), copy.copy(server.read)
        shared.seen, shared.messages = list(server.seen), list(server.messages)
        return shared
