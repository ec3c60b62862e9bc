"""Bytes of TLS 1.3 (RFC 9846), written and read for tests. Nothing here checks anything."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ALERT",
    "APPLICATION_DATA",
    "CERTIFICATE",
    "CERTIFICATE_REQUEST",
    "CERTIFICATE_VERIFY",
    "CHANGE_CIPHER_SPEC",
    "CLIENT_HELLO",
    "DUMMY",
    "ENCRYPTED_EXTENSIONS",
    "FINISHED",
    "HANDSHAKE",
    "KEY_UPDATE",
    "NEW_SESSION_TICKET",
    "SERVER_HELLO",
    "ClientHello",
    "extension",
    "message",
    "number",
    "parse_client_hello",
    "record",
    "split_messages",
    "split_records",
    "vector",
]

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23
CLIENT_HELLO, SERVER_HELLO, NEW_SESSION_TICKET, ENCRYPTED_EXTENSIONS = 1, 2, 4, 8
CERTIFICATE, CERTIFICATE_REQUEST, CERTIFICATE_VERIFY, FINISHED, KEY_UPDATE = 11, 13, 15, 20, 24

HEADER_BYTES = 5


def number(value: int, width: int) -> bytes:
    """Big-endian."""
    return value.to_bytes(width, "big")


def vector(width: int, *parts: bytes) -> bytes:
    """A length of ``width`` bytes, then the parts."""
    data = b"".join(parts)
    return number(len(data), width) + data


def extension(kind: int, data: bytes = b"") -> bytes:
    """One extension."""
    return number(kind, 2) + vector(2, data)


def message(kind: int, body: bytes) -> bytes:
    """One handshake message."""
    return bytes([kind]) + vector(3, body)


def record(kind: int, content: bytes, version: int = 0x0303) -> bytes:
    """One unprotected record."""
    return bytes([kind]) + number(version, 2) + vector(2, content)


DUMMY = record(CHANGE_CIPHER_SPEC, b"\x01")


def split_records(stream: bytes) -> list[bytes]:
    """Whole records, headers included. The stream must end with one."""
    found = []
    while stream:
        end = HEADER_BYTES + int.from_bytes(stream[3:HEADER_BYTES], "big")
        assert len(stream) >= end, "the stream ends inside a record"
        found.append(stream[:end])
        stream = stream[end:]
    return found


def split_messages(stream: bytes) -> tuple[list[bytes], bytes]:
    """Whole handshake messages, headers included, and what is left."""
    found = []
    while len(stream) >= 4 and len(stream) >= 4 + int.from_bytes(stream[1:4], "big"):
        end = 4 + int.from_bytes(stream[1:4], "big")
        found.append(stream[:end])
        stream = stream[end:]
    return found, stream


@dataclass(frozen=True)
class ClientHello:
    """What a ClientHello offers."""

    version: int
    random: bytes
    session_id: bytes
    suites: bytes
    compression: bytes
    extensions: dict[int, bytes]
    """In the order of the hello."""


class _Cursor:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, length: int) -> bytes:
        assert len(self.data) >= length
        taken, self.data = self.data[:length], self.data[length:]
        return taken

    def vector(self, width: int) -> bytes:
        return self.take(int.from_bytes(self.take(width), "big"))


def parse_client_hello(whole: bytes) -> ClientHello:
    """Read a ClientHello message, header included; extensions are listed once."""
    assert whole[0] == CLIENT_HELLO
    cursor = _Cursor(whole[4:])
    version, random = cursor.take(2), cursor.take(32)
    session_id, suites, compression = cursor.vector(1), cursor.vector(2), cursor.vector(1)
    block = _Cursor(cursor.vector(2))
    assert not cursor.data
    extensions: dict[int, bytes] = {}
    while block.data:
        kind = int.from_bytes(block.take(2), "big")
        assert kind not in extensions
        extensions[kind] = block.vector(2)
    return ClientHello(
        int.from_bytes(version, "big"), random, session_id, suites, compression, extensions
    )
