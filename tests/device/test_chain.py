"""The device's verdict on chains, as Python asks for it. The rules have their own tests."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from rootlet.device import Anchor, check_chain
from rootlet.errors import Misuse, Refused
from support.authority import DAY, NAME, Authority


def verdict(authority: Authority, chain: list[bytes], **changes: Any) -> bytes:
    arguments: dict[str, Any] = {
        "anchors": [authority.root.anchor],
        "host": NAME,
        "earliest": authority.seconds,
        "latest": authority.seconds,
    }
    return check_chain(chain, **(arguments | changes))


def test_an_accepted_chain_gives_the_leafs_key(authority: Authority) -> None:
    leaf = authority.server()
    key = leaf.key.public_key().public_bytes_raw()
    assert verdict(authority, [leaf.der, authority.issuing.der]) == key
    direct = authority.server(issuer=authority.root)
    assert verdict(authority, [direct.der]) == direct.key.public_key().public_bytes_raw()


def test_each_of_several_anchors_counts(authority: Authority) -> None:
    stranger = Authority.today(name="Stranger")
    leaf = authority.server(issuer=authority.root)
    verdict(authority, [leaf.der], anchors=[stranger.root.anchor, authority.root.anchor])


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"host": "other.example.test"}, "ERR_X509_NAME"),
        ({"host": ip_address("127.0.0.2")}, "ERR_X509_NAME"),
        ({"host": "a name"}, "ERR_X509_CONFIGURED_NAME"),
        ({"earliest": 0, "latest": 0}, "ERR_X509_NOT_YET_VALID"),
        ({"latest": 2**64 - 1}, "ERR_X509_EXPIRED"),
        ({"anchors": []}, "ERR_X509_UNKNOWN_ISSUER"),
    ],
)
def test_a_refusal_has_the_status_name(
    changes: dict[str, Any], status: str, authority: Authority
) -> None:
    chain = [authority.server().der, authority.issuing.der]
    with pytest.raises(Refused) as refused:
        verdict(authority, chain, **changes)
    assert refused.value.status == status


def test_both_ends_of_the_validity_are_included(authority: Authority) -> None:
    leaf = authority.server(lifetime=DAY)
    chain = [leaf.der, authority.issuing.der]
    start = int(leaf.certificate.not_valid_before_utc.timestamp())
    end = int(leaf.certificate.not_valid_after_utc.timestamp())
    verdict(authority, chain, earliest=start, latest=end)
    for outside, status in (
        ({"earliest": start - 1, "latest": end}, "ERR_X509_NOT_YET_VALID"),
        ({"earliest": start, "latest": end + 1}, "ERR_X509_EXPIRED"),
    ):
        with pytest.raises(Refused) as refused:
            verdict(authority, chain, **outside)
        assert refused.value.status == status


@pytest.mark.parametrize("chain", [[], [b""], [b"0"], [b"not DER at all"]])
def test_what_is_no_chain_is_refused(chain: list[bytes], authority: Authority) -> None:
    with pytest.raises(Refused) as refused:
        verdict(authority, chain)
    assert refused.value.status == ("ERR_X509_ENCODING" if chain else "ERR_X509_EMPTY")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"anchors": [Anchor(b"name", bytes(33))]}, "33 bytes"),
        ({"host": "bücher.example"}, "not ASCII"),
        ({"earliest": 2, "latest": 1}, "is not one"),
    ],
)
def test_wrong_arguments_are_misuse(
    changes: dict[str, Any], words: str, authority: Authority
) -> None:
    with pytest.raises(Misuse, match=words):
        verdict(authority, [authority.server().der], **changes)
