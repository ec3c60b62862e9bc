"""Who a device is: read from the one URN of a certificate that is for clients alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rootlet.errors import Refused
from rootlet.pki import device_identity
from rootlet.profile import PROFILE_NAMES
from support.makers import authority_of

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
PREFIX = "urn:dev:os:32473-"
CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
URI = x509.UniformResourceIdentifier


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_an_issued_device_certificate_says_who_it_is(profile: str) -> None:
    authority, _ = authority_of(profile, now=NOW)
    device = authority.issue_device("Sensor-1.b", now=NOW)
    assert device_identity(device.certificate, PREFIX) == "Sensor-1.b"


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_a_server_and_a_ca_are_no_devices(profile: str) -> None:
    authority, made = authority_of(profile, now=NOW)
    server = authority.issue_server(["api.example.test"], now=NOW)
    for certificate in (server.certificate, made.issuing, made.root):
        with pytest.raises(Refused) as refusal:
            device_identity(certificate, PREFIX)
        assert refusal.value.status == "device-identity"


def made_with(*extensions: x509.ExtensionType) -> x509.Certificate:
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sensor-1")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + timedelta(days=1))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, None)


PURPOSE = x509.ExtendedKeyUsage([CLIENT])
NAME = x509.SubjectAlternativeName([URI(f"{PREFIX}sensor-1")])


def test_the_smallest_device_certificate_is_enough() -> None:
    assert device_identity(made_with(PURPOSE, NAME), PREFIX) == "sensor-1"


@pytest.mark.parametrize(
    "extensions",
    [
        (),
        (NAME,),
        (PURPOSE,),
        (x509.ExtendedKeyUsage([SERVER, CLIENT]), NAME),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), NAME),
        (PURPOSE, NAME, x509.BasicConstraints(ca=True, path_length=None)),
        (PURPOSE, x509.SubjectAlternativeName([x509.DNSName("sensor-1")])),
        (PURPOSE, x509.SubjectAlternativeName([URI(f"{PREFIX}a"), URI(f"{PREFIX}b")])),
        (PURPOSE, x509.SubjectAlternativeName([URI(f"{PREFIX}a"), x509.DNSName("b.test")])),
        (PURPOSE, x509.SubjectAlternativeName([URI("urn:dev:os:99999-a")])),
        (PURPOSE, x509.SubjectAlternativeName([URI(PREFIX)])),
        (PURPOSE, x509.SubjectAlternativeName([URI(f"{PREFIX}../a")])),
        (PURPOSE, x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"\x30\x01")),
    ],
)
def test_what_might_be_someone_else_is_refused(extensions: tuple[x509.ExtensionType, ...]) -> None:
    with pytest.raises(Refused):
        device_identity(made_with(*extensions), PREFIX)


def test_the_common_name_counts_for_nothing() -> None:
    names = x509.SubjectAlternativeName([URI(f"{PREFIX}another")])
    assert device_identity(made_with(PURPOSE, names), PREFIX) == "another"
