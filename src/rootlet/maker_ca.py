"""The [ca] table of rootlet.toml: where the CA keeps its record, and how its services run."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from rootlet.errors import Misuse

if TYPE_CHECKING:
    from rootlet.maker import Table

__all__ = ["ACCOUNT_ALGORITHMS", "CHALLENGES", "AcmeRules", "CaRules", "ca_rules", "split_resolver"]

SCHEME = "postgresql"

ELSEWHERE = (
    "take it out and put it into ~/.pgpass, or a file that PGPASSFILE names (both mode 0600)"
)

CLOCK_LIMIT_SECONDS = 60
"""Far more than any machine that minds its clock is off; far less than the profile's backdating."""
LARGEST_CLOCK_LIMIT_SECONDS = 3600
"""The allowance for slow clocks: with a larger difference a new certificate is not valid yet."""

CRL_DAYS = 30
LARGEST_CRL_DAYS = 366
"""Servers refuse every device once their list is older: long enough for an outage of the CA, and
no longer than a list may be kept back from a server by who wants a revoked device let in."""

SERIAL = re.compile(r"[0-9a-f]{2,40}")
CHALLENGES = ("http-01", "tls-alpn-01", "dns-01")
"""RFC 8555 section 8.3, RFC 8737, RFC 8555 section 8.4."""

ACCOUNT_ALGORITHMS = ("ES256", "EdDSA", "RS256")
"""What ACME accounts may sign with; certbot has RSA keys only, and they never reach a device."""

