"""A certificate held against the profile: roots before they are bundled, all before they leave.

These checks read the DER that was made; they share nothing with what builds it but the profile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TypeVar, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, ObjectIdentifier

from rootlet.errors import Refused
from rootlet.pki.certificates import Kind, key_usage
from rootlet.pki.keys import PublicKey, key_identifier, require_profile_key
from rootlet.profile import Profile

__all__ = ["check_issued", "check_root"]

SERIAL_BITS = 159
"""RFC 5280 section 4.1.2.2: at most 20 octets, and positive."""

CA_CRITICAL = {ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE}
"""The critical extensions of a CA that a device's path check knows."""

CA_EXTENSIONS = {*CA_CRITICAL, ExtensionOID.SUBJECT_KEY_IDENTIFIER}
LEAF_EXTENSIONS = {
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
}
ISSUED_EXTENSIONS: dict[Kind, set[ObjectIdentifier]] = {
    Kind.ROOT: CA_EXTENSIONS,
    Kind.ISSUING: {*CA_EXTENSIONS, ExtensionOID.AUTHORITY_KEY_IDENTIFIER},
    Kind.SERVER: LEAF_EXTENSIONS,
    Kind.DEVICE: LEAF_EXTENSIONS,
}
"""Exactly these, in each kind of certificate that is issued."""

LEAF_PURPOSE = {
    Kind.SERVER: x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
    Kind.DEVICE: x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]),
}

WRONG_PURPOSE = {kind: f"is not for {kind.value} authentication alone" for kind in LEAF_PURPOSE}

TBS_PARTS = 6
"""RFC 5280 section 4.1: version, serial, algorithm, issuer, validity, subject, then the key."""

EMPTY_NAME = b"\x30\x00"

LEAF_USAGE = key_usage(signs_certificates=False)

T = TypeVar("T", bound=x509.ExtensionType)


def _must(condition: bool, rule: str, reason: str) -> None:
    if not condition:
        raise Refused(
            f"the certificate {reason}",
            hint="make one that follows the profile: rootlet ca does",
            status=rule,
        )


Held = Mapping[ObjectIdentifier, x509.Extension[x509.ExtensionType]]
"""A certificate's extensions by kind."""


def _held(certificate: x509.Certificate) -> Held:
    return {entry.oid: entry for entry in certificate.extensions}


def _find(held: Held, kind: type[T]) -> x509.Extension[T] | None:
    return cast("x509.Extension[T] | None", held.get(kind.oid))


def _cut(der: bytes) -> tuple[bytes, bytes, bytes]:
    """What is signed, issuer and subject, cut out of a version 3 certificate that could be read.

    pyca makes objects of them first, which takes a tenth of the whole check.
    """
    begin, _ = _content(der, 0)
    at, end = _content(der, begin)
    signed = der[begin:end]
    parts = []
    for _ in range(TBS_PARTS):
        _, end = _content(der, at)
        parts.append((at, end))
        at = end
    (issuer, issuer_end), _, (subject, subject_end) = parts[3:]
    return signed, der[issuer:issuer_end], der[subject:subject_end]


def _content(der: bytes, at: int) -> tuple[int, int]:
    """Where the content of an element begins and ends; its length is known to be well formed."""
    length, begin = der[at + 1], at + 2
    if length < 0x80:
        return begin, begin + length
    begin += length & 0x7F
    return begin, begin + int.from_bytes(der[at + 2 : begin])


@dataclass(frozen=True)
class _Issuer:
    """What certificates are held against."""

    key: PublicKey
    identifier: bytes
    subject: bytes


@lru_cache(maxsize=4)
def _issuer(certificate: x509.Certificate, profile: Profile) -> _Issuer:
    key = require_profile_key(certificate.public_key(), profile, what="the issuer")
    return _Issuer(key, key_identifier(key), certificate.subject.public_bytes())


def _read(certificate: x509.Certificate, profile: Profile) -> tuple[PublicKey, Held]:
    """Force everything that is parsed late, and check what no kind of certificate may lack."""
    try:
        serial, public_key = certificate.serial_number, certificate.public_key()
        held = _held(certificate)
    except (ValueError, x509.DuplicateExtension) as error:
        raise Refused(
            f"the certificate cannot be read: {error}",
            hint="make one that follows the profile: rootlet ca does",
            status="certificate-form",
        ) from error
    _must(certificate.version is x509.Version.v3, "version", "is not X.509 version 3")
    in_range = serial > 0 and serial.bit_length() <= SERIAL_BITS
    _must(in_range, "serial", "has a serial that is not positive or is over 20 bytes")
    return require_profile_key(public_key, profile, what="the certificate"), held


