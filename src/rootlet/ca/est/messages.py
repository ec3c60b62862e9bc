"""What EST sends and takes: base64 of DER, without armour (RFC 7030 section 4, RFC 8951)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import serialize_certificates

from rootlet.errors import Refused

__all__ = ["REQUEST_BYTES", "certificates_only", "request_pem"]

REQUEST_BYTES = 4096
"""Longest request body: one of P-256 with a long name takes 600 bytes, base64 included."""

LINE = 64


def request_pem(body: bytes) -> bytes:
    """A PKCS#10 request as PEM, from a request's body; ``Refused`` when it is no base64."""
    try:
        der = base64.b64decode(b"".join(body.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(
            "the body is not base64",
            hint="send the PKCS#10 request as base64 of DER, without BEGIN and END",
            status="request",
        ) from error
    text = base64.b64encode(der)
    lines = [text[i : i + LINE] for i in range(0, len(text), LINE)]
    armour = b"-----%s CERTIFICATE REQUEST-----"
    return b"\n".join([armour % b"BEGIN", *lines, armour % b"END", b""])


def certificates_only(certificates: Sequence[x509.Certificate]) -> bytes:
    """A PKCS#7 of certificates only, base64: the body of an answer."""
    return base64.encodebytes(serialize_certificates(list(certificates), Encoding.DER))
