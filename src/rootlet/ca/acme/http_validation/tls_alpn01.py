"""tls-alpn-01 (RFC 8737): a certificate that the name's TLS server shows for one protocol."""

from __future__ import annotations

import asyncio
import hmac
import ssl

from cryptography import x509
from cryptography.x509.oid import ObjectIdentifier

from rootlet.ca.acme.http_validation.interface import Task
from rootlet.ca.acme.identifiers import digest, server_name
from rootlet.ca.acme.problems import Kind, Problem
from rootlet.ca.policy import UNREADABLE
from rootlet.pki import general_name

__all__ = ["tls_alpn01"]

PROTOCOL = "acme-tls/1"
EXTENSION = ObjectIdentifier("1.3.6.1.5.5.7.1.31")
OCTET_STRING = b"\x04\x20"
"""DER's beginning of 32 bytes."""


async def tls_alpn01(task: Task) -> None:
    """Connect, take the certificate, close; nothing is ever sent over the connection."""
    address = await task.addresses.of(task.identifier)
    protocol, der = await _shown(task, address)
    if protocol != PROTOCOL or der is None:
        raise _wrong(task, f"does not offer the protocol {PROTOCOL}")
    _check(task, der)


def _wrong(task: Task, what: str) -> Problem:
    where = f"port {task.rules.tls_port} of {task.identifier.value}"
    return Problem(Kind.UNAUTHORIZED, f"{where} {what}: let the client answer there")


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # self-signed by design; what it must hold is checked below
    context.set_alpn_protocols([PROTOCOL])
    return context


async def _shown(task: Task, address: str) -> tuple[str | None, bytes | None]:
    port, name = task.rules.tls_port, server_name(task.identifier)
    writer = None
    try:
        _, writer = await asyncio.open_connection(
            address, port, ssl=_context(), server_hostname=name
        )
        found = writer.get_extra_info("ssl_object")
        return found.selected_alpn_protocol(), found.getpeercert(binary_form=True)
    except ssl.SSLError as error:
        raise Problem(
            Kind.TLS,
            f"port {port} of {task.identifier.value} refuses the handshake ({error.reason}): let "
            f"the client answer {PROTOCOL} there",
        ) from error
    except OSError as error:
        raise Problem(
            Kind.CONNECTION,
            f"port {port} of {task.identifier.value} cannot be asked "
            f"({error.strerror or 'refused'}): open it",
        ) from error
    finally:
        if writer is not None:
            writer.transport.abort()


def _check(task: Task, der: bytes) -> None:
    """RFC 8737 section 3: one name, the identifier; the critical extension with the digest."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        proof = certificate.extensions.get_extension_for_oid(EXTENSION)
    except (*UNREADABLE, x509.ExtensionNotFound) as error:
        raise _wrong(task, "shows a certificate without the extensions of RFC 8737") from error
    if list(names) != [general_name(task.identifier.host)]:
        raise _wrong(task, "shows a certificate for other names")
    value = proof.value
    raw = value.value if isinstance(value, x509.UnrecognizedExtension) else b""
    right = OCTET_STRING + digest(task.authorization)
    if not proof.critical or not hmac.compare_digest(raw, right):
        raise _wrong(task, "shows a certificate for another key authorization")
