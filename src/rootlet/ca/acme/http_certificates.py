"""Certificates: fetched, revoked, and when to renew them (RFC 8555 sections 7.4.2, 7.6, RFC 9773).

A revocation is recorded as one by rootlet ca revoke is, stops the certificate from being handed
out, and tells its client through renewal information to replace it at once. Devices are not told:
what protects them is that server certificates are short-lived.
"""

from __future__ import annotations

from cryptography import x509

from rootlet.ca.acme.ari import at_once, certificate_id, retry_after, serial_of, window
from rootlet.ca.acme.http_context import Acme, Call, Reply, no_such
from rootlet.ca.acme.jws import decode
from rootlet.ca.acme.problems import Kind, Problem
from rootlet.ca.policy import UNREADABLE
from rootlet.ca.records import Issuance, Status, serial_text
from rootlet.pki import Kind as CertificateKind
from rootlet.pki import Reason, chain_to_pem

__all__ = ["certificate", "renewal_info", "revoke"]

PEM = {"Content-Type": "application/pem-certificate-chain"}

REASONS = {
    0: Reason.UNSPECIFIED,
    1: Reason.KEY_COMPROMISE,
    3: Reason.AFFILIATION_CHANGED,
    4: Reason.SUPERSEDED,
    5: Reason.CESSATION,
    9: Reason.PRIVILEGE_WITHDRAWN,
}
"""RFC 5280 section 5.3.1, those that a server's owner can know."""


def certificate(acme: Acme, call: Call) -> Reply:
    """The chain that a server sends: leaf, then issuing CA."""
    call.expect_empty()
    serial = call.path["id"]
    order, record, revoked = acme.orders.certificate(serial)
    if order is None or record is None or order.account != call.owner.id:
        raise no_such("certificate")
    if revoked:
        raise Problem(Kind.UNAUTHORIZED, "this certificate is revoked: order a new one", status=403)
    if record.status is Status.RECORDED:
        acme.records.delivered(record, durable=False)
    leaf = x509.load_der_x509_certificate(record.der)
    return Reply(chain_to_pem((leaf, _issuer(acme, leaf))), headers=PEM)


def _issuer(acme: Acme, leaf: x509.Certificate) -> x509.Certificate:
    """The issuing CA that signed it, which may be one that has been replaced since."""
    above = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    for issuer in acme.present.chain(acme.now()):
        own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        if own.digest == above.key_identifier:
            return issuer
    raise no_such("certificate")


def revoke(acme: Acme, call: Call) -> Reply:
    """Record that a certificate must not be used; who may ask: section 7.6."""
    values = call.json()
    reason = values.get("reason", 0)
    if type(reason) is not int or reason not in REASONS:
        raise Problem(
            Kind.BAD_REVOCATION_REASON, f"choose a reason from {sorted(REASONS)}, or leave it out"
        )
    record = _known(acme, decode(values.get("certificate"), "certificate"))
    order = acme.orders.with_serial(record.serial)
    if order is None:
        raise Problem(
            Kind.UNAUTHORIZED,
            "this certificate was not ordered here: the CA's owner revokes it, with rootlet ca",
        )
    leaf = x509.load_der_x509_certificate(record.der)
    if call.account is None:
        allowed = call.key.key.public_key == leaf.public_key()
    else:
        owner, proved = call.account.id, acme.orders.proved
        allowed = order.account == owner or proved(owner, order.identifiers, acme.now())
    if not allowed:
        raise Problem(
            Kind.UNAUTHORIZED,
            "only the account that ordered a certificate revokes it, one that has proved all of "
            "its names, or whoever has its key",
        )
    if not acme.revocations.add([record.serial], REASONS[reason], acme.now()):
        raise Problem(Kind.ALREADY_REVOKED, "this certificate is revoked already: order a new one")
    acme.event("revoked", serial=record.serial, reason=REASONS[reason].value)
    return Reply()


def _known(acme: Acme, der: bytes) -> Issuance:
    try:
        serial = x509.load_der_x509_certificate(der).serial_number
    except UNREADABLE as error:
        raise Problem(
            Kind.MALFORMED, "certificate is not DER: send the leaf in base64url"
        ) from error
    record = acme.records.with_serial(serial_text(serial)) if serial > 0 else None
    if record is None or record.der != der:
        raise Problem(
            Kind.UNAUTHORIZED, "this certificate was not issued here: ask the CA that issued it"
        )
    return record


def _leaf(record: Issuance) -> x509.Certificate:
    return x509.load_der_x509_certificate(record.der)


def renewal_info(acme: Acme, text: str) -> Reply:
    """When to renew; anybody may ask."""
    _, serial = serial_of(text)
    record = acme.records.with_serial(serial)
    ours = record is not None and record.kind is CertificateKind.SERVER
    if record is None or not ours or certificate_id(_leaf(record)) != text:
        raise Problem(
            Kind.MALFORMED,
            "no such certificate was issued here: ask the CA that issued it",
            status=404,
        )
    if acme.revocations.has(serial):
        shown = at_once(acme.now())
    else:
        shown = window(record.issued_at, record.not_after)
    seconds = retry_after(record.issued_at, record.not_after)
    return Reply(shown.document(), headers={"Retry-After": str(seconds)})
