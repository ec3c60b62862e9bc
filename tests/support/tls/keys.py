"""Key schedule and record protection of TLS 1.3, from pyca/cryptography and hashlib alone."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from support.tls.wire import APPLICATION_DATA, number, vector

__all__ = ["Direction", "Schedule", "expand_label", "finished_mac"]

ZEROS = bytes(32)
EMPTY_HASH = hashlib.sha256(b"").digest()


def expand_label(secret: bytes, label: str, context: bytes = b"", length: int = 32) -> bytes:
    """HKDF-Expand-Label, RFC 9846 section 7.1."""
    info = number(length, 2) + vector(1, b"tls13 " + label.encode()) + vector(1, context)
    return HKDFExpand(SHA256(), length, info).derive(secret)


def finished_mac(secret: bytes, transcript: bytes) -> bytes:
    """verify_data of the side that owns the secret, over a transcript."""
    key = expand_label(secret, "finished")
    return hmac.digest(key, hashlib.sha256(transcript).digest(), "sha256")


class Schedule:
    """The secrets of one connection without a pre-shared key."""

    def __init__(self, shared: bytes) -> None:
        early = hmac.digest(ZEROS, ZEROS, "sha256")
        self.handshake_secret = self._next(early, shared)
        self.master_secret = self._next(self.handshake_secret, ZEROS)

    @staticmethod
    def _next(secret: bytes, material: bytes) -> bytes:
        return hmac.digest(expand_label(secret, "derived", EMPTY_HASH), material, "sha256")

    def handshake(self, who: str, transcript: bytes) -> bytes:
        """``who`` is "c" or "s"; the transcript ends with the ServerHello."""
        return expand_label(
            self.handshake_secret, f"{who} hs traffic", hashlib.sha256(transcript).digest()
        )

    def application(self, who: str, transcript: bytes) -> bytes:
        """As handshake; the transcript ends with the server's Finished."""
        return expand_label(
            self.master_secret, f"{who} ap traffic", hashlib.sha256(transcript).digest()
        )


def renumber(direction: Any, sequence: int) -> None:
    """Let a ``rootlet_tls_direction`` of the device's go on with another record number. Its nonce
    is of the next record: the IV and the number of 64 bits (RFC 9846 section 5.3) combined."""
    changed = number(direction.sequence ^ sequence, len(direction.key_nonce))
    direction.key_nonce = [a ^ b for a, b in zip(direction.key_nonce, changed, strict=True)]
    direction.sequence = sequence


class Direction:
    """Protects or opens the records of one direction."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self.sequence = 0

    def _aead(self) -> tuple[ChaCha20Poly1305, bytes]:
        iv = int.from_bytes(expand_label(self.secret, "iv", length=12), "big")
        nonce = number(iv ^ self.sequence, 12)
        self.sequence += 1
        return ChaCha20Poly1305(expand_label(self.secret, "key")), nonce

    def seal(
        self,
        kind: int,
        content: bytes,
        *,
        padding: int = 0,
        outer: int = APPLICATION_DATA,
        version: int = 0x0303,
    ) -> bytes:
        """One record."""
        return self.seal_inner(
            content + bytes([kind]) + bytes(padding), outer=outer, version=version
        )

    def seal_inner(
        self, inner: bytes, *, outer: int = APPLICATION_DATA, version: int = 0x0303
    ) -> bytes:
        """One record around a whole inner plaintext."""
        header = bytes([outer]) + number(version, 2) + number(len(inner) + 16, 2)
        aead, nonce = self._aead()
        return header + aead.encrypt(nonce, inner, header)

    def open(self, whole: bytes) -> tuple[int, bytes]:
        """Type and content of a record."""
        aead, nonce = self._aead()
        inner = aead.decrypt(nonce, whole[5:], whole[:5]).rstrip(b"\0")
        return inner[-1], inner[:-1]

    def update(self) -> None:
        """The next generation of keys."""
        self.secret = expand_label(self.secret, "traffic upd")
        self.sequence = 0
