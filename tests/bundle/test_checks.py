"""What is bundled is one proper root of the profile, and what it is bundled with is usable."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.bundle import check_hosts, check_input, check_time_servers, read_root
from rootlet.errors import Refused
from rootlet.maker import TimeServer
from rootlet.pki import KeySealer, certificate_to_pem, chain_to_pem, fingerprint, key_to_pem
from rootlet.profile import PROFILE_NAMES, load_profile
from support.makers import authority_of

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
YEAR = timedelta(days=365.25)
C25519 = load_profile("c25519")
AUTHORITY, MADE = authority_of(now=NOW)
DER = MADE.root.public_bytes(Encoding.DER)
PEM = certificate_to_pem(MADE.root)


def check(
    content: bytes,
    *,
    now: datetime = NOW,
    expected: str | None = None,
    short: bool = False,
    profile: str = "c25519",
) -> str:
    root = check_input(
        content,
        what="root.pem",
        profile=load_profile(profile),
        now=now,
        expected_sha256=expected,
        allow_short_lived=short,
    )
    return fingerprint(root.public_bytes(Encoding.DER))


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_a_root_is_taken_as_pem_and_as_der(profile: str) -> None:
    _, made = authority_of(profile, now=NOW)
    der = made.root.public_bytes(Encoding.DER)
    for content in (der, certificate_to_pem(made.root), b"text\n" + certificate_to_pem(made.root)):
        assert check(content, profile=profile, expected=fingerprint(der)) == fingerprint(der)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "certificate-form"),
        (b"text", "certificate-form"),
        (DER + b"\x00", "certificate-form"),
        (DER[:-1], "certificate-form"),
        (PEM[:200], "certificate-form"),
        (PEM + PEM, "certificate-count"),
        (chain_to_pem((MADE.issuing, MADE.root)), "certificate-count"),
        (PEM + key_to_pem(MADE.root_key), "private-key"),
        (KeySealer(b"four random words").pem(MADE.root_key) + PEM, "private-key"),
        (b"-----BEGIN RSA PRIVATE KEY-----", "private-key"),
        (certificate_to_pem(MADE.issuing), "path-length"),
        (
            certificate_to_pem(AUTHORITY.issue_device("a", now=NOW).certificate),
            "basic-constraints",
        ),
        (
            certificate_to_pem(AUTHORITY.issue_server(["api.example.test"], now=NOW).certificate),
            "basic-constraints",
        ),
        (certificate_to_pem(authority_of("p256", now=NOW)[1].root), "key-algorithm"),
        (DER[:-1] + bytes([DER[-1] ^ 1]), "signature"),
    ],
)
def test_what_is_not_one_proper_root_is_refused(content: bytes, rule: str) -> None:
    with pytest.raises(Refused) as refusal:
        check(content)
    assert refusal.value.status == rule
    assert refusal.value.hint


def test_another_root_than_the_one_expected_is_refused() -> None:
    with pytest.raises(Refused, match=fingerprint(DER)) as refusal:
        check(PEM, expected="0" * 64)
    assert refusal.value.status == "fingerprint"


def test_a_root_must_live_as_long_as_a_device_may() -> None:
    end = MADE.root.not_valid_after_utc
    check(PEM, now=end - 20 * YEAR)
    late = end - 20 * YEAR + timedelta(seconds=1)
    with pytest.raises(Refused, match=r"20\.0 years left") as refusal:
        check(PEM, now=late)
    assert refusal.value.status == "short-lived"
    assert "--allow-short-lived" in refusal.value.hint
    assert check(PEM, now=late, short=True) == fingerprint(DER)
    assert check(PEM, now=end, short=True) == fingerprint(DER)


@pytest.mark.parametrize("short", [False, True])
def test_a_root_must_be_valid_now(short: bool) -> None:
    begin, end = MADE.root.not_valid_before_utc, MADE.root.not_valid_after_utc
    check(PEM, now=begin)
    with pytest.raises(Refused) as refusal:
        check(PEM, now=begin - timedelta(seconds=1), short=short)
    assert refusal.value.status == "not-yet-valid"
    with pytest.raises(Refused) as refusal:
        check(PEM, now=end + timedelta(seconds=1), short=short)
    assert refusal.value.status == "expired"


def test_a_root_is_read_from_either_form() -> None:
    assert read_root(PEM, what="it") == read_root(DER, what="it") == MADE.root


def test_devices_get_names_neither_suffixes_nor_addresses() -> None:
    names = ("B.test.example", ".fleet.example", "192.0.2.7", "2001:db8::1", "a.example")
    assert check_hosts(names) == ("b.test.example", "a.example")
    assert check_hosts(()) == ()


@pytest.mark.parametrize(
    ("names", "rule"),
    [
        (("a.example", "A.example."), "host"),
        (("*.example.test",), "name-form"),
        (('a".example',), "name-form"),
    ],
)
def test_names_that_a_device_could_not_use_are_refused(names: tuple[str, ...], rule: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_hosts(names)
    assert refusal.value.status == rule


KEY = bytes(range(32))
CLOCK = TimeServer("time1", "time1.example.test:2002", base64.b64encode(KEY).decode())


def test_time_servers_come_with_their_keys() -> None:
    other = replace(CLOCK, address="[::1]:2002", public_key=base64.b64encode(bytes(32)).decode())
    first, second = check_time_servers([CLOCK, other])
    assert (first.name, first.address, first.public_key) == ("time1", CLOCK.address, KEY)
    assert second.address == "[::1]:2002"


@pytest.mark.parametrize(
    "changed",
    [
        {"public_key": "not base64!"},
        {"public_key": base64.b64encode(KEY[:31]).decode()},
        {"public_key": ""},
        {"address": "time1.example.test"},
        {"address": ":2002"},
        {"address": "a:0"},
        {"address": "a:65536"},
        {"address": 'a":1'},
        {"address": "a\\b:1"},
        {"name": ""},
        {"name": 'a"b'},
        {"name": "a" * 64},
    ],
)
def test_a_time_server_that_a_device_could_not_use_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(Refused, match="Roughtime server") as refusal:
        check_time_servers([replace(CLOCK, **changed)])
    assert refusal.value.status == "time-server"


def test_two_time_servers_with_one_key_are_refused() -> None:
    with pytest.raises(Refused, match="same key"):
        check_time_servers([CLOCK, replace(CLOCK, name="time2")])
