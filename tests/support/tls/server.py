"""A TLS 1.3 server that can be told to deviate anywhere.

It says one message at a time; what it says can be edited before it goes into the transcript and
onto the wire, so that everything behind a deviation still fits it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from support.tls.keys import Direction, Schedule, finished_mac
from support.tls.wire import (
    ALERT,
    APPLICATION_DATA,
    CERTIFICATE,
    CERTIFICATE_REQUEST,
    CERTIFICATE_VERIFY,
    CLIENT_HELLO,
    ENCRYPTED_EXTENSIONS,
    FINISHED,
    HANDSHAKE,
    KEY_UPDATE,
    SERVER_HELLO,
    ClientHello,
    extension,
    message,
    number,
    parse_client_hello,
    record,
    split_messages,
    split_records,
    vector,
)

__all__ = ["RETRY_RANDOM", "Credentials", "Edit", "ScriptedServer", "Seen"]

RETRY_RANDOM = hashlib.sha256(b"HelloRetryRequest").digest()
SUITE, GROUP, SCHEME, VERSION = 0x1303, 0x001D, 0x0807, 0x0304
MESSAGE_HASH = 254
LIMIT = 512
"""Content bytes that the smallest receive buffer takes."""

Edit = Callable[[bytes], bytes]
"""Makes the message that is said out of the one that would be said."""


@dataclass(frozen=True)
class Credentials:
    """What the server shows."""

    chain: tuple[bytes, ...]
    """DER, leaf first."""
    key: Ed25519PrivateKey


@dataclass(frozen=True)
class Seen:
    """A record from the client."""

    kind: int
    content: bytes
    epoch: str
    """The keys it was opened with: "plain", "handshake" or "application"."""


class ScriptedServer:
    """One connection. Feed it with :meth:`take`; say messages with :meth:`say`."""

    def __init__(self, credentials: Credentials, *, seed: bytes = bytes(range(32))) -> None:
        self.credentials = credentials
        self.random = hashlib.sha256(b"random" + seed).digest()
        self.private_key = X25519PrivateKey.from_private_bytes(seed)
        self.limit_extensions = extension(28, number(2**14 + 1, 2))
        """What EncryptedExtensions say unless told otherwise."""
        self.transcript = b""
        self.write: Direction | None = None
        self.read: Direction | None = None
        self.epoch = "plain"
        self.seen: list[Seen] = []
        """All records from the client."""
        self.messages: list[bytes] = []
        """All handshake messages from the client, headers included."""
        self.received = b""
        """All application data from the client."""
        self.schedule: Schedule | None = None
        self.application_secrets: tuple[bytes, bytes] | None = None
        """The first ones, the client's and the server's."""
        self._partial = b""

    # -- from the client

    def take(self, data: bytes) -> None:
        """Whole records from the client."""
        for whole in split_records(data):
            kind, content = whole[0], whole[5:]
            epoch = "plain"
            if kind == APPLICATION_DATA:
                assert self.read is not None
                kind, content = self.read.open(whole)
                epoch = self.epoch
            self.seen.append(Seen(kind, content, epoch))
            if kind == HANDSHAKE:
                self._take_handshake(content)
            elif kind == APPLICATION_DATA:
                self.received += content

    def _take_handshake(self, content: bytes) -> None:
        found, self._partial = split_messages(self._partial + content)
        for whole in found:
            self._take_message(whole)

    def _take_message(self, whole: bytes) -> None:
        self.messages.append(whole)
        if whole[0] == KEY_UPDATE:
            assert self.read is not None
            self.read.update()
            return
        if whole[0] == FINISHED:
            assert self.read is not None
            assert self.application_secrets is not None
            assert whole[4:] == finished_mac(self.read.secret, self.transcript)
            self.read, self.epoch = Direction(self.application_secrets[0]), "application"
        self.transcript += whole

    @property
    def hello(self) -> ClientHello:
        """The last ClientHello."""
        return parse_client_hello([m for m in self.messages if m[0] == CLIENT_HELLO][-1])

    @property
    def alerts(self) -> list[tuple[int, int, str]]:
        """(level, description, epoch) of each alert from the client."""
        return [(s.content[0], s.content[1], s.epoch) for s in self.seen if s.kind == ALERT]

    # -- messages as they should be

    def body(self, name: str) -> bytes:
        """The message of this name as it should be now, header included."""
        made: bytes = getattr(self, f"_{name}")()
        return made

    def hello_body(self, random: bytes, *extensions: bytes, **changes: int | bytes) -> bytes:
        """A ServerHello; ``changes``: version, session_id, suite, compression."""
        session_id = changes.get("session_id", self.hello.session_id)
        assert isinstance(session_id, bytes)
        version, suite = changes.get("version", 0x0303), changes.get("suite", SUITE)
        compression = changes.get("compression", 0)
        assert isinstance(version, int)
        assert isinstance(suite, int)
        assert isinstance(compression, int)
        return message(
            SERVER_HELLO,
            number(version, 2)
            + random
            + vector(1, session_id)
            + number(suite, 2)
            + number(compression, 1)
            + vector(2, *extensions),
        )

    @property
    def versions_extension(self) -> bytes:
        return extension(43, number(VERSION, 2))

    @property
    def share_extension(self) -> bytes:
        share = self.private_key.public_key().public_bytes_raw()
        return extension(51, number(GROUP, 2) + vector(2, share))

    def _server_hello(self) -> bytes:
        return self.hello_body(self.random, self.versions_extension, self.share_extension)

    def _hello_retry(self) -> bytes:
        cookie = extension(44, vector(2, b"a cookie for you"))
        return self.hello_body(RETRY_RANDOM, self.versions_extension, cookie)

    def _encrypted_extensions(self) -> bytes:
        return message(ENCRYPTED_EXTENSIONS, vector(2, self.limit_extensions))

    def _certificate_request(self) -> bytes:
        schemes = extension(13, vector(2, number(0x0403, 2), number(SCHEME, 2)))
        return message(CERTIFICATE_REQUEST, vector(1) + vector(2, schemes))

    def _certificate(self) -> bytes:
        entries = [vector(3, der) + vector(2) for der in self.credentials.chain]
        return message(CERTIFICATE, vector(1) + vector(3, *entries))

    def signed_content(self, who: str = "server") -> bytes:
        """What a CertificateVerify signs at this point of the transcript."""
        context = f"TLS 1.3, {who} CertificateVerify".encode()
        return b" " * 64 + context + b"\0" + hashlib.sha256(self.transcript).digest()

    def _certificate_verify(self) -> bytes:
        signature = self.credentials.key.sign(self.signed_content())
        return message(CERTIFICATE_VERIFY, number(SCHEME, 2) + vector(2, signature))

    def _finished(self) -> bytes:
        assert self.write is not None
        return message(FINISHED, finished_mac(self.write.secret, self.transcript))

    # -- to the client

    def say(
        self,
        name: str,
        edit: Edit | None = None,
        *,
        tamper: Edit | None = None,
        behind: bytes = b"",
        cut: int = LIMIT,
    ) -> bytes:
        """Records with the message of this name, edited.

        ``tamper`` is a change that the server does not know of. ``behind`` follows the message in
        its record. ``cut`` is the most content bytes in one record.
        """
        said = self.body(name)
        if edit is not None:
            said = edit(said)
        self.spoken(name, said)
        sent = said if tamper is None else tamper(said)
        records = self.handshake_records(sent + behind, cut=cut)
        self._change_keys(name)
        return records

    def say_together(self, *names: str) -> bytes:
        """One record with several messages."""
        content = b""
        for name in names:
            said = self.body(name)
            self.spoken(name, said)
            content += said
        records = self.handshake_records(content)
        self._change_keys(names[-1])
        return records

    def spoken(self, name: str, said: bytes) -> None:
        """Put a message into the transcript."""
        if name == "hello_retry":
            first = hashlib.sha256(self.transcript).digest()
            self.transcript = message(MESSAGE_HASH, first)
        self.transcript += said

    def handshake_records(self, content: bytes, *, cut: int = LIMIT) -> bytes:
        """Handshake content under the present keys."""
        parts = [content[at : at + cut] for at in range(0, len(content), cut)]
        return b"".join(self.seal(HANDSHAKE, part) for part in parts)

    def seal(self, kind: int, content: bytes, *, padding: int = 0) -> bytes:
        """One record under the present keys."""
        if self.write is None:
            return record(kind, content)
        return self.write.seal(kind, content, padding=padding)

    def _change_keys(self, name: str) -> None:
        if name == "server_hello":
            their_share = X25519PublicKey.from_public_bytes(self.hello.extensions[51][-32:])
            self.schedule = Schedule(self.private_key.exchange(their_share))
            self.write = Direction(self.schedule.handshake("s", self.transcript))
            self.read = Direction(self.schedule.handshake("c", self.transcript))
            self.epoch = "handshake"
        elif name == "finished":
            assert self.schedule is not None
            self.application_secrets = (
                self.schedule.application("c", self.transcript),
                self.schedule.application("s", self.transcript),
            )
            self.write = Direction(self.application_secrets[1])

    def key_update(self, request: int = 0) -> bytes:
        """A KeyUpdate; the keys for writing change."""
        assert self.write is not None
        records = self.seal(HANDSHAKE, message(KEY_UPDATE, bytes([request])))
        self.write.update()
        return records
