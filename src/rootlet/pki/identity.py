"""Who a device is, read from the certificate it authenticated with."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from rootlet.errors import Refused
from rootlet.pki.names import check_device_id

__all__ = ["device_identity"]


def _refused(reason: str) -> Refused:
    return Refused(
        f"this is no device certificate: {reason}",
        hint="issue one with: rootlet ca issue device ID",
        status="device-identity",
    )


def device_identity(certificate: x509.Certificate, urn_prefix: str) -> str:
    """The id of the device a certificate was issued to.

    The certificate's signature and dates have been checked by whoever ended its TLS connection.
    ``Refused`` unless it is for client authentication only, is no CA, and names exactly one URI:
    ``urn_prefix`` followed by a well-formed id. The common name is not looked at.
    """
    try:
        extensions = certificate.extensions
        usages = list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        names = list(extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
        constraints = [e.value for e in extensions if isinstance(e.value, x509.BasicConstraints)]
    except (ValueError, x509.DuplicateExtension, x509.ExtensionNotFound) as error:
        raise _refused(str(error)) from error
    if usages != [ExtendedKeyUsageOID.CLIENT_AUTH]:
        raise _refused("its extended key usage is not client authentication alone")
    if any(constraint.ca for constraint in constraints):
        raise _refused("it is a CA")
    if len(names) != 1 or not isinstance(names[0], x509.UniformResourceIdentifier):
        raise _refused("it does not name exactly one URI")
    uri = names[0].value
    if not uri.startswith(urn_prefix):
        raise _refused(f"{uri} does not start with {urn_prefix}")
    return check_device_id(uri.removeprefix(urn_prefix))
