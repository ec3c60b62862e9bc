"""The certificate authority: decides, makes, checks, records, and only then hands over.

No I/O of its own: the time and randomness are arguments, the record's keeper and the device's
verifier are handed in.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.ca.clock import ClockGuard, TimeSource
from rootlet.ca.making import check_current, check_root_current
from rootlet.ca.policy import Policy
from rootlet.ca.records import Issuance, Records, issuance_of
from rootlet.errors import Misuse
from rootlet.pki import (
    SERIAL_BYTES,
    Host,
    Kind,
    PrivateKey,
    PublicKey,
    Validity,
    check_issued,
    device_uri,
    general_name,
    generate_key,
    host_text,
    issue_device,
    issue_server,
    new_serial,
    validity_from,
)
from rootlet.profile import Profile

__all__ = ["Authority", "DeviceRequest", "Issued", "Verifier"]


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
    time_source: TimeSource | None = None
    """What Roughtime says; None where no servers are configured, or off-line by choice."""
    _clock: ClockGuard = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Watch the clock by the record, and by Roughtime where that is handed in."""
        after = self.policy.clock_after_serial
        guard = ClockGuard(
            lambda: self.records.newest_at(after), self.time_source, self.policy.clock_limit
        )
        object.__setattr__(self, "_clock", guard)

    def recording(self, records: Records) -> Authority:
        """The same authority, with another keeper of what it issues; its clock is watched on."""
        other = replace(self, records=records)
        object.__setattr__(other, "_clock", self._clock)
        return other

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
        lifetime: timedelta | None = None,
        public_key: PublicKey | None = None,
    ) -> Issued:
        """Issue for a server; the first of ``names`` is what it is called.

        It never outlives the issuing CA. ``lifetime``, where it is given, stands in for ``hours``.
        """
        if not names:
            raise Misuse("a server certificate needs a name", hint="give at least one host name")
        hosts = self.policy.server_hosts(names)
        if lifetime is None:
            lifetime = self.policy.server_validity(hours)
        lifetime = self.policy.server_period(lifetime)
        self._check_current(now)
        validity = validity_from(now, lifetime, profile=self.profile, within=self.issuing)
        key, public_key = self._keys(public_key)
        der = issue_server(
            public_key,
            hosts,
            validity,
            new_serial(self.random(SERIAL_BYTES)),
            issuing=self.issuing,
            issuing_key=self.issuing_key,
        )
        general = [general_name(host) for host in hosts]
        checked = self._check(der, Kind.SERVER, general, lifetime)
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
            self.policy.device_name(request.device_id)
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
        der = issue_device(
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
        checked = self._check(der, Kind.DEVICE, general, lifetime)
        return self._issued(checked, der, key, Kind.DEVICE, request.device_id, (uri,), now)

    def _keys(self, public_key: PublicKey | None) -> tuple[PrivateKey | None, PublicKey]:
        if public_key is not None:
            return None, public_key
        key = generate_key(self.profile)
        return key, key.public_key()

    def _check_current(self, now: datetime) -> None:
        self._clock.check(now)
        check_root_current(self.root, now)
        hint = "renew it with the root's key: rootlet ca issuing renew"
        check_current(self.issuing, now, what="the issuing CA", hint=hint)

    @cached_property
    def _issuing_der(self) -> bytes:
        return self.issuing.public_bytes(Encoding.DER)

    def _check(
        self,
        der: bytes,
        kind: Kind,
        names: Sequence[x509.GeneralName],
        lifetime: timedelta,
    ) -> x509.Certificate:
        checked = check_issued(
            der,
            kind=kind,
            names=names,
            issuer=self.issuing,
            profile=self.profile,
            longest=lifetime,
        )
        self.policy.check_message([der, self._issuing_der])
        return checked

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
