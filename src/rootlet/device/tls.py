"""The device's TLS client, run on the host: the same pump, the same bytes.

Sans-IO: bytes from the network go in, bytes for the network come out. Whoever holds the socket
moves them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from _rootlet_device import ffi, lib

from rootlet.device.chain import Anchor, Host, trust_config
from rootlet.device.status import raise_status
from rootlet.errors import Misuse

__all__ = ["FULL_RECORD_BYTES", "RANDOM_BYTES", "RECORD_BYTES", "Identity", "TlsClient"]

RANDOM_BYTES: int = lib.ROOTLET_TLS_RANDOM_BYTES
"""Fresh random bytes for one connection."""

RECORD_BYTES: int = lib.ROOTLET_TLS_IN_BYTES
"""The smallest receive buffer: one record of the profile's limit."""

FULL_RECORD_BYTES = 5 + 2**14 + 256
"""A receive buffer for servers that honour no record limit (RFC 9846 section 5.2)."""


@dataclass(frozen=True)
class Identity:
    """A device's own certificate and key."""

    chain: tuple[bytes, ...]
    """DER, leaf first, without the root."""
    private_key: bytes
    """Raw: 32 bytes of Ed25519."""


class TlsClient:
    """One connection. Feed it with :meth:`receive`, send what :meth:`to_send` gives."""

    def __init__(
        self,
        *,
        anchors: Sequence[Anchor],
        host: Host,
        earliest: int,
        latest: int,
        identity: Identity | None = None,
        alpn: bytes | None = None,
        random: bytes | None = None,
        in_bytes: int = RECORD_BYTES,
        out_bytes: int = lib.ROOTLET_TLS_OUT_BYTES,
        handshake_bytes: int = lib.ROOTLET_TLS_HANDSHAKE_BYTES,
        tolerate_no_limit: bool = False,
    ) -> None:
        """Starts the connection; ``Refused`` when the library does not take the arguments.

        ``random`` is RANDOM_BYTES fresh bytes, by default from the operating system. The time is
        the interval ``[earliest, latest]``, seconds since 1970. ``tolerate_no_limit`` goes on with
        a server that honours no record size limit.
        """
        self._keep: list[Any] = []
        self._tls = ffi.new("rootlet_tls *")
        config = ffi.new("rootlet_tls_config *")
        trust_config(
            config.trust, self._keep, anchors=anchors, host=host, earliest=earliest, latest=latest
        )
        config.identity = self._identity(identity)
        config.alpn, config.alpn_length = self._bytes(alpn), len(alpn or b"")
        self.random = os.urandom(RANDOM_BYTES) if random is None else random
        if len(self.random) != RANDOM_BYTES:
            raise Misuse(f"random is {len(self.random)} bytes", hint=f"give exactly {RANDOM_BYTES}")
        config.random = self._bytes(self.random)
        config.limit_policy = (
            lib.ROOTLET_TLS_LIMIT_TOLERATED if tolerate_no_limit else lib.ROOTLET_TLS_LIMIT_REQUIRED
        )
        buffers = ffi.new("rootlet_tls_buffers *")
        for name, length in (("in", in_bytes), ("out", out_bytes), ("handshake", handshake_bytes)):
            memory = ffi.new("uint8_t[]", length)
            self._keep.append(memory)
            setattr(buffers, name, memory)
            setattr(buffers, f"{name}_length", length)
        self._keep += [config, buffers]
        raise_status(
            lib.rootlet_tls_init(self._tls, config, buffers),
            hint="check host name, anchors and buffer sizes",
        )

    def _bytes(self, value: bytes | None) -> Any:
        if value is None:
            return ffi.NULL
        buffer = ffi.from_buffer(value)
        self._keep.append(buffer)
        return buffer

    def _identity(self, identity: Identity | None) -> Any:
        if identity is None:
            return ffi.NULL
        if len(identity.private_key) != lib.ROOTLET_PRIVATE_KEY_BYTES:
            raise Misuse(
                f"the private key is {len(identity.private_key)} bytes",
                hint="give the raw key, 32 bytes of Ed25519",
            )
        chain = ffi.new("rootlet_certificate[]", len(identity.chain))
        for slot, der in zip(chain, identity.chain, strict=True):
            slot.der, slot.length = self._bytes(der), len(der)
        pointer = ffi.new("rootlet_identity *")
        pointer.chain, pointer.count = chain, len(identity.chain)
        pointer.private_key = self._bytes(identity.private_key)
        self._keep += [chain, pointer]
        return pointer

    def _wants(self, bit: int) -> bool:
        return bool(lib.rootlet_tls_wants(self._tls) & bit)

    @property
    def closed(self) -> bool:
        """Nothing more will happen."""
        return self._wants(lib.ROOTLET_TLS_CLOSED)

    @property
    def connected(self) -> bool:
        """The handshake is complete: the server is the one asked for."""
        return bool(lib.rootlet_tls_connected(self._tls))

    @property
    def writable(self) -> bool:
        """Application data can be written now."""
        return self._wants(lib.ROOTLET_TLS_WRITE)

    @property
    def status(self) -> int:
        """The first failure, or 0."""
        return int(lib.rootlet_tls_status(self._tls))

    @property
    def alert_received(self) -> int:
        """The alert the server sent, when the status says that it did."""
        return int(lib.rootlet_tls_alert_received(self._tls))

    def to_send(self) -> bytes:
        """Everything that is ready for the network."""
        sent = b""
        length = ffi.new("size_t *")
        while self._wants(lib.ROOTLET_TLS_SEND):
            window = lib.rootlet_tls_send_window(self._tls, length)
            sent += bytes(ffi.buffer(window, length[0]))
            lib.rootlet_tls_send_done(self._tls, length[0])
        return sent

    def receive(self, data: bytes) -> int:
        """Give bytes from the network; returns how many were taken.

        Fewer than given are taken while there is something to send or to read first.
        """
        length = ffi.new("size_t *")
        taken = 0
        while taken < len(data) and self._wants(lib.ROOTLET_TLS_RECV):
            window = lib.rootlet_tls_recv_window(self._tls, length)
            part = min(length[0], len(data) - taken)
            ffi.memmove(window, data[taken : taken + part], part)
            lib.rootlet_tls_recv_done(self._tls, part)
            taken += part
        return taken

    def receive_end(self) -> None:
        """The network reached its end."""
        lib.rootlet_tls_recv_end(self._tls)

    def read(self) -> bytes:
        """All application data that has arrived."""
        length = ffi.new("size_t *")
        data = b""
        while self._wants(lib.ROOTLET_TLS_READ):
            window = lib.rootlet_tls_read_window(self._tls, length)
            data += bytes(ffi.buffer(window, length[0]))
            lib.rootlet_tls_read_done(self._tls, length[0])
        return data

    def write(self, data: bytes) -> bytes:
        """Seal application data; returns the records for the network."""
        length = ffi.new("size_t *")
        sealed = self.to_send()
        while data:
            if not self.writable:
                raise Misuse("the connection takes no data now", hint="finish the handshake first")
            window = lib.rootlet_tls_write_window(self._tls, length)
            part = min(length[0], len(data))
            ffi.memmove(window, data[:part], part)
            lib.rootlet_tls_write_done(self._tls, part)
            data = data[part:]
            sealed += self.to_send()
        return sealed

    def update_keys(self, *, request_peer: bool) -> bytes:
        """Change the sending key; returns the record for the network."""
        lib.rootlet_tls_update_keys(self._tls, request_peer)
        return self.to_send()

    def close(self) -> bytes:
        """Say close_notify; returns the record for the network."""
        lib.rootlet_tls_close(self._tls)
        return self.to_send()

    def wipe(self) -> None:
        """Wipe all secrets; the connection is over."""
        lib.rootlet_tls_wipe(self._tls)

    def raise_for_status(self) -> None:
        """``Refused`` with the first failure's name, unless there was none."""
        raise_status(self.status, hint="the device closed the connection and told the server why")
