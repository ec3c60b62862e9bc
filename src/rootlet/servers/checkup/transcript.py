"""One handshake as a client saw it, read from what ``openssl s_client -msgfile`` wrote.

That file shows each record's header and each message in clear, whole, in hexadecimal. Sans-IO.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Alert", "CertificateRequest", "ServerHello", "Transcript", "read_transcript"]

HEADING = re.compile(r"(<<<|>>>) [^,]+, (\w+)")

RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""RFC 9846 section 4.2.4: a ServerHello with it asks for another key share."""

SUPPORTED_VERSIONS, KEY_SHARE = 43, 51
SIGNATURE_ALGORITHMS, CERTIFICATE_AUTHORITIES = 13, 47
MAX_FRAGMENT_LENGTH, RECORD_SIZE_LIMIT = 1, 28

GOODBYES = {0, 90}
"""close_notify and user_canceled: no refusal (RFC 9846 section 6.1)."""

NEW_SESSION_TICKET, FINISHED = 4, 20

HEADER_BYTES = 5
TLS_1_3 = 0x0304


class _Short(Exception):
    """A message ended where it should have gone on."""


@dataclass
class _Reader:
    """Takes a message apart from its beginning."""

    data: bytes
    at: int = 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise _Short
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width))

    def vector(self, width: int) -> _Reader:
        return _Reader(self.take(self.number(width)))

    @property
    def more(self) -> bool:
        return self.at < len(self.data)

    def extensions(self) -> dict[int, bytes]:
        block, found = self.vector(2), {}
        while block.more:
            kind = block.number(2)
            found[kind] = block.take(block.number(2))
        return found


@dataclass(frozen=True)
class ServerHello:
    """What the server chose; numbers are IANA's."""

    version: int
    suite: int
    group: int | None
    """None below TLS 1.3, and where there is no key share."""


@dataclass(frozen=True)
class CertificateRequest:
    """What a client certificate is asked for with."""

    signatures: tuple[int, ...]
    authorities: tuple[bytes, ...]
    """Names of CAs, DER; none where the server names none."""


@dataclass(frozen=True)
class Alert:
    """From the server."""

    number: int


@dataclass
class Transcript:
    """What came from the server."""

    hello: ServerHello | None = None
    retried: bool = False
    """It asked for another key share first."""
    limited: bool = False
    """It agreed to limit the length of its records."""
    asked: CertificateRequest | None = None
    certificates: tuple[bytes, ...] = ()
    """DER, as they were sent."""
    certificate_bytes: int = 0
    """Of the Certificate message, header included."""
    finished: bool = False
    flight_bytes: int = 0
    """From the first record to the one with Finished, headers included."""
    records: list[int] = field(default_factory=list)
    """Length of each record, headers left out."""
    tickets: int = 0
    alert: Alert | None = None
    answer: bytes = b""
    """What the application sent."""
    trouble: str = ""
    """Why there is no handshake: nothing listens, no answer in time, or what s_client says."""
    sent: bool = False
    """The client's first message went out."""


def _messages(text: str) -> Iterator[tuple[str, str, bytes]]:
    way, kind, data = "", "", bytearray()
    for line in text.splitlines():
        found = HEADING.match(line)
        if found:
            if kind:
                yield way, kind, bytes(data)
            way, kind, data = found[1], found[2], bytearray()
        elif line.startswith("    "):
            data += bytes.fromhex(line.strip())
    if kind:
        yield way, kind, bytes(data)


def read_transcript(text: str, answer: bytes = b"", trouble: str = "") -> Transcript:
    """Read one handshake; what was cut off or cannot be read ends it there."""
    seen = Transcript(answer=answer, trouble=trouble)
    try:
        for way, kind, data in _messages(text):
            if way == ">>>":
                seen.sent = seen.sent or kind == "Handshake"
            else:
                _take(seen, kind, data)
    except (_Short, ValueError):
        seen.trouble = seen.trouble or "the server sent something unreadable"
    return seen


def _take(seen: Transcript, kind: str, data: bytes) -> None:
    if kind == "RecordHeader" and len(data) == HEADER_BYTES:
        length = int.from_bytes(data[3:])
        seen.records.append(length)
        seen.flight_bytes += 0 if seen.finished else HEADER_BYTES + length
    elif kind == "Alert":
        number = _Reader(data[1:]).number(1)
        seen.alert = seen.alert if number in GOODBYES else Alert(number)
    elif kind == "Handshake":
        body = _Reader(data)
        number, body = body.number(1), body.vector(3)
        if number == NEW_SESSION_TICKET:
            seen.tickets += 1
        elif number == FINISHED:
            seen.finished = True
        elif number in HANDSHAKE:
            HANDSHAKE[number](seen, body)


def _server_hello(seen: Transcript, body: _Reader) -> None:
    version, random = body.number(2), body.take(32)
    body.vector(1)
    suite = body.number(2)
    body.take(1)
    extensions = body.extensions() if body.more else {}
    if random == RETRY_RANDOM:
        seen.retried = True
        return
    version = int.from_bytes(extensions.get(SUPPORTED_VERSIONS, version.to_bytes(2)))
    share = extensions.get(KEY_SHARE)
    seen.hello = ServerHello(version, suite, int.from_bytes(share[:2]) if share else None)


def _encrypted_extensions(seen: Transcript, body: _Reader) -> None:
    seen.limited = not {MAX_FRAGMENT_LENGTH, RECORD_SIZE_LIMIT}.isdisjoint(body.extensions())


def _certificate_request(seen: Transcript, body: _Reader) -> None:
    if seen.hello is None or seen.hello.version < TLS_1_3:
        seen.asked = CertificateRequest((), ())
        return
    body.vector(1)
    extensions = body.extensions()
    schemes = extensions.get(SIGNATURE_ALGORITHMS, b"\0\0")[2:]
    names, found = extensions.get(CERTIFICATE_AUTHORITIES), []
    reader = _Reader(names).vector(2) if names else _Reader(b"")
    while reader.more:
        found.append(reader.vector(2).data)
    pairs = range(0, len(schemes) - 1, 2)
    numbers = tuple(int.from_bytes(schemes[at : at + 2]) for at in pairs)
    seen.asked = CertificateRequest(numbers, tuple(found))


def _certificate(seen: Transcript, body: _Reader) -> None:
    seen.certificate_bytes = len(body.data) + 4
    if seen.hello is None or seen.hello.version < TLS_1_3:
        return
    body.vector(1)
    entries, found = body.vector(3), []
    while entries.more:
        found.append(entries.vector(3).data)
        entries.extensions()
    seen.certificates = tuple(found)


HANDSHAKE = {
    2: _server_hello,
    8: _encrypted_extensions,
    11: _certificate,
    13: _certificate_request,
}
"""RFC 9846 section 4: the messages that say something about the configuration."""
