"""Records TLS sessions into vectors/tls, for device/test/unit/tls_replay.c.

    python -m support.tls.recording FOLDER

run with tests/ and src/ on the path. Sessions whose names begin with "middlebox" are recorded by a
device library built with -DROOTLET_TLS_MIDDLEBOX=1, the others by one without.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from rootlet.device import Anchor, Identity, TlsClient
from rootlet.device.status import status_name
from support.authority import ADDRESS, DAY, NAME, Authority
from support.tls.rig import AUTHENTICATED, PLAIN, Rig
from support.tls.server import Credentials
from support.tls.wire import (
    ALERT,
    APPLICATION_DATA,
    DUMMY,
    ENCRYPTED_EXTENSIONS,
    extension,
    message,
    number,
    vector,
)

__all__ = ["main"]

LINE_BYTES = 1000
"""Bytes of one "<" line; what one ">" or "read" line can hold is twice that."""

CLOSE_NOTIFY = b"\1\0"


@dataclass
class Recorder:
    """One session: what happens goes to the device and into the lines."""

    authority: Authority
    in_bytes: int = 534
    out_bytes: int = 145
    handshake_bytes: int = 1024
    address: bool = False
    alpn: bytes | None = None
    identity: Identity | None = None
    tolerate: bool = False
    lifetime_over: bool = False
    """The server's certificate has expired."""
    lines: list[str] = field(default_factory=list)

    def start(self) -> Recorder:
        """Configure and start; returns itself."""
        ca = self.authority
        late = {"start": -9 * DAY, "lifetime": DAY} if self.lifetime_over else {}
        leaf = ca.server(issuer=ca.issuing, **late)
        credentials = Credentials((leaf.der, ca.issuing.der), leaf.key)
        anchor: Anchor = ca.root.anchor
        host = ip_address(ADDRESS) if self.address else NAME
        self._random = bytes(range(3, 99))
        client = TlsClient(
            anchors=[anchor],
            host=host,
            earliest=ca.seconds - 5,
            latest=ca.seconds + 5,
            identity=self.identity,
            alpn=self.alpn,
            random=self._random,
            in_bytes=self.in_bytes,
            out_bytes=self.out_bytes,
            handshake_bytes=self.handshake_bytes,
            tolerate_no_limit=self.tolerate,
        )
        raw = NAME.encode() if isinstance(host, str) else host.packed
        self._line("in", self.in_bytes)
        self._line("out", self.out_bytes)
        self._line("handshake", self.handshake_bytes)
        self._line("anchor", anchor.name, anchor.public_key)
        self._line("host", raw)
        self._line("time", ca.seconds - 5, ca.seconds + 5)
        self._line("random", self._random)
        for label, given in (("address", self.address), ("tolerate", self.tolerate)):
            if given:
                self._line(label)
        if self.alpn:
            self._line("alpn", self.alpn)
        if self.identity:
            self._line("key", self.identity.private_key)
            for der in self.identity.chain:
                self._line("certificate", der)
        self._line("start")
        self.rig = Rig(client, credentials)
        self._sent = self._read = 0
        self._said()
        return self

    @property
    def server(self) -> Any:
        return self.rig.server

    def _line(self, *fields: str | int | bytes) -> None:
        words = (value.hex() or "-" if isinstance(value, bytes) else str(value) for value in fields)
        self.lines.append(" ".join(words))

    def _said(self) -> None:
        sent, self._sent = self.rig.sent[self._sent :], len(self.rig.sent)
        read, self._read = self.rig.answer[self._read :], len(self.rig.answer)
        if sent:
            self._line(">", sent)
        if read:
            self._line("read", read)

    def hear(self, data: bytes) -> None:
        """Bytes from the server."""
        for at in range(0, len(data), LINE_BYTES):
            part = data[at : at + LINE_BYTES]
            self._line("<", part)
            self.rig.feed(part)
        self._said()

    def write(self, data: bytes) -> None:
        """The device writes."""
        self._line("write", data)
        self._take(self.rig.client.write(data))

    def update(self, *, both: bool) -> None:
        """The device changes its keys."""
        self._line("update", "both" if both else "ours")
        self._take(self.rig.client.update_keys(request_peer=both))

    def close(self) -> None:
        """The device says close_notify."""
        self._line("close")
        self._take(self.rig.client.close())

    def _take(self, data: bytes) -> None:
        self.rig.sent += data
        self.rig.server.take(data)
        self._said()

    def end(self) -> None:
        """The network ends."""
        self._line("end")
        self.rig.client.receive_end()

    def finish(self, status: str) -> list[str]:
        """The last line; returns all of them."""
        client = self.rig.client
        assert status_name(client.status) == status, status_name(client.status)
        connected = "connected" if client.connected else "refused"
        self._line("status", client.status, client.alert_received, connected)
        return self.lines


def handshake(recorder: Recorder, *steps: str, cut: int = 512) -> None:
    """Say these messages, each on its own."""
    for name in steps:
        recorder.hear(recorder.server.say(name, cut=cut))


def plain(recorder: Recorder) -> list[str]:
    """A question, an answer, and both close."""
    handshake(recorder.start(), *PLAIN)
    recorder.write(b"GET /time HTTP/1.1\r\nHost: " + NAME.encode() + b"\r\n\r\n")
    recorder.hear(recorder.server.seal(APPLICATION_DATA, b"HTTP/1.1 204 No Content\r\n\r\n"))
    recorder.close()
    recorder.hear(recorder.server.seal(ALERT, CLOSE_NOTIFY))
    recorder.end()
    return recorder.finish("OK")


