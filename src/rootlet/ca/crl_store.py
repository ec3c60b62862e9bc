"""CRLs of a maker's CAs: made, numbered, and put where servers look for them.

A server that checks revocation wants a list of every CA in the path, the root's too: OpenSSL
refuses a device when one is missing or too old. So ca/crl.pem holds them all. Those of issuing
CAs are made anew each time; a root's was signed at a ceremony, holds as long as the root, and
lists issuing CAs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.ca.issuers_store import CRL, Issuers, crl_file
from rootlet.ca.record_store import RecordStore
from rootlet.ca.revocation_store import RevocationStore
from rootlet.errors import State
from rootlet.files import read_bytes, write_atomic
from rootlet.maker import Maker
from rootlet.pki import (
    Kind,
    PrivateKey,
    Revoked,
    ca_number,
    issue_crl,
    key_identifier,
    require_profile_key,
)

__all__ = ["WrittenCrl", "refresh_crls", "sign_root_crl", "write_crls"]

BACKDATE = timedelta(minutes=5)
"""Servers whose clocks are a little behind take a new list at once."""


@dataclass(frozen=True)
class WrittenCrl:
    """One list of those that were put together."""

    issuer: str
    """Subject of the CA."""
    number: int
    this_update: datetime
    next_update: datetime
    serials: tuple[str, ...]


def _identifier(ca: x509.Certificate, maker: Maker) -> bytes:
    return key_identifier(require_profile_key(ca.public_key(), maker.profile, what="the CA"))


def _revoked(maker: Maker, records: RecordStore, now: datetime) -> dict[bytes, list[Revoked]]:
    """What is to be listed, by the key identifier of the CA that issued it.

    A certificate stays listed for one period after its end (RFC 5280 section 3.3).
    """
    found: dict[bytes, list[Revoked]] = {}
    since = now - timedelta(days=maker.ca.crl_days)
    for revocation, der in RevocationStore(records).certificates(since):
        certificate = x509.load_der_x509_certificate(der)
        above = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
        entry = Revoked(certificate.serial_number, revocation.at, revocation.reason)
        found.setdefault(above.value.key_identifier or b"", []).append(entry)
    return found


def _sign(
    maker: Maker,
    records: RecordStore,
    ca: x509.Certificate,
    key: PrivateKey,
    revoked: Mapping[bytes, Sequence[Revoked]],
    *,
    now: datetime,
    until: datetime,
) -> x509.CertificateRevocationList:
    identifier = _identifier(ca, maker)
    this_update = now.replace(microsecond=0) - BACKDATE
    return RevocationStore(records).numbered(
        identifier,
        lambda number: issue_crl(
            revoked.get(identifier, ()),
            number=number,
            this_update=this_update,
            next_update=until,
            issuer=ca,
            key=key,
            profile=maker.profile,
        ),
    )


def sign_root_crl(
    maker: Maker, records: RecordStore, root: x509.Certificate, key: PrivateKey, *, now: datetime
) -> None:
    """Sign and keep the list of a root, for as long as the root itself is valid."""
    revoked = _revoked(maker, records, now)
    crl = _sign(maker, records, root, key, revoked, now=now, until=root.not_valid_after_utc)
    path = maker.folder / crl_file(Kind.ROOT, ca_number(root.subject))
    write_atomic(path, crl.public_bytes(Encoding.DER), private=False)


def _root_crl(maker: Maker, root: x509.Certificate) -> x509.CertificateRevocationList:
    path = maker.folder / crl_file(Kind.ROOT, ca_number(root.subject))
    if not path.exists():
        raise State(
            f"there is no CRL of {root.subject.rfc4514_string()}, and servers would refuse "
            "every device",
            hint="sign one with the root's key: rootlet ca root crl",
        )
    content = read_bytes(path, what="the root's CRL")
    try:
        return x509.load_der_x509_crl(content)
    except ValueError as error:
        raise State(
            f"{path} is not a CRL", hint="sign it again with the root's key: rootlet ca root crl"
        ) from error


def write_crls(maker: Maker, records: RecordStore, *, now: datetime) -> tuple[WrittenCrl, ...]:
    """Make the list of each issuing CA and put all together; clients.pem is brought to today too.

    What is there before stays until everything is complete.
    """
    issuers = Issuers(maker)
    living = issuers.current(now)
    above = _once(issuer.root for issuer in living)
    crls = [_root_crl(maker, root) for root in above]
    until = now.replace(microsecond=0) + timedelta(days=maker.ca.crl_days)
    revoked = _revoked(maker, records, now)
    for issuer in living:
        key = issuers.key(issuer)
        crl = _sign(maker, records, issuer.issuing, key, revoked, now=now, until=until)
        path = maker.folder / crl_file(Kind.ISSUING, issuer.number)
        write_atomic(path, crl.public_bytes(Encoding.DER), private=False)
        crls.append(crl)
    pem = b"".join(crl.public_bytes(Encoding.PEM) for crl in crls)
    write_atomic(maker.folder / CRL, pem, private=False)
    issuers.write_clients(now)
    return tuple(_described(crl) for crl in crls)


def refresh_crls(maker: Maker, records: RecordStore, *, now: datetime) -> None:
    """The same after a ceremony, where servers are given CRLs at all; else clients.pem only.

    A new issuing CA without a list would have its devices refused.
    """
    if (maker.folder / CRL).exists():
        write_crls(maker, records, now=now)
    else:
        Issuers(maker).write_clients(now)


def _once(certificates: Iterable[x509.Certificate]) -> list[x509.Certificate]:
    found: list[x509.Certificate] = []
    for certificate in certificates:
        if certificate not in found:
            found.append(certificate)
    return found


def _described(crl: x509.CertificateRevocationList) -> WrittenCrl:
    number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    assert crl.next_update_utc is not None  # both kinds are made by issue_crl
    serials = tuple(f"{entry.serial_number:032x}" for entry in crl)
    return WrittenCrl(
        crl.issuer.rfc4514_string(), number, crl.last_update_utc, crl.next_update_utc, serials
    )
