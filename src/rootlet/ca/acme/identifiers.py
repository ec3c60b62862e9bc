"""Identifiers of orders (dns, and ip of RFC 8738), and what proves that one is a client's own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rootlet.ca.acme.jws import encode
from rootlet.ca.acme.problems import Kind, Problem, of_refusal
from rootlet.errors import Refused
from rootlet.pki import Host, host_text, parse_dns_name, parse_host

__all__ = [
    "MOST_IDENTIFIERS",
    "Identifier",
    "allowed_by",
    "digest",
    "key_authorization",
    "parse_identifiers",
    "server_name",
    "text_record",
]

MOST_IDENTIFIERS = 20
"""More names never fit the certificates of a profile."""

MOST_TEXT = 255


@dataclass(frozen=True)
class Identifier:
    """A name or an address, in its one written form."""

    kind: str
    """ "dns" or "ip"."""
    value: str

    @property
    def host(self) -> Host:
        """As certificates hold it."""
        return parse_host(self.value)

    def document(self) -> dict[str, str]:
        """As JSON has it."""
        return {"type": self.kind, "value": self.value}


def _identifier(value: Any) -> Identifier:
    if not isinstance(value, dict) or not {"type", "value"} <= set(value):
        raise Problem(Kind.MALFORMED, "an identifier is an object with type and value: send it so")
    kind, text = value["type"], value["value"]
    if not isinstance(kind, str) or not isinstance(text, str) or len(text) > MOST_TEXT:
        raise Problem(
            Kind.MALFORMED, "type and value of an identifier are short text: send them so"
        )
    if kind not in {"dns", "ip"}:
        raise Problem(
            Kind.UNSUPPORTED_IDENTIFIER, "only identifiers of type dns and ip are known: use these"
        )
    try:
        host = parse_host(text) if kind == "ip" else parse_dns_name(text)
    except Refused as error:
        raise of_refusal(error) from error
    if (kind == "dns") != isinstance(host, str):
        raise Problem(
            Kind.MALFORMED, "an address goes into an identifier of type ip, a name of dns"
        )
    if kind == "ip" and "%" in text:
        raise Problem(Kind.MALFORMED, "an address of a certificate has no zone: leave it out")
    return Identifier(kind, host_text(host))


def parse_identifiers(values: Any) -> tuple[Identifier, ...]:
    """What an order asks for; ``Problem`` names what is wrong, with subproblems for each name."""
    if not isinstance(values, list) or not values:
        raise Problem(Kind.MALFORMED, "identifiers is empty: ask for at least one name")
    if len(values) > MOST_IDENTIFIERS:
        raise Problem(
            Kind.MALFORMED, f"more than {MOST_IDENTIFIERS} names: ask for several certificates"
        )
    found = tuple(_identifier(value) for value in values)
    if len(set(found)) != len(found):
        raise Problem(Kind.MALFORMED, "a name was given twice: give each once")
    return found


def allowed_by(names: Sequence[str], identifier: Identifier) -> bool:
    """Whether a list of names and ".suffixes" has room for it; an empty one has for all."""
    if not names or identifier.value in names:
        return True
    below = (name for name in names if name.startswith("."))
    return identifier.kind == "dns" and any(identifier.value.endswith(name) for name in below)


def key_authorization(token: str, thumbprint: str) -> str:
    """RFC 8555 section 8.1."""
    return f"{token}.{thumbprint}"


def digest(authorization: str) -> bytes:
    """What a tls-alpn-01 certificate holds (RFC 8737 section 3)."""
    return hashlib.sha256(authorization.encode("ascii")).digest()


def text_record(authorization: str) -> str:
    """What a dns-01 TXT record holds (RFC 8555 section 8.4)."""
    return encode(digest(authorization))


def server_name(identifier: Identifier) -> str:
    """The server name that tls-alpn-01 asks for; of an address its reverse (RFC 8738 section 6)."""
    host = identifier.host
    return host if isinstance(host, str) else host.reverse_pointer
