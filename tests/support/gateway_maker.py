"""A maker's folder for gateway tests: its CA, its gateway, and someone else's service."""

from __future__ import annotations

import _ssl
import ctypes
import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from rootlet.maker import Maker, load_maker
from rootlet.pki import (
    PrivateKey,
    Validity,
    certificate_to_pem,
    chain_to_pem,
    generate_key,
    issue_device,
    issue_issuing,
    issue_root,
    issue_server,
    issuing_subject,
    key_to_pem,
    new_serial,
)
from rootlet.pki.certificates import SERIAL_BYTES
from rootlet.profile import Profile, load_profile

__all__ = ["GATEWAY", "OUTSIDE", "SECRET", "DeviceFiles", "MakerCa", "outside_files", "pin_suite"]

GATEWAY = "gateway.example.test"
OUTSIDE = "api.example.test"
"""Name of someone else's service; the tests' own resolver leads it to loopback."""
SECRET = "Bearer the-maker-alone-knows-this"

URN_PREFIX = "urn:dev:os:32473-"
GROUPS = {"X25519": "X25519", "secp256r1": "prime256v1"}
HOUR = timedelta(hours=1)


def _serial() -> int:
    return new_serial(os.urandom(SERIAL_BYTES))


def pin_suite(context: ssl.SSLContext, suite: str) -> None:
    """Offer one TLS 1.3 suite only, as a device does; Python 3.11's ssl has no call for it."""
    library = ctypes.CDLL(_ssl.__file__)
    library.SSL_CTX_set_ciphersuites.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    # The SSL_CTX pointer is the first thing behind the object's own head.
    inner = ctypes.c_void_p.from_address(id(context) + object.__basicsize__)
    assert library.SSL_CTX_set_ciphersuites(inner, suite.encode()) == 1
    offered = [entry["name"] for entry in context.get_ciphers()]
    assert [name for name in offered if name.startswith("TLS_")] == [suite]


@dataclass(frozen=True)
class DeviceFiles:
    """A device's certificate and key on disk, and how it connects."""

    certificate: Path
    key: Path
    root: Path
    profile: Profile

    def context(self, suite: str = "", group: str = "") -> ssl.SSLContext:
        """TLS as the device speaks it, or with another suite or group."""
        context = ssl.create_default_context(cafile=self.root)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        wanted = group or GROUPS[self.profile.tls.group]
        if wanted != "X25519":  # what a client offers first anyway; Debian 12's ssl cannot say it
            context.set_ecdh_curve(wanted)
        context.load_cert_chain(self.certificate, self.key)
        pin_suite(context, suite or self.profile.tls.suite)
        return context


class MakerCa:
    """The maker's root and issuing CA, and the files that a gateway finds in its folder."""

    def __init__(self, folder: Path, profile: str) -> None:
        self.folder = folder
        self.profile = load_profile(profile)
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.validity = Validity(self.now - HOUR, self.now + 24 * HOUR)
        self.root_key = root_key = generate_key(self.profile)
        root = issue_root(root_key, "Example", self.validity, _serial())
        self.issuing_key = generate_key(self.profile)
        self.issuing = issue_issuing(
            self.issuing_key.public_key(),
            issuing_subject("Example"),
            self.validity,
            _serial(),
            profile=self.profile,
            root=root,
            root_key=root_key,
        )
        (folder / "ca").mkdir(parents=True)
        self.root_file = folder / "root.pem"
        self.root_file.write_bytes(certificate_to_pem(root))
        (folder / "ca/clients.pem").write_bytes(chain_to_pem([self.issuing, root]))
        (folder / "secrets").mkdir()
        self.secret("weather", SECRET)
        self.signing_key = Ed25519PrivateKey.generate()
        self.secret("signing", key_to_pem(self.signing_key).decode())
        self.server()

    def secret(self, name: str, value: str) -> Path:
        """A file in secrets/, as it should be."""
        path = self.folder / "secrets" / name
        path.write_text(value + "\n", encoding="utf-8")
        path.chmod(0o600)
        return path

    def server(self, validity: Validity | None = None) -> Path:
        """The gateway's certificate, issued anew; returns its folder."""
        key = generate_key(self.profile)
        der = issue_server(
            key.public_key(),
            [GATEWAY],
            validity or self.validity,
            _serial(),
            issuing=self.issuing,
            issuing_key=self.issuing_key,
        )
        folder = self.folder / "issued/servers" / GATEWAY
        self._write(folder, [x509.load_der_x509_certificate(der), self.issuing], key)
        return folder

    def device(self, name: str, *, urn_prefix: str = URN_PREFIX) -> DeviceFiles:
        """A device's certificate."""
        key = generate_key(self.profile)
        der = issue_device(
            key.public_key(),
            name,
            self.validity,
            _serial(),
            urn_prefix=urn_prefix,
            issuing=self.issuing,
            issuing_key=self.issuing_key,
        )
        folder = self.folder / "issued/devices" / name
        self._write(folder, [x509.load_der_x509_certificate(der)], key)
        return DeviceFiles(folder / "cert.pem", folder / "key.pem", self.root_file, self.profile)

    def configure(self, gateway: str) -> Maker:
        """Write rootlet.toml with this [gateway] part, and read it."""
        text = f'profile = "{self.profile.name}"\n[maker]\nname = "Example"\n{gateway}'
        (self.folder / "rootlet.toml").write_text(text, encoding="utf-8")
        return load_maker(self.folder)

    @staticmethod
    def _write(folder: Path, chain: list[x509.Certificate], key: PrivateKey) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cert.pem").write_bytes(chain_to_pem(chain))
        (folder / "key.pem").write_bytes(key_to_pem(key))


def outside_files(folder: Path, name: str = OUTSIDE) -> tuple[Path, Path]:
    """A self-signed P-256 certificate of someone else, which is its own root, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Someone else")])
    extensions: list[Any] = [
        x509.SubjectAlternativeName([x509.DNSName(name)]),
        x509.BasicConstraints(ca=True, path_length=None),
    ]
    builder = x509.CertificateBuilder(
        issuer_name=subject,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - HOUR,
        not_valid_after=now + 24 * HOUR,
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    certificate, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(builder.sign(key, SHA256()).public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, key_file
