"""Long-term keys on disk: PKCS#8 PEM, for their owner's eyes only."""

from __future__ import annotations

import base64
import binascii
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from rootlet.errors import Environment, Misuse, State
from rootlet.files import read_bytes, write_atomic
from rootlet.pki import key_to_pem
from rootlet.roughtime.protocol import KEY_BYTES

__all__ = ["key_from_text", "key_to_text", "load_key", "save_key"]


TOKEN = b"pkcs11:"
"""So begins the file that names a key in a token (RFC 7512)."""


def save_key(path: Path, key: Ed25519PrivateKey) -> None:
    """Write a new key; ``State`` when there is one already: devices may hold its public half."""
    if path.exists():
        raise State(
            f"{path} exists already",
            hint="choose another name, or move the old key away if no device has it",
        )
    write_atomic(path, key_to_pem(key), private=True)


def load_key(path: Path) -> Ed25519PrivateKey:
    """Read a key; ``Environment`` when others may read it too, ``Misuse`` when it is none."""
    pem = read_bytes(path, what="the long-term key")
    if pem.startswith(TOKEN):
        raise Misuse(
            f"the key that {path} names stays in its token",
            hint="have it sign for an online key: rootlet time online, rootlet time delegate",
        )
    if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        raise Environment(
            f"{path} can be read by others than its owner",
            hint=f"chmod 600 {path}; if it was open to strangers, make a new key",
        )
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Misuse(
            f"{path} is not a private key in PEM", hint="make one: rootlet time keygen NAME"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Misuse(f"the key in {path} is not Ed25519", hint="make one: rootlet time keygen NAME")
    return key


def key_to_text(public_key: bytes) -> str:
    """A public key as it is listed: base64."""
    return base64.b64encode(public_key).decode("ascii")


def key_from_text(text: str) -> bytes:
    """A listed public key's 32 bytes; ``Misuse`` for anything else."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise Misuse(
            f"{text!r} is not a Roughtime key",
            hint="give the server's 32-byte Ed25519 key in base64, as it is listed",
        )
    return key
