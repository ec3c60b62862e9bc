"""What a certificate says: by the device's reader, and by pyca/cryptography."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from _rootlet_device import ffi, lib
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID

from rootlet.device import status_name
from support.x509.der import explicit, integer, name, octets, oid, sequence, tlv

__all__ = ["Reading", "compare", "device_reading", "expect_agreement", "peer_reading"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EXTENSIONS = 0xA3
KEY_USAGE, ALTERNATIVE_NAMES, CONSTRAINTS = (oid(f"2.5.29.{last}") for last in (15, 17, 19))
BOTH_KNOW = {KEY_USAGE, CONSTRAINTS, oid("2.5.29.37")}
"""Beside subjectAltName. The device ignores the others, so the peer is not shown them."""

ANY_NAME = octets(sequence(tlv(0x82, b"any")))
"""A subjectAltName's value. The device looks into names only when it looks for one."""

LONGEST_NUMBER = 8
"""Bytes of a pathLenConstraint that the peer can take; no chain is as long as that."""

KEY_USAGE_BITS = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign"),
)


@dataclass(frozen=True)
class Reading:
    """What both read in a certificate."""

    tbs: bytes
    signature: bytes
    issuer: bytes
    subject: bytes
    public_key: bytes
    not_before: int
    """Seconds since 1970."""
    not_after: int
    is_ca: bool
    path_length: int
    """127 for any above."""
    key_usage: int
    for_servers: bool
    names: bytes
    """The contents of subjectAltName."""
    names_critical: bool


def taken(span: Any) -> bytes:
    return bytes(ffi.buffer(span.next, span.left)) if span.left else b""


def device_reading(der: bytes) -> Reading | str:
    """The view of a certificate, or the status' name."""
    buffer = ffi.from_buffer(der)
    view = ffi.new("rootlet_x509_view *")
    certificate = ffi.new("rootlet_certificate *", {"der": buffer, "length": len(der)})
    status = lib.rootlet_x509_read(view, certificate)
    if status != 0:
        return status_name(status)
    return Reading(
        tbs=taken(view.tbs),
        signature=taken(view.signature),
        issuer=taken(view.issuer),
        subject=taken(view.subject),
        public_key=bytes(ffi.buffer(view.public_key, 32)),
        not_before=view.not_before,
        not_after=view.not_after,
        is_ca=view.is_ca,
        path_length=min(view.path_length, 127),
        key_usage=view.key_usage,
        for_servers=view.for_servers,
        names=taken(view.alternative_names),
        names_critical=view.names_critical,
    )


