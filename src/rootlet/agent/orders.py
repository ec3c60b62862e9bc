"""What an order is made of: a signing request, and what the certificate before is called. Pure."""

from __future__ import annotations

import base64

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from rootlet.pki import Host, PrivateKey, general_name, key_algorithm

__all__ = ["certificate_id", "signing_request"]


def certificate_id(certificate: x509.Certificate) -> str | None:
    """RFC 9773 section 4.1; None for one without a key identifier of its issuer."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    except x509.ExtensionNotFound:
        return None
    identifier, serial = found.value.key_identifier, certificate.serial_number
    if identifier is None:
        return None
    raw = serial.to_bytes(serial.bit_length() // 8 + 1)
    return ".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (identifier, raw)
    )


def signing_request(key: PrivateKey, names: tuple[Host, ...]) -> x509.CertificateSigningRequest:
    """For exactly these names, with an empty subject."""
    general = x509.SubjectAlternativeName([general_name(host) for host in names])
    builder = x509.CertificateSigningRequestBuilder(x509.Name([])).add_extension(general, False)
    hashed = None if key_algorithm(key.public_key()) == "Ed25519" else SHA256()
    return builder.sign(key, hashed)
