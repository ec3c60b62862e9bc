"""The certificate authority: decides, makes, checks, records, and only then hands over.

No I/O of its own: the time and randomness are arguments, the record's keeper and the device's
verifier are handed in.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.ca.policy import Policy
from rootlet.ca.records import Issuance, Records, issuance_of
from rootlet.errors import Misuse, State
from rootlet.pki import (
    SERIAL_BYTES,
    Host,
    Kind,
    PrivateKey,
    PublicKey,
    Validity,
    check_device_id,
    check_issued,
    device_uri,
    general_name,
    generate_key,
    host_text,
    issue_device,
    issue_issuing,
    issue_root,
    issue_server,
    issuing_subject,
    new_serial,
    validity_from,
)
from rootlet.profile import Profile

__all__ = [
    "Authority",
    "DeviceRequest",
    "Issued",
    "NewCa",
    "Verifier",
    "check_current",
    "make_ca",
    "renew_issuing",
]


class Verifier(Protocol):
    """The device's own check of a server's chain."""

    def __call__(
        self, chain: Sequence[bytes], root: x509.Certificate, host: Host, now: datetime
    ) -> None:
        """``Refused`` when a device with this root would not connect to ``host`` at ``now``."""


@dataclass(frozen=True)
class Issued:
    """A certificate that may leave: it is checked and recorded."""

    record: Issuance
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    """Leaf, then issuing CA: what a server sends."""
    key: PrivateKey | None
    """The new private key; None when a signing request brought the public one."""


@dataclass(frozen=True)
class DeviceRequest:
    """A device that a certificate is asked for."""

    device_id: str
    public_key: PublicKey | None = None
    """From its signing request; None: a key is made here."""


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


def _check_root_current(root: x509.Certificate, now: datetime) -> None:
    hint = "a root cannot be renewed: make a new one with rootlet init and rootlet ca init, and "
    check_current(root, now, what="the root", hint=hint + "give its bundle to your devices")


@dataclass(frozen=True)
class Authority:
    """An issuing CA, ready to issue."""

    policy: Policy
    root: x509.Certificate
    issuing: x509.Certificate
    issuing_key: PrivateKey
    records: Records
    verify: Verifier | None
    """None only where no device library is built for the profile."""
    random: Callable[[int], bytes] = secrets.token_bytes

    @property
    def profile(self) -> Profile:
        """The profile that everything is issued by."""
        return self.policy.profile

    def issue_server(
        self,
        names: Sequence[str],
        *,
        now: datetime,
        hours: int | None = None,
        public_key: PublicKey | None = None,
    ) -> Issued:
        """Issue for a server; the first of ``names`` is what it is called.

        It never outlives the issuing CA.
        """
        if not names:
            raise Misuse("a server certificate needs a name", hint="give at least one host name")
        hosts = self.policy.server_hosts(names)
        lifetime = self.policy.server_validity(hours)
        self._check_current(now)
        validity = validity_from(now, lifetime, profile=self.profile, within=self.issuing)
        key, public_key = self._keys(public_key)
        certificate = issue_server(
            public_key,
            hosts,
            validity,
            new_serial(self.random(SERIAL_BYTES)),
            issuing=self.issuing,
            issuing_key=self.issuing_key,
        )
        general = [general_name(host) for host in hosts]
        checked, der = self._check(certificate, Kind.SERVER, general, lifetime)
        if self.verify is not None:
            chain = [der, self._issuing_der]
            for host in hosts:
                self.verify(chain, self.root, host, now)
        texts = tuple(host_text(host) for host in hosts)
        issued = self._issued(checked, der, key, Kind.SERVER, texts[0], texts, now)
        self.records.add(issued.record)
        return issued

    def issue_device(
        self,
        device_id: str,
        *,
        now: datetime,
        days: int | None = None,
        public_key: PublicKey | None = None,
    ) -> Issued:
        """Issue for a device.

        It may outlive the issuing CA's present certificate, for that is renewed with the same key,
        but never the root.
        """
        return self.issue_devices([DeviceRequest(device_id, public_key)], now=now, days=days)[0]

    def issue_devices(
        self, requests: Sequence[DeviceRequest], *, now: datetime, days: int | None = None
    ) -> tuple[Issued, ...]:
        """Issue for many devices as for one; they are recorded together, or none is."""
        for request in requests:
            check_device_id(request.device_id)
        lifetime = self.policy.device_validity(days)
        self._check_current(now)
        validity = validity_from(now, lifetime, profile=self.profile, within=self.root)
        made = tuple(self._device(request, validity, lifetime, now) for request in requests)
        self.records.add(*(each.record for each in made))
        return made

    def _device(
        self, request: DeviceRequest, validity: Validity, lifetime: timedelta, now: datetime
    ) -> Issued:
        key, public_key = self._keys(request.public_key)
        certificate = issue_device(
            public_key,
            request.device_id,
            validity,
            new_serial(self.random(SERIAL_BYTES)),
            urn_prefix=self.policy.urn_prefix,
            issuing=self.issuing,
            issuing_key=self.issuing_key,
        )
        uri = device_uri(self.policy.urn_prefix, request.device_id)
        general = [x509.UniformResourceIdentifier(uri)]
        checked, der = self._check(certificate, Kind.DEVICE, general, lifetime)
        return self._issued(checked, der, key, Kind.DEVICE, request.device_id, (uri,), now)

    def _keys(self, public_key: PublicKey | None) -> tuple[PrivateKey | None, PublicKey]:
        if public_key is not None:
            return None, public_key
        key = generate_key(self.profile)
        return key, key.public_key()

    def _check_current(self, now: datetime) -> None:
        _check_root_current(self.root, now)
        hint = "renew it with the root's key: rootlet ca issuing renew"
        check_current(self.issuing, now, what="the issuing CA", hint=hint)

    @cached_property
    def _issuing_der(self) -> bytes:
        return _der(self.issuing)

    def _check(
        self,
        certificate: x509.Certificate,
        kind: Kind,
        names: Sequence[x509.GeneralName],
        lifetime: timedelta,
    ) -> tuple[x509.Certificate, bytes]:
        der = _der(certificate)
        checked = check_issued(
            der,
            kind=kind,
            names=names,
            issuer=self.issuing,
            profile=self.profile,
            longest=lifetime,
        )
        self.policy.check_message([der, self._issuing_der])
        return checked, der

    def _issued(
        self,
        certificate: x509.Certificate,
        der: bytes,
        key: PrivateKey | None,
        kind: Kind,
        name: str,
        names: tuple[str, ...],
        now: datetime,
    ) -> Issued:
        profile = self.profile
        record = issuance_of(
            certificate, kind=kind, name=name, names=names, profile=profile, now=now, der=der
        )
        return Issued(record, certificate, (certificate, self.issuing), key)


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


@dataclass(frozen=True)
class NewCa:
    """A root and an issuing CA that were just made, nowhere written yet."""

    root: x509.Certificate
    root_key: PrivateKey
    issuing: x509.Certificate
    issuing_key: PrivateKey
    records: tuple[Issuance, Issuance]
    """Of the root and of the issuing CA."""


def make_ca(
    name: str,
    profile: Profile,
    *,
    now: datetime,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> NewCa:
    """Make a root and the issuing CA below it, each with a new key."""
    root_key, issuing_key = generate_key(profile), generate_key(profile)
    lifetime = timedelta(days=profile.lifetimes.root_days)
    validity = validity_from(now, lifetime, profile=profile, within=None)
    made = issue_root(root_key, name, validity, new_serial(random(SERIAL_BYTES)))
    root = check_issued(
        _der(made), kind=Kind.ROOT, names=(), issuer=None, profile=profile, longest=lifetime
    )
    subject = root.subject.rfc4514_string()
    record = issuance_of(root, kind=Kind.ROOT, name=subject, names=(), profile=profile, now=now)
    issuing, issuing_record = renew_issuing(
        issuing_subject(name),
        profile,
        issuing_key.public_key(),
        root,
        root_key,
        now=now,
        random=random,
    )
    return NewCa(root, root_key, issuing, issuing_key, (record, issuing_record))


def renew_issuing(
    subject: x509.Name,
    profile: Profile,
    public_key: PublicKey,
    root: x509.Certificate,
    root_key: PrivateKey,
    *,
    now: datetime,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> tuple[x509.Certificate, Issuance]:
    """A certificate for the issuing CA's key, new or not, and its record, not yet kept.

    With the same key and subject as before, everything the issuing CA ever signed stays valid.
    """
    _check_root_current(root, now)
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
