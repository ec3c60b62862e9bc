"""What is issued: exactly the profile's certificates, in openssl's eyes too."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, ObjectIdentifier

from rootlet.errors import Refused
from rootlet.pki import (
    Validity,
    certificate_to_pem,
    chain_to_pem,
    issue_root,
    new_serial,
    validity_from,
)
from rootlet.profile import PROFILE_NAMES, Profile, load_profile
from support.makers import authority_of

NOW = datetime(2027, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
START = NOW.replace(microsecond=0)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)

KEY_USAGE, BASIC = ExtensionOID.KEY_USAGE, ExtensionOID.BASIC_CONSTRAINTS
PURPOSE, NAMES = ExtensionOID.EXTENDED_KEY_USAGE, ExtensionOID.SUBJECT_ALTERNATIVE_NAME
SUBJECT_ID, ISSUER_ID = ExtensionOID.SUBJECT_KEY_IDENTIFIER, ExtensionOID.AUTHORITY_KEY_IDENTIFIER


@dataclass(frozen=True)
class Family:
    profile: Profile
    root: x509.Certificate
    issuing: x509.Certificate
    server: x509.Certificate
    device: x509.Certificate


@pytest.fixture(scope="module", params=PROFILE_NAMES)
def family(request: pytest.FixtureRequest) -> Family:
    authority, _ = authority_of(request.param, now=NOW)
    server = authority.issue_server(["api.example.test", "a.fleet.example.test"], now=NOW)
    device = authority.issue_device("sensor-1", now=NOW)
    return Family(
        load_profile(request.param),
        authority.root,
        authority.issuing,
        server.certificate,
        device.certificate,
    )


def held(certificate: x509.Certificate) -> dict[ObjectIdentifier, bool]:
    return {entry.oid: entry.critical for entry in certificate.extensions}


def test_each_kind_holds_exactly_its_extensions(family: Family) -> None:
    assert held(family.root) == {BASIC: True, KEY_USAGE: True, SUBJECT_ID: False}
    assert held(family.issuing) == {
        BASIC: True,
        KEY_USAGE: True,
        SUBJECT_ID: False,
        ISSUER_ID: False,
    }
    leaf = {KEY_USAGE: True, PURPOSE: False, ISSUER_ID: False}
    assert held(family.server) == {**leaf, NAMES: True}
    assert held(family.device) == {**leaf, NAMES: False}


def test_cas_may_sign_and_leaves_may_authenticate(family: Family) -> None:
    def usage(certificate: x509.Certificate) -> x509.KeyUsage:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value

    def purpose(certificate: x509.Certificate) -> Sequence[ObjectIdentifier]:
        return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)

    for ca in (family.root, family.issuing):
        assert (usage(ca).key_cert_sign, usage(ca).crl_sign) == (True, True)
        assert not usage(ca).digital_signature
    for leaf in (family.server, family.device):
        assert (usage(leaf).digital_signature, usage(leaf).key_cert_sign) == (True, False)
    assert purpose(family.server) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert purpose(family.device) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    for ca, length in ((family.root, None), (family.issuing, family.profile.chain.path_length)):
        limits = ca.extensions.get_extension_for_class(x509.BasicConstraints).value
        assert (limits.ca, limits.path_length) == (True, length)


def test_names_stand_in_the_alternative_name_only(family: Family) -> None:
    names = family.server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["api.example.test", "a.fleet.example.test"]
    assert family.server.subject.rfc4514_string() == ""
    names = family.device.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [
        "urn:dev:os:32473-sensor-1"
    ]
    assert family.device.subject.rfc4514_string() == "CN=sensor-1"
    assert family.issuing.subject.rfc4514_string() == "CN=Example Issuing"


def test_identifiers_point_upwards(family: Family) -> None:
    def above(certificate: x509.Certificate) -> bytes | None:
        found = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        assert (found.authority_cert_issuer, found.authority_cert_serial_number) == (None, None)
        return found.key_identifier

    def own(certificate: x509.Certificate) -> bytes:
        return certificate.extensions.get_extension_for_class(
            x509.SubjectKeyIdentifier
        ).value.digest

    assert above(family.issuing) == own(family.root)
    assert above(family.server) == above(family.device) == own(family.issuing)
    assert len(own(family.root)) == len(own(family.issuing)) == 20


def test_a_leaf_is_small(family: Family) -> None:
    size = {"c25519": 380, "p256": 450}[family.profile.name]
    for certificate in (family.root, family.issuing, family.server, family.device):
        assert len(certificate.public_bytes(Encoding.DER)) <= size


def test_openssl_accepts_every_chain(family: Family, tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_bytes(certificate_to_pem(family.root))
    for name, leaf, purpose in (
        ("server", family.server, "sslserver"),
        ("device", family.device, "sslclient"),
    ):
        (tmp_path / f"{name}.pem").write_bytes(chain_to_pem((leaf, family.issuing)))
        command = ["openssl", "verify", "-x509_strict", "-check_ss_sig", "-purpose", purpose]
        command += ["-attime", str(int(NOW.timestamp())), "-CAfile", "root.pem", "-show_chain"]
        command += ["-untrusted", f"{name}.pem", f"{name}.pem"]
        seen = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert seen.returncode == 0, seen.stderr
        assert "depth=2: CN = Example Root" in seen.stdout
        wrong = {"sslserver": "sslclient", "sslclient": "sslserver"}[purpose]
        command[command.index(purpose)] = wrong
        seen = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert seen.returncode != 0


def test_validity_is_inclusive_and_backdated() -> None:
    profile = load_profile("c25519")
    validity = validity_from(NOW, 48 * HOUR, profile=profile, within=None)
    assert validity.not_before == START - HOUR
    assert validity.not_after == START + 48 * HOUR - SECOND


def test_validity_is_cut_to_that_of_the_issuer(family: Family) -> None:
    end = family.issuing.not_valid_after_utc
    inside = validity_from(end - HOUR, 48 * HOUR, profile=family.profile, within=family.issuing)
    assert inside == Validity(end - 2 * HOUR, end)
    begin = family.issuing.not_valid_before_utc
    inside = validity_from(begin, HOUR, profile=family.profile, within=family.issuing)
    assert inside == Validity(begin, begin + HOUR - SECOND)
    with pytest.raises(Refused) as refusal:
        validity_from(end + SECOND, HOUR, profile=family.profile, within=family.issuing)
    assert refusal.value.status == "lifetime"


def test_lifetimes_are_the_profiles(family: Family) -> None:
    lifetimes = family.profile.lifetimes
    for certificate, lifetime in (
        (family.root, lifetimes.root_days * DAY),
        (family.issuing, lifetimes.issuing_days * DAY),
        (family.server, lifetimes.server_hours * HOUR),
        (family.device, lifetimes.device_days * DAY),
    ):
        assert certificate.not_valid_after_utc == START + lifetime - SECOND
        assert certificate.not_valid_before_utc == START - HOUR


@pytest.mark.parametrize("random", [bytes(16), b"\xff" * 16, bytes(range(16))])
def test_a_serial_is_positive_and_of_sixteen_bytes(random: bytes) -> None:
    serial = new_serial(random)
    assert serial > 0
    assert serial.bit_length() == 127
    assert serial & ((1 << 126) - 1) == int.from_bytes(random) & ((1 << 126) - 1)


def test_a_serial_needs_all_its_randomness() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        new_serial(bytes(15))


def test_a_root_beyond_2049_keeps_its_dates() -> None:
    authority, made = authority_of(now=NOW)
    late = Validity(START, datetime(2055, 1, 1, tzinfo=UTC))
    root = issue_root(made.root_key, "Example", late, 1)
    assert root.not_valid_after_utc == late.not_after
    assert authority.root.subject == root.subject
