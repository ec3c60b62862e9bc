"""Certificate revocation lists, RFC 5280 section 5: which devices a server turns away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509

from rootlet.errors import Refused
from rootlet.pki.keys import PrivateKey, key_identifier, require_profile_key, signing_hash
from rootlet.profile import Profile

__all__ = ["Reason", "Revoked", "issue_crl"]


class Reason(StrEnum):
    """Why a certificate is revoked: those of RFC 5280 section 5.3.1 that fit what is issued."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "key-compromise"
    AFFILIATION_CHANGED = "affiliation-changed"
    SUPERSEDED = "superseded"
    CESSATION = "cessation-of-operation"
    PRIVILEGE_WITHDRAWN = "privilege-withdrawn"


FLAGS = {
    Reason.KEY_COMPROMISE: x509.ReasonFlags.key_compromise,
    Reason.AFFILIATION_CHANGED: x509.ReasonFlags.affiliation_changed,
    Reason.SUPERSEDED: x509.ReasonFlags.superseded,
    Reason.CESSATION: x509.ReasonFlags.cessation_of_operation,
    Reason.PRIVILEGE_WITHDRAWN: x509.ReasonFlags.privilege_withdrawn,
}
"""Without "unspecified": for that the entry has no reason code (the same section)."""


@dataclass(frozen=True)
class Revoked:
    """One entry of a list."""

    serial: int
    at: datetime
    """When it was revoked; UTC, whole seconds."""
    reason: Reason


def _entry(revoked: Revoked) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder(revoked.serial, revoked.at)
    if revoked.reason in FLAGS:
        builder = builder.add_extension(x509.CRLReason(FLAGS[revoked.reason]), False)
    return builder.build()


def issue_crl(
    revoked: Iterable[Revoked],
    *,
    number: int,
    this_update: datetime,
    next_update: datetime,
    issuer: x509.Certificate,
    key: PrivateKey,
    profile: Profile,
) -> x509.CertificateRevocationList:
    """The list of one CA, complete and signed; ``Refused`` when ``key`` is not the CA's."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(this_update)
        .next_update(next_update)
        .add_extension(x509.CRLNumber(number), False)
    )
    public_key = require_profile_key(issuer.public_key(), profile, what="the CA")
    identifier = x509.AuthorityKeyIdentifier(key_identifier(public_key), None, None)
    builder = builder.add_extension(identifier, False)
    for each in revoked:
        builder = builder.add_revoked_certificate(_entry(each))
    crl = builder.sign(key, signing_hash(public_key))
    if not crl.is_signature_valid(public_key):
        raise Refused(
            "the CRL is not signed by the CA that it names",
            hint="use the key that belongs to the CA's certificate",
            status="signature",
        )
    return crl
