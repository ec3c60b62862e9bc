"""Certificates to and from PEM, and their fingerprints."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.errors import Misuse, Refused

__all__ = [
    "certificate_from_pem",
    "certificate_to_pem",
    "certificates_from_pem",
    "chain_to_pem",
    "fingerprint",
    "parse_fingerprint",
    "pem_text",
]

SHA256_HEX = re.compile(r"[0-9a-f]{64}")


PEM_LINE = 64
"""Characters of base64 in a line (RFC 7468 section 2)."""


def pem_text(label: str, der: bytes) -> str:
    """DER armoured, for what pyca does not write itself."""
    text = base64.b64encode(der).decode("ascii")
    lines = [text[at : at + PEM_LINE] for at in range(0, len(text), PEM_LINE)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def certificates_from_pem(pem: bytes, *, what: str) -> tuple[x509.Certificate, ...]:
    """Every certificate of a PEM file, at least one; ``Refused`` says which file was bad."""
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise Refused(
            f"{what} does not hold whole certificates in PEM",
            hint="give a file with BEGIN CERTIFICATE and END CERTIFICATE in it",
            status="certificate-form",
        ) from error


def certificate_from_pem(pem: bytes, *, what: str) -> x509.Certificate:
    """The one certificate of a PEM file."""
    certificates = certificates_from_pem(pem, what=what)
    if len(certificates) != 1:
        raise Refused(
            f"{what} holds {len(certificates)} certificates",
            hint="give a file with exactly one",
            status="certificate-count",
        )
    return certificates[0]


def certificate_to_pem(certificate: x509.Certificate) -> bytes:
    """PEM text of a certificate."""
    return certificate.public_bytes(Encoding.PEM)


def chain_to_pem(chain: Sequence[x509.Certificate]) -> bytes:
    """PEM text of several certificates in order."""
    return b"".join(certificate_to_pem(certificate) for certificate in chain)


def fingerprint(der: bytes) -> str:
    """SHA-256 of a certificate's DER, 64 lower-case hexadecimal digits."""
    return hashlib.sha256(der).hexdigest()


def parse_fingerprint(text: str) -> str:
    """A fingerprint as a person types it (colons, spaces, capitals) in the form of ours."""
    plain = re.sub(r"[:\s]", "", text).lower().removeprefix("sha256")
    if not SHA256_HEX.fullmatch(plain):
        raise Misuse(f"{text!r} is not a SHA-256 fingerprint", hint="give 64 hexadecimal digits")
    return plain