def everything(recorder: Recorder) -> list[str]:
    """Cookie, protocol, device certificate, limits, tickets, new keys, early data, padding."""
    server = recorder.start().server
    answers = vector(
        2,
        extension(28, number(100, 2)),
        extension(16, vector(2, vector(1, b"coap"))),
        extension(0),
    )
    recorder.hear(DUMMY + server.say("hello_retry"))
    recorder.hear(server.say("server_hello") + DUMMY)
    recorder.hear(
        server.say("encrypted_extensions", lambda _: message(ENCRYPTED_EXTENSIONS, answers))
    )
    handshake(recorder, *AUTHENTICATED[2:-1], cut=77)
    recorder.hear(
        server.say("finished")
        + server.seal(APPLICATION_DATA, b"welcome", padding=100)
        + server.handshake_records(message(4, bytes(range(256)) * 3), cut=200)
    )
    recorder.hear(server.key_update(1) + server.seal(APPLICATION_DATA, b""))
    recorder.write(bytes(range(256)))
    recorder.update(both=True)
    recorder.update(both=True)
    recorder.hear(server.seal(APPLICATION_DATA, b"between") + server.key_update())
    recorder.hear(server.seal(ALERT, b"\1\x5a") + server.seal(APPLICATION_DATA, b"x" * 500))
    recorder.hear(server.seal(ALERT, CLOSE_NOTIFY) + b"garbage")
    recorder.end()
    recorder.write(b"a last word")
    recorder.close()
    return recorder.finish("OK")


def tolerated(recorder: Recorder) -> list[str]:
    """An address asked for, a server without limits, its end without close_notify."""
    handshake(recorder.start(), "server_hello")
    empty = message(ENCRYPTED_EXTENSIONS, vector(2))
    recorder.hear(recorder.server.say("encrypted_extensions", lambda _: empty))
    handshake(recorder, *PLAIN[2:])
    recorder.write(b"x" * 300)
    recorder.hear(recorder.server.seal(APPLICATION_DATA, b"half of an ans"))
    recorder.end()
    return recorder.finish("ERR_TLS_TRUNCATED")


def expired(recorder: Recorder) -> list[str]:
    """A certificate that has expired."""
    handshake(recorder.start(), *PLAIN[:3])
    recorder.end()
    return recorder.finish("ERR_X509_EXPIRED")


def tampered(recorder: Recorder) -> list[str]:
    """A Finished of another handshake."""
    handshake(recorder.start(), *PLAIN[:-1])
    recorder.hear(recorder.server.say("finished", lambda whole: whole[:-1] + b"?"))
    return recorder.finish("ERR_TLS_FINISHED")


def alerted(recorder: Recorder) -> list[str]:
    """A server that refuses the device's certificate after the handshake."""
    handshake(recorder.start(), *AUTHENTICATED)
    recorder.hear(recorder.server.seal(ALERT, b"\2\x30"))
    return recorder.finish("ERR_TLS_ALERT_RECEIVED")


def overflown(recorder: Recorder) -> list[str]:
    """A record over the limit."""
    handshake(recorder.start(), *PLAIN)
    recorder.hear(recorder.server.seal(APPLICATION_DATA, bytes(513)))
    return recorder.finish("ERR_TLS_RECORD_OVERFLOW")


def old_version(recorder: Recorder) -> list[str]:
    """A server of TLS 1.2."""
    server = recorder.start().server
    recorder.hear(
        server.handshake_records(server.hello_body(server.random, extension(65281, b"\0")))
    )
    return recorder.finish("ERR_TLS_VERSION")


def other_session_id(recorder: Recorder) -> list[str]:
    """A server that does not echo the session id."""
    server = recorder.start().server
    hello = server.hello_body(
        server.random, server.versions_extension, server.share_extension, session_id=b""
    )
    recorder.hear(server.handshake_records(hello))
    return recorder.finish("ERR_TLS_SESSION_ID")


Session = Callable[[Recorder], list[str]]


def sessions(authority: Authority, *, middlebox: bool) -> dict[str, tuple[Session, Recorder]]:
    """What can be recorded with this build of the library."""
    identity = authority.identity(authority.device())
    loaded = Recorder(authority, identity=identity, alpn=b"coap")
    if middlebox:
        return {
            "middlebox-plain": (plain, Recorder(authority)),
            "middlebox-everything": (everything, loaded),
            "middlebox-other-session-id": (other_session_id, Recorder(authority)),
        }
    return {
        "plain": (plain, Recorder(authority)),
        "everything": (everything, loaded),
        "tolerated": (
            tolerated,
            Recorder(authority, address=True, tolerate=True, in_bytes=1400, out_bytes=500),
        ),
        "expired": (expired, Recorder(authority, lifetime_over=True)),
        "tampered": (tampered, Recorder(authority)),
        "alerted": (alerted, Recorder(authority, identity=identity)),
        "overflown": (overflown, Recorder(authority)),
        "old-version": (old_version, Recorder(authority)),
    }


def main(folder: Path) -> None:
    """Record all sessions of this build."""
    authority = Authority.today()
    middlebox = bool(Recorder(authority).start().rig.server.hello.session_id)
    for name, (session, recorder) in sessions(authority, middlebox=middlebox).items():
        lines = [f"# {session.__doc__}", "# Recorded by tests/support/tls/recording.py."]
        path = folder / f"{name}.txt"
        path.write_text("\n".join([*lines, *session(recorder), ""]), encoding="ascii")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
