"""What is checked of a root before devices are built with it: they never check it themselves.

Besides what rootlet.pki.check_root names, a refusal's rule is one of

    private-key        the input holds a private key
    certificate-form   it is neither PEM nor DER of a certificate
    certificate-count  it holds more than one, or none
    fingerprint        it is not the certificate that a second person named
    not-yet-valid      its validity has not begun
    expired            its validity is over
    short-lived        it ends before a device may
    successor          the root after it has the same key or the same name
    host, time-server  a name or a Roughtime server that a device could not use
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.bundle.model import BundledTimeServer
from rootlet.errors import Refused
from rootlet.maker import TimeServer
from rootlet.pki import certificate_from_pem, check_root, fingerprint, parse_dns_name
from rootlet.profile import Profile

__all__ = ["LEAST_YEARS", "check_hosts", "check_input", "check_time_servers", "read_root"]

LEAST_YEARS = 20
"""How long a root has to live on: devices whose root ends can never be updated again."""

YEAR = timedelta(days=365.25)
KEY_BYTES = 32
SERVER_NAME = re.compile(r"[A-Za-z0-9._-]{1,63}")
SERVER_ADDRESS = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})")
HIGHEST_PORT = 65535


def read_root(content: bytes, *, what: str) -> x509.Certificate:
    """The one certificate in a PEM or DER file that holds nothing secret."""
    if b"PRIVATE KEY" in content:
        raise Refused(
            f"{what} holds a private key",
            hint="give the certificate alone, and make sure that the key was not copied here",
            status="private-key",
        )
    if b"-----BEGIN" in content:
        return certificate_from_pem(content, what=what)
    try:
        return x509.load_der_x509_certificate(content)
    except ValueError as error:
        raise Refused(
            f"{what} is not a certificate",
            hint="give the root's certificate, PEM or DER",
            status="certificate-form",
        ) from error


def check_input(
    content: bytes,
    *,
    what: str,
    profile: Profile,
    now: datetime,
    expected_sha256: str | None,
    allow_short_lived: bool,
) -> x509.Certificate:
    """The root in a file, fit to be bundled; ``Refused`` names the rule it breaks.

    1. no private key, exactly one certificate; 2. the fingerprint that was expected, if any;
    3. a root of the profile; 4. valid now, and for another ``LEAST_YEARS`` years unless that was
    waived.
    """
    root = read_root(content, what=what)
    seen = fingerprint(root.public_bytes(Encoding.DER))
    if expected_sha256 not in {None, seen}:
        raise Refused(
            f"{what} has the SHA-256 {seen}, not {expected_sha256}",
            hint="find out which of the two is right before any device is built",
            status="fingerprint",
        )
    check_root(root, profile=profile)
    if now < root.not_valid_before_utc:
        raise _bad_date("not-yet-valid", f"{what} is not valid before {root.not_valid_before_utc}")
    if now > root.not_valid_after_utc:
        raise _bad_date("expired", f"{what} expired on {root.not_valid_after_utc}")
    left = (root.not_valid_after_utc - now) / YEAR
    if left < LEAST_YEARS and not allow_short_lived:
        raise Refused(
            f"{what} has {left:.1f} years left, a device may live for {LEAST_YEARS}",
            hint="make a new root, or take it on yourself with --allow-short-lived",
            status="short-lived",
        )
    return root


def check_successor(
    content: bytes, *, what: str, root: x509.Certificate, profile: Profile
) -> x509.Certificate:
    """The root's successor in a file: a root of the profile with a name and a key of its own.

    Its dates do not matter: devices keep name and key only, and the certificate is made anew when
    the successor takes over.
    """
    successor = read_root(content, what=what)
    check_root(successor, profile=profile)
    same = successor.public_key() == root.public_key() or successor.subject == root.subject
    if same:
        raise Refused(
            f"{what} has the name or the key of the root that it is to follow",
            hint="give the successor that rootlet ca init made, or leave it out: --no-successor",
            status="successor",
        )
    return successor


def _bad_date(rule: str, message: str) -> Refused:
    return Refused(message, hint="check this machine's clock, or make a new root", status=rule)


def check_hosts(names: Iterable[str]) -> tuple[str, ...]:
    """The names that a device is given: neither suffixes nor addresses, each once."""
    exact = [name for name in names if not name.startswith(".")]
    hosts = [parse_dns_name(name) for name in exact if not _is_address(name)]
    if len(set(hosts)) != len(hosts):
        raise Refused(
            "a host name stands twice in [servers] names", hint="name each once", status="host"
        )
    return tuple(hosts)


def _is_address(name: str) -> bool:
    return ":" in name or name.rpartition(".")[2].isdigit()


def check_time_servers(servers: Iterable[TimeServer]) -> tuple[BundledTimeServer, ...]:
    """The Roughtime servers with their keys decoded; no two may have the same key."""
    bundled = tuple(_time_server(server) for server in servers)
    if len({server.public_key for server in bundled}) != len(bundled):
        raise Refused(
            "two Roughtime servers have the same key",
            hint="ask different owners: two answers from one prove nothing more",
            status="time-server",
        )
    return bundled


def _time_server(server: TimeServer) -> BundledTimeServer:
    where = f"Roughtime server {server.name!r}"
    try:
        key = base64.b64decode(server.public_key, validate=True)
    except binascii.Error as error:
        raise _bad_server(f"{where} has a public_key that is not base64") from error
    if len(key) != KEY_BYTES:
        raise _bad_server(f"{where} has a public_key of {len(key)} bytes, not {KEY_BYTES}")
    if not SERVER_NAME.fullmatch(server.name):
        raise _bad_server(f"{where} has a name that is not letters, digits, '.', '_' and '-'")
    address = SERVER_ADDRESS.fullmatch(server.address)
    if address is None or not 1 <= int(address[2]) <= HIGHEST_PORT:
        raise _bad_server(f"{where} has the address {server.address!r}, which is not host:port")
    return BundledTimeServer(server.name, server.address, key)


def _bad_server(message: str) -> Refused:
    hint = "correct it under [[time.servers]] in rootlet.toml"
    return Refused(message, hint=hint, status="time-server")
