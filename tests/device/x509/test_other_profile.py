"""The place for a second profile: one file of constants makes the check one for P-256."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from rootlet.device import Anchor, status_name
from support.x509.case import NOW, OK, Case
from support.x509.draft import HOST

TREE = Path(__file__).resolve().parents[3]
SOURCES = [
    TREE / "device/test/unit/x509_chains.c",
    *(TREE / "device/src/base").glob("*.c"),
    *(TREE / "device/src/x509").glob("*.c"),
]
FLAGS = [
    *("-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-DROOTLET_PROFILE_P256=1"),
    *(f"-I{TREE / 'device/include'}", f"-I{TREE / 'device/src'}"),
]
SECOND_PROFILE = """
#include "rootlet/crypto.h"
#include "x509/algorithms.h"
const uint8_t rootlet_x509_signature_algorithm[] = {%s};
const uint8_t rootlet_x509_key_prefix[] = {%s};
rootlet_status rootlet_profile_verify(const uint8_t *signature, size_t signature_length,
                                      const uint8_t public_key[ROOTLET_PUBLIC_KEY_BYTES],
                                      const uint8_t *prefix, size_t prefix_length,
                                      const uint8_t *message, size_t message_length)
{
    (void)prefix, (void)message, (void)message_length, (void)prefix_length;
    return signature[0] == 0x30 && signature_length > 60 && public_key[0] == 4
               ? ROOTLET_OK : ROOTLET_ERR_CRYPTO_SIGNATURE;
}
"""
"""Its signatures are not checked: what is shown is what reaches the primitive."""

KEY = ec.derive_private_key(7, ec.SECP256R1())
POINT = KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "P-256")])
    now = datetime.fromtimestamp(NOW, UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(KEY.public_key()).serial_number(1)
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.DNSName(HOST)])
    signed = builder.add_extension(names, critical=False).sign(KEY, SHA256())
    return signed.public_bytes(Encoding.DER)


def c_bytes(data: bytes) -> str:
    return ", ".join(map(str, data))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("gcc")
    assert compiler, "gcc is missing: apt-get install -y gcc"
    folder = tmp_path_factory.mktemp("profile")
    spki = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")  # ecdsa-with-SHA256, RFC 5758
    source = folder / "profile.c"
    source.write_text(SECOND_PROFILE % (c_bytes(algorithm), c_bytes(spki[: -len(POINT)])))
    target = folder / "x509_chains"
    command = [compiler, *FLAGS, str(source), *map(str, SOURCES), "-o", str(target)]
    subprocess.run(command, check=True)
    return target


def status(program: Path, chain: tuple[bytes, ...], anchor: Anchor) -> str:
    record = Case(0, "", OK, chain=chain, anchors=(anchor,)).record()
    result = subprocess.run([str(program)], input=record, capture_output=True, check=True)
    return status_name(int(result.stdout))


def test_a_p256_certificate_reaches_its_signature(program: Path) -> None:
    der = certificate()
    name = x509.load_der_x509_certificate(der).issuer.public_bytes()
    assert status(program, (der,), Anchor(name, POINT)) == OK
    assert status(program, (der,), Anchor(name, bytes(65))) == "ERR_X509_SIGNATURE"


def test_an_ed25519_certificate_does_not(program: Path) -> None:
    chain = tuple(Case(0, "", OK).certificates())
    assert status(program, chain, Anchor(b"0\x00", POINT)) == "ERR_X509_ALGORITHM"