DURATION = re.compile(r"([1-9][0-9]{0,6})([smhd])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
"""Of an order profile: it stands in directories, JSON and logs."""

MOST_PORT = 65535
DNS_PORT = 53
RESOLVER = re.compile(r"([0-9.]+|\[[0-9a-fA-F:.]+\]):([0-9]{1,5})")
"""With a port; IPv6 in brackets."""

MOST_RATE = 1_000_000
"""More a minute, or an hour, than one process can answer: as good as no limit."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class AcmeRules:
    """What the ACME server offers and how far its validation may reach."""

    challenges: tuple[str, ...] = CHALLENGES
    """Types of challenge that prove a name, in the order they are offered."""
    account_algorithms: tuple[str, ...] = ACCOUNT_ALGORITHMS
    """JWS algorithms that account keys may use."""
    external_account_required: bool = False
    """Whether a new account needs a key made with rootlet ca acme key add."""
    allow_private: tuple[Network, ...] = ()
    """Networks that validation may connect to although they are private, loopback and so on."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Name to address, for names that are in no DNS; taken as the maker's word."""
    resolvers: tuple[str, ...] = ()
    """Addresses of name servers, "192.0.2.53" or "192.0.2.53:5353"; none: the machine's."""
    http_port: int = 80
    tls_port: int = 443
    profiles: Mapping[str, timedelta] = field(default_factory=dict)
    """Order profiles and how long their certificates live; the first is the default one."""
    requests_per_minute: int = 1200
    """From one client address; 0 for no limit."""
    orders_per_hour: int = 600
    """For one account; 0 for no limit."""
    accounts_per_hour: int = 60
    """New ones from one client address; 0 for no limit."""


@dataclass(frozen=True)
class CaRules:
    """How the CA runs."""

    database: str
    """Empty for SQLite in ca/ca.sqlite, or the postgresql:// address of the nodes' database."""
    clock_limit_seconds: int
    """How far this machine's clock may be from what the Roughtime servers say."""
    clock_after_serial: str
    """Records up to this one were made by a clock that was wrong; empty for none."""
    crl_days: int
    """How long a CRL holds."""
    acme: AcmeRules = AcmeRules()


def ca_rules(table: Table) -> CaRules:
    """Read the table; ``Misuse`` says what to write instead."""
    rules = CaRules(
        database=_database(table.get("database", str, "")),
        clock_limit_seconds=_within(
            table, "clock_limit_seconds", CLOCK_LIMIT_SECONDS, LARGEST_CLOCK_LIMIT_SECONDS
        ),
        clock_after_serial=_serial(table.get("clock_after_serial", str, "")),
        crl_days=_within(table, "crl_days", CRL_DAYS, LARGEST_CRL_DAYS),
        acme=_acme(table.table("acme")),
    )
    table.finish()
    return rules


def _database(text: str) -> str:
    if not text:
        return text
    try:
        address = urlsplit(text)
        known, secret = address.scheme == SCHEME, address.password is not None
        _ = address.port  # raises for what is no number
    except ValueError:
        known = secret = False
    if not known:  # what is wrong is not repeated: it may hold a password
        raise Misuse(
            "[ca] database is not the address of a PostgreSQL database",
            hint='write it as "postgresql://USER@HOST/DATABASE", or leave it out for SQLite',
        )
    if secret or "password" in parse_qs(address.query, keep_blank_values=True):
        raise Misuse("[ca] database holds a password", hint=ELSEWHERE)
    return text


def _within(table: Table, key: str, default: int, most: int) -> int:
    value = table.get(key, int, default)
    if not 1 <= value <= most:
        raise Misuse(f"[ca] {key} = {value} is out of range", hint=f"choose 1 to {most}")
    return value


def _serial(text: str) -> str:
    if text and not SERIAL.fullmatch(text):
        raise Misuse(
            f"[ca] clock_after_serial = {text!r} is not a serial",
            hint="write it as rootlet ca list prints it",
        )
    return text


def _acme(table: Table) -> AcmeRules:
    rules = AcmeRules(
        challenges=_among(table, "challenges", CHALLENGES),
        account_algorithms=_among(table, "account_algorithms", ACCOUNT_ALGORITHMS),
        external_account_required=table.get("external_account_required", bool, False),
        allow_private=tuple(_network(text) for text in table.strings("allow_private", ())),
        addresses=_addresses(table.table("addresses")),
        resolvers=table.strings("resolvers", ()),
        http_port=_number(table, "http_port", AcmeRules.http_port, 1, MOST_PORT),
        tls_port=_number(table, "tls_port", AcmeRules.tls_port, 1, MOST_PORT),
        profiles=_profiles(table.table("profiles")),
        requests_per_minute=_rate(table, "requests_per_minute", AcmeRules.requests_per_minute),
        orders_per_hour=_rate(table, "orders_per_hour", AcmeRules.orders_per_hour),
        accounts_per_hour=_rate(table, "accounts_per_hour", AcmeRules.accounts_per_hour),
    )
    for resolver in rules.resolvers:
        split_resolver(resolver)
    table.finish()
    return rules


def _among(table: Table, key: str, known: tuple[str, ...]) -> tuple[str, ...]:
    values = table.strings(key, known)
    for value in values:
        if value not in known:
            raise Misuse(
                f"{table.where} {key} has {value!r}", hint=f"choose from: {', '.join(known)}"
            )
    if not values:
        raise Misuse(f"{table.where} {key} is empty", hint=f"choose from: {', '.join(known)}")
    return values


def _number(table: Table, key: str, default: int, least: int, most: int) -> int:
    value = table.get(key, int, default)
    if not least <= value <= most:
        raise Misuse(f"{table.where} {key} = {value}", hint=f"choose {least} to {most}")
    return value


def _rate(table: Table, key: str, default: int) -> int:
    return _number(table, key, default, 0, MOST_RATE)


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise Misuse(
            f"[ca.acme] allow_private has {text!r}, which is not a network: {error}",
            hint='write it as "10.1.0.0/16"',
        ) from error


def _addresses(table: Table) -> dict[str, str]:
    found = {}
    for name in table.keys():  # noqa: SIM118 - a Table is no mapping
        text = table.get(name, str)
        try:
            found[name.lower()] = str(ipaddress.ip_address(text))
        except ValueError as error:
            raise Misuse(
                f"{table.where} {name} = {text!r} is not an address",
                hint='write the name in quotes: "api.example.test" = "10.1.2.3"',
            ) from error
    return found


def _profiles(table: Table) -> dict[str, timedelta]:
    found = {}
    for name in table.keys():  # noqa: SIM118
        if not NAME.fullmatch(name):
            raise Misuse(
                f"{table.where} has a profile {name!r}",
                hint="name profiles in small letters, digits and '-'",
            )
        match = DURATION.fullmatch(text := table.get(name, str))
        if match is None:
            raise Misuse(
                f"{table.where} {name} = {text!r} is not a lifetime",
                hint='write it as "90m" or "24h"; s, m, h and d are known',
            )
        found[name] = timedelta(**{UNITS[match[2]]: int(match[1])})
    return found


def split_resolver(text: str) -> tuple[str, int]:
    """Address and port of a name server; ``Misuse`` for anything else."""
    match = RESOLVER.fullmatch(text)
    address, port = (match[1], match[2]) if match else (text, None)
    try:
        return str(ipaddress.ip_address(address.strip("[]"))), int(port or DNS_PORT)
    except ValueError as error:
        raise Misuse(
            f"[ca.acme] resolvers has {text!r}, which is not a name server's address",
            hint='write it as "192.0.2.53" or "192.0.2.53:5353"',
        ) from error