def elements(contents: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Tag, contents and whole of each element in what is known to be DER."""
    while contents:
        size, header = contents[1], 2
        if size >= 0x80:
            header = 2 + (size - 0x80)
            size = int.from_bytes(contents[2:header], "big")
        yield contents[0], contents[header : header + size], contents[: header + size]
        contents = contents[header + size :]


def is_understood(identifier: bytes, value: bytes) -> bool:
    """Whether the peer has a meaning for the value too. It wants keyAgreement beside
    encipherOnly and decipherOnly (of which RFC 5280 says nothing)."""
    if identifier != KEY_USAGE:
        return identifier in BOTH_KNOW
    only = value[3] & 0x01 or len(value) > 4
    return not only or bool(value[3] & 0x08)


def shorter_path(value: bytes) -> bytes:
    """BasicConstraints with a number the peer can take."""
    ((_, inside, _),) = elements(value)
    *flag, (tag, number, _) = elements(inside) if inside else [(0, b"", b"")]
    if tag != 0x02 or len(number) <= LONGEST_NUMBER:
        return value
    return sequence(*(whole for _, _, whole in flag), integer(127))


def shown_to_the_peer(der: bytes) -> tuple[bytes, bytes]:
    """The certificate without the extensions the device does not look into, and the contents of
    its subjectAltName, in whose place is another."""
    ((_, outer, _),) = elements(der)
    (_, tbs, _), *behind = elements(outer)
    fields, names, kept = [], b"", []
    for tag, contents, whole in elements(tbs):
        if tag != EXTENSIONS:
            fields.append(whole)
            continue
        ((_, listed, _),) = elements(contents)
        for _, one, extension in elements(listed):
            (_, _, identifier), *critical, (_, value, _) = elements(one)
            before = (identifier, *(whole for _, _, whole in critical))
            if identifier == ALTERNATIVE_NAMES:
                ((_, names, _),) = elements(value)
                kept.append(sequence(*before, ANY_NAME))
            elif identifier == CONSTRAINTS:
                kept.append(sequence(*before, octets(shorter_path(value))))
            elif is_understood(identifier, value):
                kept.append(extension)
    if kept:
        fields.append(explicit(3, sequence(*kept)))
    return sequence(sequence(*fields), *(whole for _, _, whole in behind)), names


def usage_octet(extensions: x509.Extensions) -> int | None:
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
    flags = [getattr(usage, bit) for bit in KEY_USAGE_BITS]
    flags.append(usage.key_agreement and usage.encipher_only)
    return sum(0x80 >> place for place, flag in enumerate(flags) if flag)


def parts(der: bytes) -> tuple[bytes, list[bytes], list[bytes]]:
    """The TBSCertificate, its fields, and what follows it."""
    ((_, outer, _),) = elements(der)
    (_, fields, tbs), *behind = elements(outer)
    return tbs, [whole for _, _, whole in elements(fields)], [whole for _, _, whole in behind]


ISSUER, SUBJECT = 3, 5
"""Among the fields of a TBSCertificate."""


def peer_reading(der: bytes, device: Reading) -> Reading:
    """The same by pyca/cryptography, which raises where it finds a fault. It is shown other names,
    for it looks into names, and the device does not. Where it cannot say, it is what the device
    says."""
    tbs, fields, behind = parts(der)
    named = [name("any") if at in (ISSUER, SUBJECT) else one for at, one in enumerate(fields)]
    found = peer_reading_named(sequence(sequence(*named), *behind), device)
    return replace(found, tbs=tbs, issuer=fields[ISSUER], subject=fields[SUBJECT])


def peer_reading_named(der: bytes, device: Reading) -> Reading:
    """What the peer reads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        warnings.simplefilter("ignore", UserWarning)
        certificate = x509.load_der_x509_certificate(der)
        shown, names = shown_to_the_peer(der)
        extensions = x509.load_der_x509_certificate(shown).extensions
    known = {type(one.value): one.value for one in extensions}
    critical = {type(one.value) for one in extensions if one.critical}
    constraints: Any = known.get(x509.BasicConstraints)
    uses: Any = known.get(x509.ExtendedKeyUsage)
    usage = usage_octet(extensions)
    key = certificate.public_key()
    assert isinstance(key, Ed25519PublicKey)
    length = constraints.path_length if constraints else None
    return Reading(
        tbs=certificate.tbs_certificate_bytes,
        signature=certificate.signature,
        issuer=device.issuer,
        subject=device.subject,
        public_key=key.public_bytes_raw(),
        not_before=(certificate.not_valid_before_utc - EPOCH) // timedelta(seconds=1),
        not_after=(certificate.not_valid_after_utc - EPOCH) // timedelta(seconds=1),
        is_ca=bool(constraints and constraints.ca),
        path_length=127 if length is None else min(length, 127),
        key_usage=device.key_usage if usage is None else usage,
        for_servers=uses is None or ExtendedKeyUsageOID.SERVER_AUTH in uses,
        names=names,
        names_critical=x509.SubjectAlternativeName in critical,
    )


def expect_agreement(der: bytes, device: Reading) -> None:
    """AssertionError with the certificate unless the peer reads it, and the same in it."""
    try:
        peer = peer_reading(der, device)
    except Exception as error:
        raise AssertionError(f"read by the device alone ({error!r}): {der.hex()}") from error
    assert peer == device, f"read in two ways: {der.hex()}"


def compare(der: bytes) -> bool:
    """True when the device read it; then the peer did too, and the same."""
    device = device_reading(der)
    if isinstance(device, str):
        return False
    expect_agreement(der, device)
    return True
