"""The device's primitives under their C names, for tests that run vector files against them.

Private to tests: no part of the toolkit uses these; hosts use pyca/cryptography. Inputs of a wrong
fixed size raise ``Misuse``, a failing check raises ``Refused`` with the status' name.
"""

from __future__ import annotations

from _rootlet_device import ffi, lib

from rootlet.device.status import raise_status
from rootlet.errors import Misuse

__all__ = [
    "rootlet_chacha20poly1305_open",
    "rootlet_chacha20poly1305_seal",
    "rootlet_ed25519_public",
    "rootlet_ed25519_sign",
    "rootlet_ed25519_verify",
    "rootlet_hkdf_sha256_expand",
    "rootlet_hkdf_sha256_extract",
    "rootlet_hmac_sha256",
    "rootlet_sha256",
    "rootlet_sha512",
    "rootlet_x25519",
    "rootlet_x25519_public",
]

_HINT = "this input is refused by the device library"


def _sized(value: bytes, size: int, name: str) -> bytes:
    if len(value) != size:
        raise Misuse(f"{name} is {len(value)} bytes", hint=f"it takes exactly {size}")
    return value


def rootlet_sha256(data: bytes) -> bytes:
    """SHA-256 in one piece."""
    context, digest = ffi.new("rootlet_sha256 *"), ffi.new("uint8_t[32]")
    lib.rootlet_sha256_init(context)
    lib.rootlet_sha256_update(context, data, len(data))
    lib.rootlet_sha256_final(context, digest)
    return bytes(digest)


def rootlet_sha512(data: bytes) -> bytes:
    """SHA-512 in one piece."""
    context, digest = ffi.new("rootlet_sha512 *"), ffi.new("uint8_t[64]")
    lib.rootlet_sha512_init(context)
    lib.rootlet_sha512_update(context, data, len(data))
    lib.rootlet_sha512_final(context, digest)
    return bytes(digest)


def rootlet_hmac_sha256(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA-256."""
    mac = ffi.new("uint8_t[32]")
    lib.rootlet_hmac_sha256(mac, key, len(key), message, len(message))
    return bytes(mac)


def rootlet_hkdf_sha256_extract(salt: bytes, ikm: bytes) -> bytes:
    """HKDF-Extract."""
    prk = ffi.new("uint8_t[32]")
    lib.rootlet_hkdf_sha256_extract(prk, salt, len(salt), ikm, len(ikm))
    return bytes(prk)


def rootlet_hkdf_sha256_expand(prk: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand of at most 32 bytes; ``Refused`` for more."""
    out = ffi.new("uint8_t[]", max(length, 1))
    status = lib.rootlet_hkdf_sha256_expand(out, length, _sized(prk, 32, "prk"), info, len(info))
    raise_status(status, hint=_HINT)
    return bytes(ffi.buffer(out, length))


def rootlet_chacha20poly1305_seal(
    key: bytes, nonce: bytes, aad: bytes, plaintext: bytes
) -> tuple[bytes, bytes]:
    """Ciphertext and tag."""
    data, tag = ffi.new("uint8_t[]", plaintext or b"\0"), ffi.new("uint8_t[16]")
    lib.rootlet_chacha20poly1305_seal(
        data,
        len(plaintext),
        tag,
        _sized(key, 32, "key") + _sized(nonce, 12, "nonce"),
        aad,
        len(aad),
    )
    return bytes(ffi.buffer(data, len(plaintext))), bytes(tag)


def rootlet_chacha20poly1305_open(
    key: bytes, nonce: bytes, aad: bytes, ciphertext: bytes, tag: bytes
) -> bytes:
    """Plaintext; ``Refused`` when the tag does not match (and the data is then unchanged)."""
    data = ffi.new("uint8_t[]", ciphertext or b"\0")
    status = lib.rootlet_chacha20poly1305_open(
        data,
        len(ciphertext),
        _sized(tag, 16, "tag"),
        _sized(key, 32, "key") + _sized(nonce, 12, "nonce"),
        aad,
        len(aad),
    )
    result = bytes(ffi.buffer(data, len(ciphertext)))
    if status != 0 and result != ciphertext:
        raise AssertionError("data was changed although the tag does not match")
    raise_status(status, hint=_HINT)
    return result


def rootlet_x25519(scalar: bytes, point: bytes) -> bytes:
    """Shared secret; ``Refused`` when it is all zero."""
    shared = ffi.new("uint8_t[32]")
    status = lib.rootlet_x25519(shared, _sized(scalar, 32, "scalar"), _sized(point, 32, "point"))
    raise_status(status, hint=_HINT)
    return bytes(shared)


def rootlet_x25519_public(scalar: bytes) -> bytes:
    """Public key of a private one."""
    public_key = ffi.new("uint8_t[32]")
    lib.rootlet_x25519_public(public_key, _sized(scalar, 32, "scalar"))
    return bytes(public_key)


def rootlet_ed25519_verify(
    signature: bytes, public_key: bytes, message: bytes, prefix: bytes = b""
) -> None:
    """Checks a signature over prefix || message; ``Refused`` when it does not verify."""
    status = lib.rootlet_ed25519_verify(
        _sized(signature, 64, "signature"),
        _sized(public_key, 32, "public key"),
        prefix,
        len(prefix),
        message,
        len(message),
    )
    raise_status(status, hint=_HINT)


def rootlet_ed25519_public(private_key: bytes) -> bytes:
    """Public key of a private one."""
    public_key = ffi.new("uint8_t[32]")
    lib.rootlet_ed25519_public(public_key, _sized(private_key, 32, "private key"))
    return bytes(public_key)


def rootlet_ed25519_sign(private_key: bytes, message: bytes, prefix: bytes = b"") -> bytes:
    """Signature over prefix || message."""
    signature = ffi.new("uint8_t[64]")
    lib.rootlet_ed25519_sign(
        signature,
        _sized(private_key, 32, "private key"),
        prefix,
        len(prefix),
        message,
        len(message),
    )
    return bytes(signature)
