"""Signed requests: an upstream can tell that the gateway sent it, for which device (RFC 9421).

The signature covers method, authority, path, query, the device's header and, with a body, its
digest (RFC 9530). Ed25519; the key's identifier is its JWK thumbprint (RFC 7638). No I/O.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from rootlet.gateway.tables import DEVICE_HEADER

__all__ = ["SignedParts", "Signer", "key_identifier"]

LABEL = "rootlet"
"""Of the signature among others that a proxy on the way may add; its tag, which is signed, too."""

NAMES = (b"content-digest", b"signature", b"signature-input")
"""Headers that a device cannot send where the gateway signs."""


@dataclass(frozen=True, slots=True)
class SignedParts:
    """What of a request is signed, but for its body."""

    method: bytes
    authority: str
    path: bytes
    query: bytes
    """With its question mark; empty where there is none."""
    device: str


def key_identifier(public_key: bytes) -> str:
    """The thumbprint of an Ed25519 public key, 32 bytes (RFC 7638, RFC 8037)."""
    x = base64.urlsafe_b64encode(public_key).rstrip(b"=").decode()
    canonical = f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()


class Signer:
    """Signs for one route."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key_id = key_identifier(raw)

    def lines(self, parts: SignedParts, body: bytes | None, created: int) -> bytes:
        """The headers to add; ``body`` None where the request has none, ``created`` since 1970."""
        covered = [
            ('"@method"', parts.method.decode("ascii")),
            ('"@authority"', parts.authority),
            ('"@path"', parts.path.decode("ascii")),
            # Section 2.2.7: no query is the question mark alone.
            ('"@query"', parts.query.decode("ascii") or "?"),
            (f'"{DEVICE_HEADER.lower()}"', parts.device),
        ]
        added = b""
        if body is not None:
            digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
            covered.append(('"content-digest"', digest))
            added = b"content-digest: %s\r\n" % digest.encode()
        names = " ".join(name for name, _ in covered)
        parameters = f'({names});created={created};keyid="{self.key_id}";alg="ed25519"'
        parameters += f';tag="{LABEL}"'
        base = "".join(f"{name}: {value}\n" for name, value in covered)
        base += f'"@signature-params": {parameters}'
        signature = base64.b64encode(self._key.sign(base.encode("ascii"))).decode()
        return added + (
            f"signature-input: {LABEL}={parameters}\r\nsignature: {LABEL}=:{signature}:\r\n"
        ).encode("ascii")
