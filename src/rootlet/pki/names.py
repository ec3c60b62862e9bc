"""Names: hosts of servers, ids of devices, subjects of CAs. What is not well formed is refused."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from cryptography import x509
from cryptography.x509.oid import NameOID

from rootlet.errors import Refused

__all__ = [
    "Host",
    "check_device_id",
    "check_urn_prefix",
    "common_name",
    "device_uri",
    "general_name",
    "host_text",
    "parse_dns_name",
    "parse_host",
]

Host = str | IPv4Address | IPv6Address
"""What a server certificate is for: a DNS name in lower-case A-labels, or an address."""

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""RFC 1035 section 2.3.1 as relaxed by RFC 1123 section 2.1; no underscore, no wildcard."""

ADDRESS = re.compile(r"[0-9.]+|[^:]*:.*", re.DOTALL)
"""What may be an address: IPv4 has digits and dots only, IPv6 a colon."""

DNS_NAME_BYTES = 253
DEVICE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}")
"""RFC 9039 section 3.2.1: the characters of an identifier; 64 fits X.520's common name."""

URN_PREFIX = re.compile(r"urn:dev:[a-z0-9]+:([A-Za-z0-9.-]+[-:_])?")
"""RFC 9039 section 3.2: urn:dev: and a subtype, then what the maker puts before each id."""


def parse_dns_name(text: str) -> str:
    """A DNS name in lower case without its trailing dot; ``Refused`` for wildcards and the rest."""
    name = text.lower().removesuffix(".")
    labels = name.split(".")
    well_formed = len(name) <= DNS_NAME_BYTES and all(LABEL.fullmatch(label) for label in labels)
    if not well_formed or len(labels) < 2 or labels[-1].isdigit():
        hint = "write a full name such as api.example.test, in A-labels (xn--...)"
        if "*" in name:
            hint = "name each server: devices are never given wildcards"
        raise Refused(f"{text!r} is not a host name", hint=hint, status="name-form")
    return name


def parse_host(text: str) -> Host:
    """A DNS name or an IP address as written by a person."""
    if not ADDRESS.fullmatch(text):  # that an address cannot be read takes long to be found
        return parse_dns_name(text)
    try:
        return ip_address(text)
    except ValueError:
        return parse_dns_name(text)


def host_text(host: Host) -> str:
    """A host as a person writes it."""
    return str(host)


def general_name(host: Host) -> x509.GeneralName:
    """A host as it stands in subjectAltName."""
    return x509.DNSName(host) if isinstance(host, str) else x509.IPAddress(host)


def check_device_id(text: str) -> str:
    """The id itself; ``Refused`` when it cannot stand in a URN of RFC 9039."""
    if not DEVICE_ID.fullmatch(text):
        raise Refused(
            f"{text!r} is not a device id",
            hint="use letters, digits, '-' and '.', at most 64, a letter or digit first",
            status="device-id",
        )
    return text


@lru_cache(maxsize=16)
def check_urn_prefix(text: str) -> str:
    """The prefix itself; ``Refused`` when no id behind it could make a URN of RFC 9039."""
    if not URN_PREFIX.fullmatch(text):
        raise Refused(
            f"urn_prefix {text!r} does not begin a device URN",
            hint='write it as "urn:dev:os:NUMBER-" with your private enterprise number',
            status="urn-prefix",
        )
    return text


def device_uri(urn_prefix: str, device_id: str) -> str:
    """The URI in a device certificate."""
    return check_urn_prefix(urn_prefix) + check_device_id(device_id)


def common_name(text: str) -> x509.Name:
    """A subject with nothing but a common name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
