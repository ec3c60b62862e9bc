"""Certificates cut short, followed by more, or changed in one bit; and what a refusal leaves."""

from __future__ import annotations

import random

import pytest
from _rootlet_device import ffi, lib
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rootlet.device import check_chain, status_name
from rootlet.device.chain import trust_config
from rootlet.errors import Refused
from support.x509.case import ANCHOR, NOW
from support.x509.draft import HOST, ISSUING, LEAF, public_key
from support.x509.mutations import mutations

CHAIN = [LEAF.der(), ISSUING.der()]
FLIPS, CHANGES = 120, 200
"""Changed bits, and other changes, per certificate: each costs up to two signature checks."""


def refusal(chain: list[bytes]) -> str:
    with pytest.raises(Refused) as refused:
        check_chain(chain, anchors=[ANCHOR], host=HOST, earliest=NOW, latest=NOW)
    assert refused.value.status
    return refused.value.status


@pytest.mark.parametrize("place", [0, 1])
def test_cut_at_every_byte(place: int) -> None:
    for length in range(len(CHAIN[place])):
        chain = CHAIN.copy()
        chain[place] = chain[place][:length]
        assert refusal(chain) == "ERR_X509_ENCODING"


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("garbage", [b"\x00", b"\x30\x00", b"\xff" * 70])
def test_followed_by_garbage(place: int, garbage: bytes) -> None:
    chain = CHAIN.copy()
    chain[place] += garbage
    assert refusal(chain) == "ERR_X509_ENCODING"


@pytest.mark.parametrize("place", [0, 1])
def test_no_changed_bit_is_accepted(place: int) -> None:
    chosen = random.Random(place)
    bits = len(CHAIN[place]) * 8
    for bit in chosen.sample(range(bits), FLIPS):
        changed = bytearray(CHAIN[place])
        changed[bit // 8] ^= 1 << bit % 8
        chain = CHAIN.copy()
        chain[place] = bytes(changed)
        refusal(chain)


@settings(max_examples=CHANGES)
@given(changed=mutations(st.just(CHAIN[0])))
def test_no_changed_leaf_is_accepted(changed: bytes) -> None:
    assume(changed != CHAIN[0])
    refusal([changed, CHAIN[1]])


@settings(max_examples=CHANGES)
@given(changed=mutations(st.just(CHAIN[1])))
def test_no_changed_issuing_ca_is_accepted(changed: bytes) -> None:
    assume(changed != CHAIN[1])
    refusal([CHAIN[0], changed])


def call(*, earliest: int, latest: int, host: str = HOST) -> tuple[str, bytes]:
    """The C function itself: its status, and what it left in the key."""
    keep: list[object] = []
    config = ffi.new("rootlet_x509_config *")
    trust_config(config, keep, anchors=[ANCHOR], host=host, earliest=0, latest=0)
    config.now.earliest, config.now.latest = earliest, latest
    certificates = ffi.new("rootlet_certificate[]", len(CHAIN))
    buffers = [ffi.from_buffer(der) for der in CHAIN]
    for slot, der, buffer in zip(certificates, CHAIN, buffers, strict=True):
        slot.der, slot.length = buffer, len(der)
    key = ffi.new("uint8_t[32]", b"\xaa" * 32)
    status = lib.rootlet_x509_check(key, certificates, len(CHAIN), config)
    return status_name(status), bytes(key)


def test_an_interval_the_wrong_way_round_is_misuse() -> None:
    assert call(earliest=NOW + 1, latest=NOW)[0] == "ERR_MISUSE"
    assert call(earliest=2**64 - 1, latest=0)[0] == "ERR_MISUSE"


def test_the_key_is_written_on_success_only() -> None:
    assert call(earliest=NOW, latest=NOW) == ("OK", public_key("leaf"))
    untouched = b"\xaa" * 32
    assert call(earliest=NOW, latest=NOW, host="other.test") == ("ERR_X509_NAME", untouched)
    assert call(earliest=0, latest=0) == ("ERR_X509_NOT_YET_VALID", untouched)
