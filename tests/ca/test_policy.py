"""What may be issued: each refusal names its rule."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.ca import policy_of
from rootlet.errors import Refused
from rootlet.profile import PROFILE_NAMES, load_profile
from support.makers import maker_of

POLICY = policy_of(maker_of())


def rule_of(refusal: pytest.ExceptionInfo[Refused]) -> str | None:
    assert refusal.value.hint
    return refusal.value.status


@pytest.mark.parametrize(
    "names",
    [
        ["api.example.test"],
        ["API.example.test."],
        ["lamp.fleet.example.test", "api.example.test"],
        ["a.b.fleet.example.test"],
        ["192.0.2.7"],
    ],
)
def test_names_of_the_maker_are_allowed(names: list[str]) -> None:
    hosts = POLICY.server_hosts(names)
    assert len(hosts) == len(names)


def test_hosts_come_in_one_form() -> None:
    hosts = POLICY.server_hosts(["API.example.test.", "192.0.2.7"])
    assert hosts == ("api.example.test", ip_address("192.0.2.7"))


@pytest.mark.parametrize(
    "name",
    [
        "example.test",
        "fleet.example.test",
        "notfleet.example.test",
        "evilfleet.example.test",
        "api.example.test.evil.test",
        "x.api.example.test",
        "192.0.2.8",
        "2001:db8::7",
    ],
)
def test_other_names_are_not_allowed(name: str) -> None:
    with pytest.raises(Refused, match="not among the names") as refusal:
        POLICY.server_hosts(["api.example.test", name])
    assert rule_of(refusal) == "name-allowed"


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        POLICY.server_hosts(["api.example.test", "api.example.test."])
    assert rule_of(refusal) == "names-twice"


def test_a_wildcard_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        POLICY.server_hosts(["*.fleet.example.test"])
    assert rule_of(refusal) == "name-form"


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_lifetimes_stay_inside_the_profile(profile: str) -> None:
    policy, lifetimes = policy_of(maker_of(profile)), load_profile(profile).lifetimes
    assert policy.server_validity(None) == timedelta(hours=lifetimes.server_hours)
    assert policy.device_validity(None) == timedelta(days=lifetimes.device_days)
    for hours in (1, lifetimes.server_max_hours):
        assert policy.server_validity(hours) == timedelta(hours=hours)
    for days in (1, lifetimes.device_max_days):
        assert policy.device_validity(days) == timedelta(days=days)
    for hours in (0, -1, lifetimes.server_max_hours + 1):
        with pytest.raises(Refused) as refusal:
            policy.server_validity(hours)
        assert rule_of(refusal) == "lifetime"
    for days in (0, -1, lifetimes.device_max_days + 1):
        with pytest.raises(Refused) as refusal:
            policy.device_validity(days)
        assert rule_of(refusal) == "lifetime"


@pytest.mark.parametrize("bad", ["no name", "*.example.test", ".", ".-x.test", ".test"])
def test_a_maker_whose_names_make_no_sense_is_told(bad: str) -> None:
    with pytest.raises(Refused) as refusal:
        policy_of(maker_of(names=[bad]))
    assert rule_of(refusal) == "name-form"


def test_a_maker_whose_urn_makes_no_sense_is_told() -> None:
    maker = maker_of()
    with pytest.raises(Refused) as refusal:
        policy_of(replace(maker, devices=replace(maker.devices, urn_prefix="device:")))
    assert rule_of(refusal) == "urn-prefix"


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_of_openssls_signing_request_the_key_is_taken(profile: str, tmp_path: Path) -> None:
    policy = policy_of(maker_of(profile))
    algorithm = {"c25519": ["ed25519"], "p256": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]}
    command = ["openssl", "req", "-new", "-nodes", "-subj", "/CN=ignored", "-keyout", "key.pem"]
    command += ["-addext", "subjectAltName=DNS:ignored.test", "-newkey", *algorithm[profile]]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    key = policy.request_key(made)
    assert key == x509.load_pem_x509_csr(made).public_key()
    other = {"c25519": "p256", "p256": "c25519"}[profile]
    with pytest.raises(Refused) as refusal:
        policy_of(maker_of(other)).request_key(made)
    assert rule_of(refusal) == "key-algorithm"


def test_a_request_that_its_key_did_not_sign_is_refused() -> None:
    builder = x509.CertificateSigningRequestBuilder(x509.Name([]))
    der = builder.sign(Ed25519PrivateKey.generate(), None).public_bytes(Encoding.DER)
    forged = x509.load_der_x509_csr(der[:-1] + bytes([der[-1] ^ 1])).public_bytes(Encoding.PEM)
    for bad in (b"", b"no request", forged):
        with pytest.raises(Refused) as refusal:
            POLICY.request_key(bad)
        assert rule_of(refusal) == "request"


def test_a_chain_that_a_device_cannot_hold_is_refused() -> None:
    most = POLICY.profile.chain.message_bytes
    POLICY.check_message([bytes(most - 8 - 10 - 300), bytes(300)])
    with pytest.raises(Refused, match=str(most + 1)) as refusal:
        POLICY.check_message([bytes(most - 8 - 10 - 299), bytes(300)])
    assert rule_of(refusal) == "message-bytes"
