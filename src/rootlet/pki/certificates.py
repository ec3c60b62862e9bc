"""Certificates as the IETF IoT profile asks of an issuer, and as small as that allows.

========  ==============================================================================
root      no path length, no extended key usage, subject key identifier
issuing   path length of the profile, subject and authority key identifiers
server    empty subject, critical subjectAltName, serverAuth, authority key identifier
device    id as common name and as URN in subjectAltName, clientAuth, the same
========  ==============================================================================

Key usage and basic constraints are critical wherever they stand; leaves carry no basic
constraints and no subject key identifier. Nothing names a CRL or an OCSP responder: server
certificates are short-lived, and servers are given the CRL of device certificates as a file.

Servers' and devices' are made in rootlet.pki.leaf.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.x509.oid import NameOID

from rootlet.errors import Refused
from rootlet.pki.keys import PrivateKey, PublicKey, key_identifier, signing_hash
from rootlet.pki.names import common_name
from rootlet.profile import Profile

__all__ = [
    "SERIAL_BYTES",
    "Kind",
    "Validity",
    "ca_number",
    "issue_issuing",
    "issue_root",
    "issuing_subject",
    "key_usage",
    "new_serial",
    "root_subject",
    "validity_from",
]

SERIAL_BYTES = 16
"""Random bytes in a serial: far over the 64 bits that are asked for, below the 20 allowed."""

SECOND = timedelta(seconds=1)

CA_NUMBER = re.compile(r" (?:Root|Issuing) ([0-9]{1,6})$")
"""The first root and the first issuing CA have no number in their names."""


class Kind(StrEnum):
    """What a certificate is for."""

    ROOT = "root"
    ISSUING = "issuing"
    SERVER = "server"
    DEVICE = "device"


@dataclass(frozen=True)
class Validity:
    """From ``not_before`` to ``not_after``, both included, UTC, whole seconds."""

    not_before: datetime
    not_after: datetime


def validity_from(
    now: datetime, lifetime: timedelta, *, profile: Profile, within: x509.Certificate | None
) -> Validity:
    """``lifetime`` from ``now`` on, begun earlier by the profile's allowance for slow clocks.

    Cut to the validity of ``within``, where that is given. Both ends belong to the period
    (RFC 5280 section 4.1.2.5), so a day ends one second early.
    """
    start = now.replace(microsecond=0)
    not_before = start - timedelta(minutes=profile.lifetimes.backdate_minutes)
    not_after = start + lifetime - SECOND
    if within is not None:
        not_before = max(not_before, within.not_valid_before_utc)
        not_after = min(not_after, within.not_valid_after_utc)
    if not_after < start:
        raise Refused(
            "the certificate would end before it begins",
            hint="ask for a longer lifetime, or renew what signs it",
            status="lifetime",
        )
    return Validity(not_before, not_after)


def new_serial(random: bytes) -> int:
    """A positive serial of exactly ``SERIAL_BYTES`` bytes made from that many random ones."""
    if len(random) != SERIAL_BYTES:
        raise ValueError(f"a serial is made from {SERIAL_BYTES} bytes")
    return int.from_bytes(random) & ~(1 << 127) | 1 << 126


def key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """Key usage of a CA (certificates and CRLs) or of a leaf (handshake signatures)."""
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _begin(
    public_key: PublicKey, subject: x509.Name, issuer: x509.Name, validity: Validity, serial: int
) -> x509.CertificateBuilder:
    """Everything but the extensions."""
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=public_key,
        serial_number=serial,
        not_valid_before=validity.not_before,
        not_valid_after=validity.not_after,
    )


def _authority(builder: x509.CertificateBuilder, key: PublicKey) -> x509.CertificateBuilder:
    identifier = x509.AuthorityKeyIdentifier(key_identifier(key), None, None)
    return builder.add_extension(identifier, critical=False)


def _ca(
    builder: x509.CertificateBuilder, public_key: PublicKey, path_length: int | None
) -> x509.CertificateBuilder:
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), True)
        .add_extension(key_usage(signs_certificates=True), True)
        .add_extension(x509.SubjectKeyIdentifier(key_identifier(public_key)), False)
    )


def _numbered(text: str, number: int) -> x509.Name:
    return common_name(text if number == 1 else f"{text} {number}")


def root_subject(name: str, number: int = 1) -> x509.Name:
    """What a maker's roots are called: devices tell them apart by it, so no two are the same."""
    return _numbered(f"{name} Root", number)


def issuing_subject(name: str, number: int = 1) -> x509.Name:
    """What an issuing CA is called; it stands in every leaf, so it is short."""
    return _numbered(f"{name} Issuing", number)


def ca_number(subject: x509.Name) -> int:
    """Which of its maker's roots or issuing CAs a CA is, counted from 1."""
    found = CA_NUMBER.search(str(subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value))
    return int(found[1]) if found else 1


def issue_root(
    key: PrivateKey, subject: x509.Name | str, validity: Validity, serial: int
) -> x509.Certificate:
    """A root: self-signed, the only thing that devices trust. A text is its maker's name."""
    subject = root_subject(subject) if isinstance(subject, str) else subject
    public_key = key.public_key()
    builder = _ca(_begin(public_key, subject, subject, validity, serial), public_key, None)
    return builder.sign(key, signing_hash(public_key))


def issue_issuing(
    public_key: PublicKey,
    subject: x509.Name,
    validity: Validity,
    serial: int,
    *,
    profile: Profile,
    root: x509.Certificate,
    root_key: PrivateKey,
) -> x509.Certificate:
    """The CA that stays online, below a root."""
    begun = _begin(public_key, subject, root.subject, validity, serial)
    builder = _ca(begun, public_key, profile.chain.path_length)
    builder = _authority(builder, root_key.public_key())
    return builder.sign(root_key, signing_hash(root_key.public_key()))
