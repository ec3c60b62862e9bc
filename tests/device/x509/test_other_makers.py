"""Certificates that others make: OpenSSL's command line and pyca/cryptography's builder."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rootlet.device import Anchor, Host, check_chain

NOW = datetime.now(UTC).replace(microsecond=0)
HOSTS: list[Host] = [
    "api.example.test",
    "node-7.pool.example.test",
    ip_address("192.0.2.7"),
    ip_address("2001:db8::7"),
]
"""Each is in the leaf, the second through a wildcard."""

Made = tuple[list[bytes], x509.Certificate]
"""A chain, and its root."""

CONFIGURATION = """
[req]
distinguished_name = name
prompt = no
[name]
C = AT
O = Example
[ca]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid, issuer
certificatePolicies = 1.3.6.1.4.1.32473.1
subjectAltName = @names
[names]
DNS.1 = api.example.test
DNS.2 = *.pool.example.test
IP.1 = 192.0.2.7
IP.2 = 2001:db8::7
URI.1 = https://api.example.test/
email.1 = post@example.test
dirName.1 = name
otherName.1 = 1.3.6.1.4.1.32473.2;UTF8:api
"""


def openssl_chain(folder: Path) -> Made:
    """Root, issuing CA and leaf as `openssl req` and `openssl x509` make them."""
    assert shutil.which("openssl"), "openssl is missing: apt-get install -y openssl"
    (folder / "x.cnf").write_text(CONFIGURATION, encoding="utf-8")

    def openssl(command: str) -> None:
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)

    for who, section, signer in (
        ("root", "ca", "-signkey root.key"),
        ("issuing", "ca", "-CA root.pem -CAkey root.key -CAcreateserial"),
        ("leaf", "server", "-CA issuing.pem -CAkey issuing.key -CAcreateserial"),
    ):
        subject = f"/C=AT/O=Example/CN={who}"
        openssl(f"genpkey -algorithm ed25519 -out {who}.key")
        openssl(f"req -new -config x.cnf -key {who}.key -subj {subject} -out {who}.csr")
        openssl(
            f"x509 -req -days 2 -extfile x.cnf -extensions {section} -in {who}.csr {signer}"
            f" -out {who}.pem"
        )
    root, *chain = (
        x509.load_pem_x509_certificate((folder / f"{who}.pem").read_bytes())
        for who in ("root", "leaf", "issuing")
    )
    return [one.public_bytes(Encoding.DER) for one in chain], root


def raw_key(certificate: x509.Certificate) -> bytes:
    key = certificate.public_key()
    assert isinstance(key, Ed25519PublicKey)
    return key.public_bytes_raw()


def builder(
    subject: x509.Name, issuer: x509.Name, key: Ed25519PrivateKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def pyca_chain(folder: Path) -> Made:
    """The same by pyca/cryptography; names of two parts."""
    keys = [Ed25519PrivateKey.generate() for _ in range(3)]
    names = [
        x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"),
                x509.NameAttribute(NameOID.COMMON_NAME, text),
            ]
        )
        for text in ("Root", "Issuing", "Bücher")
    ]
    root, issuing = (
        builder(names[place], names[0], keys[place])
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(keys[0], None)
        for place in (0, 1)
    )
    alternatives = [
        x509.DNSName("api.example.test"),
        x509.DNSName("*.pool.example.test"),
        x509.IPAddress(ip_address("192.0.2.7")),
        x509.IPAddress(ip_address("2001:db8::7")),
        x509.RegisteredID(NameOID.COMMON_NAME),
        x509.DirectoryName(names[2]),
    ]
    leaf = (
        builder(names[2], names[1], keys[2])
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(keys[1], None)
    )
    return [one.public_bytes(Encoding.DER) for one in (leaf, issuing)], root


@pytest.mark.parametrize("make", [openssl_chain, pyca_chain])
def test_accepted_for_each_of_its_hosts(make: Callable[[Path], Made], tmp_path: Path) -> None:
    chain, root = make(tmp_path)
    anchor = Anchor(root.subject.public_bytes(), raw_key(root))
    seconds = int(datetime.now(UTC).timestamp()) + 60  # made just now, not when this was loaded
    leaf = x509.load_der_x509_certificate(chain[0])
    for host in HOSTS:
        key = check_chain(chain, anchors=[anchor], host=host, earliest=seconds, latest=seconds)
        assert key == raw_key(leaf)
