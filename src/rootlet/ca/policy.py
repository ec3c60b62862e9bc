"""What may be issued: names, lifetimes, keys, sizes. Pure decisions, no I/O.

Every refusal carries the name of its rule:

    name-form        not a host name (a wildcard, an underscore, not in A-labels)
    name-allowed     [servers] names in rootlet.toml does not allow it
    names-twice      the same name was given twice
    device-id        not an id that can stand in a device URN
    device-name      a device id that is also the name of a server
    urn-prefix       [devices] urn_prefix does not begin a device URN
    lifetime         longer than the profile's limit, or shorter than an hour (a day for devices;
                     seconds in the profiles of [ca.acme])
    request          a signing request that its own key did not sign
    key-algorithm    a key of another kind than the profile's
    message-bytes    leaf and issuing certificate do not fit the message that a device can hold
    certificate-bytes, and what rootlet.pki.check_issued names
    clock-back, clock-differs, clock-unknown, see rootlet.ca.clock

Of a signing request only the key is used: its names, its subject and its extensions are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from rootlet.errors import Refused
from rootlet.maker import Maker
from rootlet.pki import (
    Host,
    PublicKey,
    check_device_id,
    check_urn_prefix,
    host_text,
    parse_dns_name,
    parse_host,
    require_profile_key,
)
from rootlet.profile import Profile

__all__ = ["UNREADABLE", "Policy", "policy_of"]

UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What cryptography raises for bytes that make no request or certificate."""

MESSAGE_OVERHEAD = 4 + 1 + 3
"""RFC 9846 section 4.5.1: handshake header, empty context, length of the list."""
ENTRY_OVERHEAD = 3 + 2
"""The same section: length of the certificate, length of its extensions."""

LEAST_LIFETIME = timedelta(seconds=10)
"""Below this nobody could have a certificate before it ends."""


@dataclass(frozen=True)
class Policy:
    """A maker's rules within the profile's limits."""

    profile: Profile
    allowed_hosts: tuple[Host, ...]
    """Names and addresses that server certificates may hold."""
    allowed_suffixes: tuple[str, ...]
    """Any DNS name below one of these may be held too; without the leading dot."""
    server_lifetime: timedelta
    """When nothing else is asked for."""
    device_lifetime: timedelta
    urn_prefix: str
    clock_limit: timedelta
    """How far the clock may be from Roughtime."""
    clock_after_serial: str
    """The clock is held against records after this one; empty for all."""

    def server_hosts(self, names: Sequence[str]) -> tuple[Host, ...]:
        """The hosts of a server certificate, the first one being its name."""
        hosts = tuple(parse_host(name) for name in names)
        for host in hosts:
            if not self._allows(host):
                raise Refused(
                    f"{host_text(host)} is not among the names this maker allows",
                    hint="add it to names in the [servers] table of rootlet.toml",
                    status="name-allowed",
                )
        if len(set(hosts)) != len(hosts):
            raise Refused("a name was given twice", hint="give each once", status="names-twice")
        return hosts

    def _allows(self, host: Host) -> bool:
        below = isinstance(host, str) and any(
            host.endswith(f".{suffix}") for suffix in self.allowed_suffixes
        )
        return below or host in self.allowed_hosts

    def device_name(self, device_id: str) -> str:
        """The id of a device; it is its common name too, where no DNS name may stand."""
        name = check_device_id(device_id)
        try:
            host = parse_host(name)
        except Refused:
            return name
        if self._allows(host):
            raise Refused(
                f"{name} is the name of a server",
                hint="give the device another id, or take the name out of [servers] names",
                status="device-name",
            )
        return name

    def server_period(self, lifetime: timedelta) -> timedelta:
        """A server certificate's lifetime as an order profile of [ca.acme] has it."""
        most = timedelta(hours=self.profile.lifetimes.server_max_hours)
        if not LEAST_LIFETIME <= lifetime <= most:
            raise Refused(
                f"a life of {lifetime} is not one that profile {self.profile.name} allows",
                hint=f"choose {LEAST_LIFETIME.seconds} seconds to "
                f"{self.profile.lifetimes.server_max_hours} hours",
                status="lifetime",
            )
        return lifetime

    def server_validity(self, hours: int | None) -> timedelta:
        """Lifetime of a server certificate, the maker's own when none is asked for."""
        most = self.profile.lifetimes.server_max_hours
        if hours is not None and not 1 <= hours <= most:
            raise Refused(
                f"{hours} hours is not a lifetime that profile {self.profile.name} allows",
                hint=f"ask for 1 to {most} hours; short lives are what replaces revocation",
                status="lifetime",
            )
        return self.server_lifetime if hours is None else timedelta(hours=hours)

    def device_validity(self, days: int | None) -> timedelta:
        """Lifetime of a device certificate, the maker's own when none is asked for."""
        most = self.profile.lifetimes.device_max_days
        if days is not None and not 1 <= days <= most:
            raise Refused(
                f"{days} days is not a lifetime that profile {self.profile.name} allows",
                hint=f"ask for 1 to {most} days",
                status="lifetime",
            )
        return self.device_lifetime if days is None else timedelta(days=days)

    def request_key(self, pem: bytes) -> PublicKey:
        """The key of a PEM signing request whose sender holds the private one."""
        if b"CERTIFICATE REQUEST-----" not in pem:
            raise _bad_request("it has no BEGIN CERTIFICATE REQUEST")
        try:
            request = x509.load_pem_x509_csr(pem)
            signed = request.is_signature_valid
            key = request.public_key()
        except UNREADABLE as error:
            raise _bad_request(str(error)) from error
        public_key = require_profile_key(key, self.profile, what="the signing request")
        if not signed:
            raise _bad_request("its own key did not sign it")
        return public_key

    def check_message(self, chain: Sequence[bytes]) -> None:
        """The TLS Certificate message that a server makes of ``chain`` fits a device."""
        size = MESSAGE_OVERHEAD + sum(ENTRY_OVERHEAD + len(der) for der in chain)
        most = self.profile.chain.message_bytes
        if size > most:
            raise Refused(
                f"the chain makes a Certificate message of {size} bytes, a device holds {most}",
                hint="ask for fewer or shorter names, or choose a shorter maker's name",
                status="message-bytes",
            )


def _bad_request(reason: str) -> Refused:
    return Refused(
        f"the signing request is not acceptable: {reason}",
        hint="make it again with the device's own key",
        status="request",
    )


def policy_of(maker: Maker) -> Policy:
    """The rules in a maker's rootlet.toml; ``Refused`` when one of them makes no sense."""
    suffixes = [name for name in maker.servers.names if name.startswith(".")]
    exact = [name for name in maker.servers.names if not name.startswith(".")]
    return Policy(
        profile=maker.profile,
        allowed_hosts=tuple(parse_host(name) for name in exact),
        allowed_suffixes=tuple(parse_dns_name(suffix[1:]) for suffix in suffixes),
        server_lifetime=timedelta(hours=maker.servers.lifetime_hours),
        device_lifetime=timedelta(days=maker.devices.lifetime_days),
        urn_prefix=check_urn_prefix(maker.devices.urn_prefix),
        clock_limit=timedelta(seconds=maker.ca.clock_limit_seconds),
        clock_after_serial=maker.ca.clock_after_serial,
    )
