"""Certificates of servers and devices, put together in DER; the profile's own are in certificates.

A factory line has them made by the thousand, and what leaves of one issuer have alike is most of
each: it is encoded once. pyca's builder, which takes twice the time of a signature for the rest,
is what the tests hold every byte against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from rootlet.pki.certificates import Validity, key_usage
from rootlet.pki.der import BITS, INTEGER, OCTETS, OID, SEQUENCE, SET, UTF8, tlv
from rootlet.pki.keys import PrivateKey, PublicKey, key_identifier
from rootlet.pki.names import Host, check_device_id, device_uri, general_name

__all__ = ["issue_device", "issue_server"]

VERSION_3 = bytes.fromhex("a003020102")
EXTENSIONS = 0xA3
"""[3], RFC 5280 section 4.1."""

ED25519 = tlv(SEQUENCE, tlv(OID, bytes.fromhex("2b6570")))
"""RFC 8410 section 3."""
ECDSA_SHA256 = tlv(SEQUENCE, tlv(OID, bytes.fromhex("2a8648ce3d040302")))
"""RFC 5758 section 3.2."""

COMMON_NAME = tlv(OID, bytes.fromhex("550403"))
ALTERNATIVE_NAME = tlv(OID, bytes.fromhex("551d11"))
URI = 0x86
"""[6], RFC 5280 section 4.2.1.6."""
CRITICAL = bytes.fromhex("0101ff")

UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
FIRST_GENERALIZED = 2050
"""RFC 5280 section 4.1.2.5: years before it have two digits."""


@dataclass(frozen=True)
class _Alike:
    """What leaves of one issuer and use have alike, encoded."""

    issuer: bytes
    before: bytes
    """The extensions before the names."""
    behind: bytes


@lru_cache(maxsize=8)
def _alike(issuing: x509.Certificate, usage: ObjectIdentifier) -> _Alike:
    key = issuing.public_key()
    assert isinstance(key, PublicKey)  # as check_issued found when it was made
    purpose = _extension(x509.ExtendedKeyUsage([usage]))
    before = _extension(key_usage(signs_certificates=False), critical=True) + purpose
    identifier = x509.AuthorityKeyIdentifier(key_identifier(key), None, None)
    return _Alike(issuing.subject.public_bytes(), before, _extension(identifier))


def _extension(value: x509.ExtensionType, *, critical: bool = False) -> bytes:
    mark = CRITICAL if critical else b""
    return _extension_of(_kind(value.oid) + mark, value.public_bytes())


def _extension_of(head: bytes, value: bytes) -> bytes:
    return tlv(SEQUENCE, head, tlv(OCTETS, value))


@lru_cache(maxsize=8)
def _kind(oid: ObjectIdentifier) -> bytes:
    """2.5.29.N, as all extensions of the profile are: N is below 128."""
    joint_iso, directory, extension, number = map(int, oid.dotted_string.split("."))
    return tlv(OID, bytes((40 * joint_iso + directory, extension, number)))


@lru_cache(maxsize=8)
def _period(validity: Validity) -> bytes:
    return tlv(SEQUENCE, _time(validity.not_before), _time(validity.not_after))


def _time(moment: datetime) -> bytes:
    if moment.year < FIRST_GENERALIZED:
        return tlv(UTC_TIME, f"{moment:%y%m%d%H%M%SZ}".encode())
    return tlv(GENERALIZED_TIME, f"{moment:%Y%m%d%H%M%SZ}".encode())


def _signed(
    key: PrivateKey,
    alike: _Alike,
    *,
    serial: int,
    validity: Validity,
    subject: bytes,
    public_key: PublicKey,
    names: bytes,
) -> bytes:
    algorithm = ED25519 if isinstance(key, ed25519.Ed25519PrivateKey) else ECDSA_SHA256
    tbs = tlv(
        SEQUENCE,
        VERSION_3,
        tlv(INTEGER, serial.to_bytes(serial.bit_length() // 8 + 1)),
        algorithm,
        alike.issuer,
        _period(validity),
        subject,
        public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        tlv(EXTENSIONS, tlv(SEQUENCE, alike.before, names, alike.behind)),
    )
    if isinstance(key, ed25519.Ed25519PrivateKey):
        signature = key.sign(tbs)
    else:
        signature = key.sign(tbs, ec.ECDSA(SHA256()))
    return tlv(SEQUENCE, tbs, algorithm, tlv(BITS, b"\0", signature))


def issue_server(
    public_key: PublicKey,
    hosts: Sequence[Host],
    validity: Validity,
    serial: int,
    *,
    issuing: x509.Certificate,
    issuing_key: PrivateKey,
) -> bytes:
    """A server certificate in DER.

    Its subject is empty, so its names are critical (RFC 5280 section 4.1.2.6). ``serial`` is
    positive.
    """
    names = x509.SubjectAlternativeName([general_name(host) for host in hosts])
    alike = _alike(issuing, ExtendedKeyUsageOID.SERVER_AUTH)
    return _signed(
        issuing_key,
        alike,
        serial=serial,
        validity=validity,
        subject=tlv(SEQUENCE),
        public_key=public_key,
        names=_extension(names, critical=True),
    )


def issue_device(
    public_key: PublicKey,
    device_id: str,
    validity: Validity,
    serial: int,
    *,
    urn_prefix: str,
    issuing: x509.Certificate,
    issuing_key: PrivateKey,
) -> bytes:
    """A device certificate in DER.

    What counts is the URN; the common name is for people and logs. ``serial`` is positive.
    """
    name = tlv(UTF8, check_device_id(device_id).encode("ascii"))
    subject = tlv(SEQUENCE, tlv(SET, tlv(SEQUENCE, COMMON_NAME, name)))
    uri = device_uri(urn_prefix, device_id).encode("ascii")
    alike = _alike(issuing, ExtendedKeyUsageOID.CLIENT_AUTH)
    return _signed(
        issuing_key,
        alike,
        serial=serial,
        validity=validity,
        subject=subject,
        public_key=public_key,
        names=_extension_of(ALTERNATIVE_NAME, tlv(SEQUENCE, tlv(URI, uri))),
    )
