"""Roots and issuing CAs, made and checked, nowhere written yet. No I/O."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.ca.records import Issuance, issuance_of
from rootlet.errors import State
from rootlet.pki import (
    SERIAL_BYTES,
    Kind,
    PrivateKey,
    PublicKey,
    check_issued,
    generate_key,
    issue_issuing,
    issue_root,
    issuing_subject,
    new_serial,
    root_subject,
    validity_from,
)
from rootlet.profile import Profile

__all__ = ["NewCa", "check_current", "check_root_current", "make_ca", "make_root", "renew_issuing"]

Random = Callable[[int], bytes]


def _date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def check_current(certificate: x509.Certificate, now: datetime, *, what: str, hint: str) -> None:
    """``State`` when a CA's certificate has expired or is not valid yet."""
    if now > certificate.not_valid_after_utc:
        ended = _date(certificate.not_valid_after_utc)
        raise State(f"{what} expired on {ended}", hint=hint)
    if now < certificate.not_valid_before_utc:
        begins = _date(certificate.not_valid_before_utc)
        raise State(
            f"{what} is not valid before {begins}", hint="set this machine's clock, then try again"
        )


def check_root_current(root: x509.Certificate, now: datetime) -> None:
    """``State`` when a root has expired or is not valid yet."""
    hint = "go over to its successor with rootlet ca root successor, or, where devices know none, "
    hint += "make a new one with rootlet init and rootlet ca init, and give them its bundle"
    check_current(root, now, what="the root", hint=hint)


@dataclass(frozen=True)
class NewCa:
    """A root, its successor and an issuing CA that were just made, nowhere written yet."""

    root: x509.Certificate
    root_key: PrivateKey
    successor: x509.Certificate
    """The root after this one: devices know both from the beginning."""
    successor_key: PrivateKey
    issuing: x509.Certificate
    issuing_key: PrivateKey
    records: tuple[Issuance, Issuance, Issuance]
    """Of the root, the successor and the issuing CA."""


def make_ca(
    name: str,
    profile: Profile,
    *,
    now: datetime,
    random: Random = secrets.token_bytes,
    make_root_key: Callable[[str], PrivateKey] | None = None,
) -> NewCa:
    """Make a root, its successor and the issuing CA below the root, each with a new key.

    ``make_root_key`` is told what the root is called; None makes keys in memory.
    """
    make_key = make_root_key or (lambda _: generate_key(profile))
    keys = [make_key(root_subject(name, number).rfc4514_string()[3:]) for number in (1, 2)]
    root, record = make_root(name, profile, keys[0], 1, now=now, random=random)
    successor, successor_record = make_root(name, profile, keys[1], 2, now=now, random=random)
    issuing_key = generate_key(profile)
    issuing, issuing_record = renew_issuing(
        issuing_subject(name),
        profile,
        issuing_key.public_key(),
        root,
        keys[0],
        now=now,
        random=random,
    )
    return NewCa(
        *(root, keys[0], successor, keys[1], issuing, issuing_key),
        (record, successor_record, issuing_record),
    )


def make_root(
    name: str,
    profile: Profile,
    key: PrivateKey,
    number: int,
    *,
    now: datetime,
    random: Random = secrets.token_bytes,
    subject: x509.Name | None = None,
) -> tuple[x509.Certificate, Issuance]:
    """A certificate for a root's key, new or not, and its record, not yet kept.

    ``subject`` is the one that devices know it by, where it has one already.
    """
    lifetime = timedelta(days=profile.lifetimes.root_days)
    validity = validity_from(now, lifetime, profile=profile, within=None)
    subject = subject or root_subject(name, number)
    made = issue_root(key, subject, validity, new_serial(random(SERIAL_BYTES)))
    root = check_issued(
        _der(made), kind=Kind.ROOT, names=(), issuer=None, profile=profile, longest=lifetime
    )
    text = root.subject.rfc4514_string()
    record = issuance_of(root, kind=Kind.ROOT, name=text, names=(), profile=profile, now=now)
    return root, record


def renew_issuing(
    subject: x509.Name,
    profile: Profile,
    public_key: PublicKey,
    root: x509.Certificate,
    root_key: PrivateKey,
    *,
    now: datetime,
    random: Random = secrets.token_bytes,
) -> tuple[x509.Certificate, Issuance]:
    """A certificate for the issuing CA's key, new or not, and its record, not yet kept.

    With the same key and subject as before, everything the issuing CA ever signed stays valid.
    """
    check_root_current(root, now)
    lifetime = timedelta(days=profile.lifetimes.issuing_days)
    made = issue_issuing(
        public_key,
        subject,
        validity_from(now, lifetime, profile=profile, within=root),
        new_serial(random(SERIAL_BYTES)),
        profile=profile,
        root=root,
        root_key=root_key,
    )
    issuing = check_issued(
        _der(made), kind=Kind.ISSUING, names=(), issuer=root, profile=profile, longest=lifetime
    )
    text = subject.rfc4514_string()
    return issuing, issuance_of(
        issuing, kind=Kind.ISSUING, name=text, names=(), profile=profile, now=now
    )


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