def _verify(signature: bytes, signed: bytes, key: PublicKey, what: str) -> None:
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        else:
            key.verify(signature, signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        _must(False, "signature", f"is not signed by {what}")


def _ca_constraints(held: Held) -> x509.BasicConstraints:
    """Check what makes a certificate a CA; its basic constraints."""
    basic = _find(held, x509.BasicConstraints)
    if basic is None or not (basic.critical and basic.value.ca):
        raise Refused(
            "the certificate is no CA: it has no critical basicConstraints with cA TRUE",
            hint="give the root's certificate, not a server's or a device's",
            status="basic-constraints",
        )
    usage = _find(held, x509.KeyUsage)
    signs = usage is not None and usage.critical and usage.value.key_cert_sign
    _must(signs, "key-usage", "may not sign certificates: it has no critical keyCertSign")
    for entry in held.values():
        known = not entry.critical or entry.oid in CA_CRITICAL
        what = f"has a critical extension that devices do not know: {entry.oid.dotted_string}"
        _must(known, "critical-extension", what)
    return basic.value


def check_root(certificate: x509.Certificate, *, profile: Profile) -> None:
    """Hold a root against the profile; ``Refused`` names the first rule it breaks.

    1. version 3, serial positive and of at most 20 bytes, key of the profile's algorithm;
    2. basicConstraints critical with cA TRUE, keyUsage critical with keyCertSign, no other
       critical extension (name constraints among them: devices know none);
    3. a path length, if any, that leaves room for the issuing CA; no extended key usage;
    4. a subject, equal to the issuer, and a signature that its own key verifies.
    """
    public_key, held = _read(certificate, profile)
    limit = _ca_constraints(held).path_length
    room = limit is None or limit > profile.chain.path_length
    _must(room, "path-length", "has a path length that leaves no room for an issuing CA")
    purpose = _find(held, x509.ExtendedKeyUsage)
    _must(purpose is None, "extended-key-usage", "is a root with an extended key usage")
    _must(len(certificate.subject.rdns) > 0, "subject", "has an empty subject")
    own = certificate.issuer.public_bytes() == certificate.subject.public_bytes()
    _must(own, "self-signed", "is not self-signed: its issuer is another")
    _verify(certificate.signature, certificate.tbs_certificate_bytes, public_key, "its own key")


def _check_identifiers(held: Held, public_key: PublicKey, above: bytes) -> None:
    subject = _find(held, x509.SubjectKeyIdentifier)
    right = subject is None or subject.value.digest == key_identifier(public_key)
    _must(right, "key-identifier", "has a wrong subject key identifier")
    authority = _find(held, x509.AuthorityKeyIdentifier)
    right = authority is None or authority.value.key_identifier == above
    _must(right, "key-identifier", "has a wrong authority key identifier")


def _check_leaf(
    held: Held, kind: Kind, names: Sequence[x509.GeneralName], *, nameless: bool
) -> None:
    usage = _find(held, x509.KeyUsage)
    right = usage is not None and usage.critical
    right = right and usage is not None and usage.value == LEAF_USAGE
    _must(right, "key-usage", "is a leaf whose key usage is not digitalSignature alone")
    purpose = _find(held, x509.ExtendedKeyUsage)
    right = purpose is not None and purpose.value == LEAF_PURPOSE[kind]
    _must(right, "extended-key-usage", WRONG_PURPOSE[kind])
    alternative = _find(held, x509.SubjectAlternativeName)
    right = alternative is not None and list(alternative.value) == list(names)
    _must(right, "names", "does not hold the names it was made for")
    right = alternative is not None and alternative.critical == nameless
    _must(right, "names", "has names that are not critical exactly where the subject is empty")


def check_issued(
    der: bytes,
    *,
    kind: Kind,
    names: Sequence[x509.GeneralName],
    issuer: x509.Certificate | None,
    profile: Profile,
    longest: timedelta,
) -> x509.Certificate:
    """Hold a certificate that was just made against the profile, before it leaves.

    ``names`` are those of a leaf; ``issuer`` is None for a root; ``longest`` is the lifetime that
    its rule allows, the allowance for slow clocks not counted. Returns the certificate as read
    back from ``der``; ``Refused`` names the rule it breaks.
    """
    certificate = x509.load_der_x509_certificate(der)
    size = profile.chain.certificate_bytes
    if len(der) > size:
        _must(False, "certificate-bytes", f"is {len(der)} bytes, the profile allows {size}")
    public_key, held = _read(certificate, profile)
    exact = held.keys() == ISSUED_EXTENSIONS[kind]
    _must(exact, "extensions", "has other extensions than the profile lists")
    above = _issuer(certificate if issuer is None else issuer, profile)
    _check_identifiers(held, public_key, above.identifier)
    signed, issuer_name, subject_name = _cut(der)
    _must(issuer_name == above.subject, "issuer", "names another issuer")
    _verify(certificate.signature, signed, above.key, "its issuer")
    if kind in LEAF_PURPOSE:
        _check_leaf(held, kind, names, nameless=subject_name == EMPTY_NAME)
    else:
        allowed = None if kind is Kind.ROOT else profile.chain.path_length
        right = _ca_constraints(held).path_length == allowed
        _must(right, "path-length", "does not have the profile's path length")
    spread = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    most = longest + timedelta(minutes=profile.lifetimes.backdate_minutes)
    _must(timedelta(0) <= spread < most, "lifetime", "lives longer than the profile allows")
    return certificate
