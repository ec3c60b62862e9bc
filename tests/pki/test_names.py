"""Names of hosts and devices: well formed, or refused with the rule's name."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from rootlet.errors import Refused
from rootlet.pki import (
    check_device_id,
    check_urn_prefix,
    device_uri,
    host_text,
    parse_dns_name,
    parse_host,
)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("api.example.test", "api.example.test"),
        ("API.Example.TEST", "api.example.test"),
        ("api.example.test.", "api.example.test"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("1.2.3.example", "1.2.3.example"),
        (f"{'a' * 63}.b", f"{'a' * 63}.b"),
    ],
)
def test_a_host_name_is_read_in_one_form(written: str, read: str) -> None:
    assert parse_dns_name(written) == read
    assert parse_host(written) == read


@pytest.mark.parametrize(
    "written",
    [
        "",
        "localhost",
        "*.example.test",
        "a*.example.test",
        "-a.example",
        "a-.example",
        "a..example",
        ".example.test",
        "under_score.example",
        "bücher.example",
        "a b.example",
        "a.example\n",
        "a.example..",
        "1.2.3",
        "a.123",
        f"{'a' * 64}.b",
        ".".join(["a" * 49] * 5) + ".toolong",
    ],
)
def test_what_is_no_host_name_is_refused(written: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_host(written)
    assert refusal.value.status == "name-form"


def test_a_wildcard_is_told_why() -> None:
    with pytest.raises(Refused) as refusal:
        parse_dns_name("*.example.test")
    assert "wildcard" in refusal.value.hint


@pytest.mark.parametrize("text", ["192.0.2.7", "2001:db8::7"])
def test_an_address_is_a_host(text: str) -> None:
    assert parse_host(text) == ip_address(text)
    assert host_text(parse_host(text)) == text


@pytest.mark.parametrize("text", ["a", "sensor-1", "AA.bb-7", "7" * 64])
def test_a_device_id_stands_in_its_urn(text: str) -> None:
    assert device_uri("urn:dev:os:32473-", text) == f"urn:dev:os:32473-{text}"


@pytest.mark.parametrize("text", ["", "-a", ".a", "a_b", "a/b", "a b", "ä", "a\n", "7" * 65])
def test_what_is_no_device_id_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_device_id(text)
    assert refusal.value.status == "device-id"


def test_a_urn_prefix_begins_a_device_urn() -> None:
    for good in ("urn:dev:os:32473-", "urn:dev:mac:", "urn:dev:ops:32473-Lamp-"):
        assert check_urn_prefix(good) == good
    for bad in ("", "urn:uuid:", "https://example.test/", "urn:dev:os", "urn:dev:os:1/"):
        with pytest.raises(Refused) as refusal:
            check_urn_prefix(bad)
        assert refusal.value.status == "urn-prefix"
