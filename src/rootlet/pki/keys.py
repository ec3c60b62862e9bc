"""Keys of the profile: made, written as PKCS#8, read back, and told apart."""

from __future__ import annotations

import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from rootlet.errors import Refused, Secret
from rootlet.profile import Profile

__all__ = [
    "PrivateKey",
    "PublicKey",
    "generate_key",
    "key_algorithm",
    "key_from_pem",
    "key_identifier",
    "key_to_pem",
    "public_bytes",
    "require_profile_key",
    "signing_hash",
]

PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey
PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey

KEY_IDENTIFIER_BYTES = 20
"""RFC 7093 section 2 method 1: the leftmost 160 bits of SHA-256 over the key's bits."""


def generate_key(profile: Profile) -> PrivateKey:
    """A new key of the profile's algorithm, from the operating system's randomness."""
    if profile.chain.key == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1())


def key_algorithm(public_key: object) -> str:
    """Name of a public key's algorithm in the profile's words, or its type's for any other."""
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return "Ed25519"
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        is_p256 = isinstance(public_key.curve, ec.SECP256R1)
        return "P-256" if is_p256 else public_key.curve.name
    return type(public_key).__name__.removesuffix("PublicKey")


def require_profile_key(public_key: object, profile: Profile, *, what: str) -> PublicKey:
    """The key itself, ``Refused`` when it is not of the profile's algorithm."""
    algorithm, wanted = key_algorithm(public_key), profile.chain.key
    if algorithm == wanted and isinstance(
        public_key, (ed25519.Ed25519PublicKey, ec.EllipticCurvePublicKey)
    ):
        return public_key
    raise Refused(
        f"{what} has a key of type {algorithm}, profile {profile.name} asks for {wanted}",
        hint=f"use a key of type {wanted}, or a maker's folder with another profile",
        status="key-algorithm",
    )


def public_bytes(public_key: PublicKey) -> bytes:
    """The raw key: 32 bytes of Ed25519, or the 65 bytes 04 X Y of P-256."""
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def key_identifier(public_key: PublicKey) -> bytes:
    """The subject key identifier of a key, RFC 7093 section 2 method 1."""
    return hashlib.sha256(public_bytes(public_key)).digest()[:KEY_IDENTIFIER_BYTES]


def signing_hash(public_key: PublicKey) -> SHA256 | None:
    """What pyca wants to be told about hashing: nothing for Ed25519."""
    return None if isinstance(public_key, ed25519.Ed25519PublicKey) else SHA256()


def key_to_pem(key: PrivateKey) -> bytes:
    """PKCS#8 PEM, for files that only their owner reads. ``KeySealer`` writes it encrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def key_from_pem(
    pem: bytes, passphrase: bytes | None, *, profile: Profile, what: str
) -> PrivateKey:
    """Read a PKCS#8 PEM key.

    ``Secret`` for a wrong, missing or needless passphrase; ``Refused`` for anything that is not a
    key of the profile.
    """
    if b"PRIVATE KEY-----" not in pem:
        raise _no_key(what)
    if (b"ENCRYPTED" in pem) != (passphrase is not None):
        raise Secret(
            f"{what} is encrypted" if passphrase is None else f"{what} is not encrypted",
            hint="give its passphrase" if passphrase is None else "leave the passphrase out",
        )
    try:
        key = load_pem_private_key(pem, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if passphrase is not None:
            raise Secret(
                f"the passphrase does not open {what}",
                hint="type it again; without it the key is lost and a new root is needed",
            ) from error
        raise _no_key(what) from error
    require_profile_key(key.public_key(), profile, what=what)
    assert isinstance(key, PrivateKey)  # as its public half is of the profile
    return key


def _no_key(what: str) -> Refused:
    return Refused(f"{what} is not a private key in PEM", hint="restore the file from your backup")
