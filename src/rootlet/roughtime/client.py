"""The client's side of one exchange: a request, and whether a reply is to be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from rootlet.errors import Refused
from rootlet.roughtime import protocol as p
from rootlet.roughtime.merkle import leaf, root_from_path
from rootlet.roughtime.message import (
    Malformed,
    NotAPacket,
    decode,
    decode_packet,
    encode_packet,
    read_versions,
    write_versions,
)

__all__ = ["SUPPORTED_VERSIONS", "Sample", "build_request", "verify"]

SUPPORTED_VERSIONS = (p.VERSION_1, p.VERSION_DRAFT)
"""Ascending, as they stand in a request."""

ANY_BYTES = (0, 0xFFFF)
VERSIONS_BYTES = (4, 4 * p.MAX_VERSIONS)

REQUEST = {p.VER: VERSIONS_BYTES, p.NONC: (32, 32)}
RESPONSE = {
    p.SIG: (64, 64),
    p.NONC: (32, 32),
    p.TYPE: (4, 4),
    p.PATH: (0, p.HASH_BYTES * p.MAX_PATH_NODES),
    p.SREP: ANY_BYTES,
    p.CERT: ANY_BYTES,
    p.INDX: (4, 4),
}
SIGNED_RESPONSE = {
    p.VER: (4, 4),
    p.RADI: (4, 4),
    p.MIDP: (8, 8),
    p.VERS: VERSIONS_BYTES,
    p.ROOT: (32, 32),
}
CERTIFICATE = {p.SIG: (64, 64), p.DELE: ANY_BYTES}
DELEGATION = {p.PUBK: (32, 32), p.MINT: (8, 8), p.MAXT: (8, 8)}
"""Each message's mandatory tags, with the fewest and the most bytes of their values."""

TEXTS = {
    "PACKET": "not a Roughtime packet",
    "MESSAGE": "a Roughtime message is malformed",
    "TAG": "a mandatory tag is missing or has a wrong size",
    "TYPE": "the packet is not a response",
    "NONCE": "the response is for another request",
    "VERSION": "the response's version was not offered",
    "RADIUS": "the radius is zero",
    "DELEGATION": "the delegation is not signed by the long-term key",
    "WINDOW": "the midpoint is outside the delegation",
    "SIGNATURE": "the response is not signed by the delegated key",
    "MERKLE": "the Merkle proof does not cover the request",
    "REQUEST": "the stored request is malformed",
}
"""The device library's statuses of the same names, without their prefix."""


@dataclass(frozen=True)
class Sample:
    """What one server vouches for: the time lies in (midpoint - radius, midpoint + radius)."""

    midpoint: int
    """Seconds since 1970."""
    radius: int
    """Seconds, at least 1."""
    version: int
    """Protocol version the server answered with."""


def build_request(
    nonce: bytes,
    public_key: bytes,
    *,
    versions: tuple[int, ...] = SUPPORTED_VERSIONS,
    size: int = p.REQUEST_BYTES,
) -> bytes:
    """A request packet of ``size`` bytes to the server with this long-term key.

    The nonce is 32 fresh random bytes, or a chained one (``measure.chained_nonce``).
    """
    values = {
        p.VER: write_versions(versions),
        p.SRV: p.server_id(public_key),
        p.NONC: nonce,
        p.TYPE: p.TYPE_REQUEST,
        p.ZZZZ: b"",
    }
    return encode_packet(values | {p.ZZZZ: bytes(size - len(encode_packet(values)))})


def _refuse(name: str, detail: str = "") -> NoReturn:
    raise Refused(
        TEXTS[name] + (f": {detail}" if detail else ""),
        hint="ignore this reply and go on waiting: anyone can send one",
        status=f"ERR_ROUGHTIME_{name}",
    )


def _take(values: Mapping[int, bytes], wanted: Mapping[int, tuple[int, int]]) -> dict[int, bytes]:
    """The mandatory values (step 2), or a refusal."""
    for tag, (least, most) in wanted.items():
        if not least <= len(values.get(tag, b"")) <= most or tag not in values:
            _refuse("TAG", p.tag_name(tag))
    return {tag: values[tag] for tag in wanted}


def _nested(message: bytes, wanted: Mapping[int, tuple[int, int]]) -> dict[int, bytes]:
    try:
        return _take(decode(message), wanted)
    except Malformed as error:
        _refuse("MESSAGE", str(error))


def _read_request(request: bytes) -> tuple[bytes, tuple[int, ...]]:
    """Nonce and offered versions of a stored request."""
    try:
        values = _take(decode_packet(request), REQUEST)
    except (Malformed, Refused) as error:
        _refuse("REQUEST", str(error))
    return values[p.NONC], read_versions(values[p.VER]) or ()


def _number(value: bytes) -> int:
    return int.from_bytes(value, "little")


def _check_signature(name: str, key: bytes, signature: bytes, signed: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        _refuse(name)


def verify(
    request: bytes, response: bytes, public_key: bytes, *, appendix_b: bool = False
) -> Sample:
    """Check a reply to the exact request that was sent; ``Refused`` names the first check it fails.

    Steps 1 to 8 of RFC 10049 section 5.4 and the sections before it, those that cost little
    first; step 9, the delay, is the caller's, who has the clock. The device's C code does the
    same in the same order. ``appendix_b`` takes the drafts' context strings with version 1, which
    is how the RFC's own examples are signed.
    """
    nonce, offered = _read_request(request)
    # 1. Packet, length, message rules.  2. Mandatory tags, their sizes, TYPE.
    try:
        root = _take(decode_packet(response), RESPONSE)
    except NotAPacket as error:
        _refuse("PACKET", str(error))
    except Malformed as error:
        _refuse("MESSAGE", str(error))
    signed = _nested(root[p.SREP], SIGNED_RESPONSE)
    certificate = _nested(root[p.CERT], CERTIFICATE)
    delegation = _nested(certificate[p.DELE], DELEGATION)
    if len(root[p.PATH]) % p.HASH_BYTES:
        _refuse("TAG", "PATH")
    if root[p.TYPE] != p.TYPE_RESPONSE:
        _refuse("TYPE")
    # 3. The nonce is ours.
    if root[p.NONC] != nonce:
        _refuse("NONCE")
    # 4. The version was offered and is one of the server's; the radius is not 0.
    version, radius = _number(signed[p.VER]), _number(signed[p.RADI])
    known = version in SUPPORTED_VERSIONS and version in offered
    if not known or version not in (read_versions(signed[p.VERS]) or ()):
        _refuse("VERSION", f"{version:#x}")
    if radius == 0:
        _refuse("RADIUS")
    # 6. The delegation covers the midpoint.
    midpoint = _number(signed[p.MIDP])
    if not _number(delegation[p.MINT]) <= midpoint <= _number(delegation[p.MAXT]):
        _refuse("WINDOW")
    # 8. The signed tree holds our request.
    found = root_from_path(leaf(request), _number(root[p.INDX]), root[p.PATH])
    if found != signed[p.ROOT]:
        _refuse("MERKLE")
    # 5. The long-term key signed the delegation.  7. The delegated key signed the time.
    context = p.delegation_context(version, appendix_b=appendix_b)
    _check_signature("DELEGATION", public_key, certificate[p.SIG], context + certificate[p.DELE])
    context = p.response_context(version, appendix_b=appendix_b)
    _check_signature("SIGNATURE", delegation[p.PUBK], root[p.SIG], context + root[p.SREP])
    return Sample(midpoint, radius, version)
