"""The signing request of an order: held against the order, so that nothing is guessed.

1. DER, signed by its own key, of the profile's algorithm (rootlet.ca.policy);
2. no extension but subjectAltName;
3. names (with the subject's common name, where there is one) exactly those of the order.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from rootlet.ca.acme.identifiers import Identifier
from rootlet.ca.acme.problems import Kind, Problem, of_refusal
from rootlet.ca.policy import UNREADABLE, Policy
from rootlet.errors import Refused
from rootlet.pki import Host, PublicKey, parse_dns_name, parse_host

__all__ = ["request_key"]

MOST_BYTES = 8192
"""Twenty names of the longest kind and a key take less."""


def request_key(der: bytes, identifiers: Sequence[Identifier], policy: Policy) -> PublicKey:
    """The key to issue for; ``Problem`` badCSR says what does not fit."""
    if len(der) > MOST_BYTES:
        raise _bad(f"it is longer than {MOST_BYTES} bytes", "ask for fewer names")
    try:
        request = x509.load_der_x509_csr(der)
        names = _names(request)
        request.public_key()
    except UNREADABLE as error:
        raise _bad("it cannot be read", "send the request's DER in base64url") from error
    except Refused as error:
        raise _bad(error.message, error.hint) from error
    wanted = {identifier.host for identifier in identifiers}
    if names != wanted:
        missing = ", ".join(sorted(str(name) for name in wanted - names)) or "none"
        more = ", ".join(sorted(str(name) for name in names - wanted)) or "none"
        raise _bad(
            f"its names are not the order's: missing {missing}; too many {more}",
            "make it for exactly the names of the order",
        )
    text = base64.encodebytes(der)
    try:
        return policy.request_key(
            b"-----BEGIN CERTIFICATE REQUEST-----\n" + text + b"-----END CERTIFICATE REQUEST-----\n"
        )
    except Refused as error:
        raise of_refusal(error) from error


def _names(request: x509.CertificateSigningRequest) -> set[Host]:
    found: set[Host] = set()
    for extension in request.extensions:
        if extension.oid != ExtensionOID.SUBJECT_ALTERNATIVE_NAME:
            raise _bad(
                f"it asks for the extension {extension.oid.dotted_string}",
                "ask for subjectAltName only: the profile decides on the others",
            )
        assert isinstance(extension.value, x509.SubjectAlternativeName)
        found |= {_host(name) for name in extension.value}
    for attribute in request.subject:
        if attribute.oid == NameOID.COMMON_NAME and attribute.value:
            found.add(parse_host(str(attribute.value)))
    return found


def _host(name: x509.GeneralName) -> Host:
    if isinstance(name, x509.DNSName):
        return parse_dns_name(name.value)
    host = name.value if isinstance(name, x509.IPAddress) else None
    if host is None or not hasattr(host, "version") or hasattr(host, "prefixlen"):
        raise _bad("it has a name that is neither of DNS nor an address", "leave it out")
    return host


def _bad(reason: str, hint: str) -> Problem:
    return Problem(Kind.BAD_CSR, f"the signing request does not fit: {reason}; {hint}")
