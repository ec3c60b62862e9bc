"""A small certificate authority for tests, made with pyca/cryptography alone.

It shares no code with rootlet.pki, so that the device's verdict and the toolkit's certificates are
not tested against each other only.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rootlet.device import Anchor, Identity

__all__ = ["ADDRESS", "DAY", "NAME", "Authority", "Issued", "p256_root"]

NAME = "api.example.test"
ADDRESS = "127.0.0.1"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

Extension = tuple[x509.ExtensionType, bool]


@dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Ed25519PrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def anchor(self) -> Anchor:
        return Anchor(
            self.certificate.subject.public_bytes(),
            self.key.public_key().public_bytes_raw(),
        )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


class Authority:
    """A root and an issuing CA, and the leafs that a test asks for."""

    def __init__(self, now: datetime, *, name: str = "Example") -> None:
        self.now = now
        self.name = name
        self.root = self._issue(f"{name} Root", None, self._ca(None), timedelta(), 9131 * DAY)
        self.issuing = self._issue(
            f"{name} Issuing", self.root, self._ca(0), timedelta(), 1826 * DAY
        )

    @staticmethod
    def _ca(path_length: int | None) -> list[Extension]:
        constraints = x509.BasicConstraints(ca=True, path_length=path_length)
        return [(constraints, True), (_usage(certificates=True), True)]

    def _issue(
        self,
        subject: str,
        issuer: Issued | None,
        extensions: list[Extension],
        start: timedelta,
        lifetime: timedelta,
    ) -> Issued:
        key = Ed25519PrivateKey.generate()
        not_before = self.now - HOUR + start
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(issuer.certificate.subject if issuer else _name(subject))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(not_before)
            .not_valid_after(not_before + lifetime)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return Issued(builder.sign(issuer.key if issuer else key, None), key)

    def server(
        self,
        *names: str,
        issuer: Issued | None = None,
        start: timedelta = timedelta(),
        lifetime: timedelta = 2 * DAY,
    ) -> Issued:
        """A server's certificate; by default for NAME and ADDRESS, by the issuing CA, valid now.

        ``start`` is counted from one hour before the authority's now.
        """
        alternatives = [_alternative(name) for name in names or (NAME, ADDRESS)]
        extensions: list[Extension] = [
            (_usage(certificates=False), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (x509.SubjectAlternativeName(alternatives), False),
        ]
        return self._issue("server", issuer or self.issuing, extensions, start, lifetime)

    def device(self, number: int = 1, *, issuer: Issued | None = None) -> Issued:
        """A device's certificate, by default from the issuing CA."""
        uri = x509.UniformResourceIdentifier(f"urn:dev:os:32473-sensor-{number}")
        extensions: list[Extension] = [
            (_usage(certificates=False), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False),
            (x509.SubjectAlternativeName([uri]), False),
        ]
        return self._issue("device", issuer or self.issuing, extensions, timedelta(), 7305 * DAY)

    def identity(self, device: Issued, *, alone: bool = False) -> Identity:
        """What the device library needs to log in; ``alone``: without the issuing CA."""
        chain = (device.der,) if alone else (device.der, self.issuing.der)
        return Identity(chain, device.key.private_bytes_raw())

    @classmethod
    def today(cls, *, name: str = "Example") -> Authority:
        """An authority whose now is the machine's, to the second."""
        return cls(datetime.now(UTC).replace(microsecond=0), name=name)

    @property
    def seconds(self) -> int:
        """Now, as the device counts it."""
        return int(self.now.timestamp())


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def p256_root(path: Path) -> Path:
    """A proper root certificate of another profile, written as PEM."""
    key = generate_private_key(SECP256R1())
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name("P-256 Root"))
        .issuer_name(_name("P-256 Root"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - HOUR)
        .not_valid_after(now + DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    return path
