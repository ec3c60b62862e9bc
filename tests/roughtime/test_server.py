"""The server's core: what it answers, what it drops in silence, and for how long it signs."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from rootlet.profile import PROFILE_NAMES, load_profile
from rootlet.roughtime import (
    MAX_BATCH,
    SUPPORTED_VERSIONS,
    Delegation,
    Server,
    build_request,
    delegate,
    verify,
)
from rootlet.roughtime import protocol as p
from rootlet.roughtime.message import decode, decode_packet, encode_packet
from support.roughtime import (
    KEY,
    LONG_TERM,
    NONCE,
    NOW,
    ONLINE,
    REQUEST,
    exchanges,
    number,
    packet,
    server,
    spell,
)

EXAMPLES = 150
HOUR = 3600


def padded(changes: Mapping[int, bytes | None], size: int = p.REQUEST_BYTES) -> bytes:
    """A request with values changed or, for None, left out, padded to ``size`` bytes."""
    values = {**decode_packet(REQUEST), p.ZZZZ: b"", **changes}
    kept = {tag: value for tag, value in values.items() if value is not None}
    return encode_packet(kept | {p.ZZZZ: bytes(size - len(encode_packet(kept)))})


def test_a_lone_request() -> None:
    (response,) = server(radius=5).answer([REQUEST], NOW)
    assert response is not None
    sample = verify(REQUEST, response, KEY)
    assert (sample.midpoint, sample.radius, sample.version) == (NOW, 5, 1)
    assert len(response) == 420
    values = decode_packet(response)
    assert values[p.PATH] == b""
    assert decode(values[p.SREP])[p.VERS] == number(1) + number(p.VERSION_DRAFT)


ANSWERED = {
    "1024 bytes": build_request(NONCE, KEY, size=1024),
    "1400 bytes": build_request(NONCE, KEY, size=1400),
    "without SRV": padded({p.SRV: None}),
    "unknown tags": padded({p.tag("AAAA"): b"abcd", p.tag("ZZZY"): b""}),
    "unknown versions": padded({p.VER: b"".join(map(number, (1, 2, 0x8000000B, 0xFFFFFFFF)))}),
    "32 versions": padded({p.VER: b"".join(map(number, range(1, 33)))}),
}


@pytest.mark.parametrize("request_", ANSWERED.values(), ids=ANSWERED)
def test_answered(request_: bytes) -> None:
    (response,) = server().answer([request_], NOW)
    assert response is not None
    assert verify(request_, response, KEY).version == p.VERSION_1


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ((1,), 1),
        ((p.VERSION_DRAFT,), p.VERSION_DRAFT),
        ((1, p.VERSION_DRAFT), 1),
        ((7, p.VERSION_DRAFT), p.VERSION_DRAFT),
    ],
)
def test_the_version_answered_with(offered: tuple[int, ...], chosen: int) -> None:
    request = build_request(NONCE, KEY, versions=offered)
    (response,) = server().answer([request], NOW)
    assert response is not None
    assert verify(request, response, KEY).version == chosen


DROPPED = {
    "empty": b"",
    "garbage": b"\xff" * 1036,
    "too short": build_request(NONCE, KEY, size=1020),
    "too long": build_request(NONCE, KEY, size=2052),
    "length wrong": REQUEST[:8] + number(1020) + REQUEST[12:],
    "magic wrong": b"roughtim" + REQUEST[8:],
    "no message": packet(bytes(1024)),
    "tags out of order": packet(
        spell([(p.NONC, NONCE), (p.VER, number(1)), (p.TYPE, bytes(4)), (p.ZZZZ, bytes(1000))])
    ),
    "no VER": padded({p.VER: None}),
    "no NONC": padded({p.NONC: None}),
    "no TYPE": padded({p.TYPE: None}),
    "TYPE of a response": padded({p.TYPE: number(1)}),
    "TYPE too long": padded({p.TYPE: bytes(8)}),
    "nonce too short": padded({p.NONC: NONCE[:28]}),
    "nonce too long": padded({p.NONC: NONCE + bytes(4)}),
    "SRV of another server": padded({p.SRV: p.server_id(bytes(32))}),
    "SRV too short": padded({p.SRV: p.server_id(KEY)[:28]}),
    "no version in VER": padded({p.VER: b""}),
    "no common version": padded({p.VER: number(2)}),
    "VER descends": padded({p.VER: number(p.VERSION_DRAFT) + number(1)}),
    "VER repeats": padded({p.VER: number(1) * 2}),
    "33 versions": padded({p.VER: b"".join(map(number, range(1, 34)))}),
}


@pytest.mark.parametrize("request_", DROPPED.values(), ids=DROPPED)
def test_dropped_in_silence(request_: bytes) -> None:
    good = build_request(bytes(32), KEY)
    dropped, answered = server().answer([request_, good], NOW)
    assert dropped is None
    assert answered is not None
    assert verify(good, answered, KEY).midpoint == NOW


def test_a_response_is_no_request() -> None:
    """Or two servers would answer each other for ever."""
    (response,) = server().answer([REQUEST], NOW)
    assert response is not None
    assert server().answer([response], NOW) == [None]


@settings(max_examples=EXAMPLES)
@given(st.integers(0, 200), st.binary(max_size=8), st.booleans())
def test_no_datagram_upsets_it(place: int, new: bytes, fitted: bool) -> None:
    spoiled = REQUEST[:place] + new + REQUEST[place + len(new) :]
    request = packet(spoiled[12:]) if fitted else spoiled
    (response,) = server().answer([request], NOW)
    if response is not None:
        assert verify(request, response, KEY).midpoint == NOW
        assert len(response) <= len(request)


def test_a_mixed_batch_keeps_its_order() -> None:
    """More than one signature's worth, two versions, some bad ones in between."""
    requests = [
        build_request(
            p.digest(number(n)), KEY if n % 7 else bytes(32), versions=(SUPPORTED_VERSIONS[n % 2],)
        )
        for n in range(2 * MAX_BATCH + 30)
    ]
    responses = server().answer(requests, NOW)
    for n, (request, response) in enumerate(zip(requests, responses, strict=True)):
        if n % 7 == 0:
            assert response is None
            continue
        assert response is not None
        assert verify(request, response, KEY).version == SUPPORTED_VERSIONS[n % 2]
        assert len(decode_packet(response)[p.PATH]) <= 6 * 32


def test_one_signature_per_batch() -> None:
    responses = [
        response
        for _, response in exchanges([padded({p.NONC: bytes([n]) * 32}) for n in range(MAX_BATCH)])
    ]
    assert len({decode_packet(response)[p.SIG] for response in responses}) == 1
    assert max(map(len, responses)) == 612


def test_no_response_is_longer_than_its_request() -> None:
    requests = [build_request(p.digest(number(n)), KEY, size=1024) for n in range(MAX_BATCH)]
    assert all(len(response) <= len(request) for request, response in exchanges(requests))


@pytest.mark.parametrize("radius", [0, -1, 1 << 32])
def test_a_radius_that_does_not_fit(radius: int) -> None:
    with pytest.raises(ValueError, match="radius"):
        server(radius=radius)


@pytest.mark.parametrize("name", PROFILE_NAMES)
def test_the_profile_offers_what_is_spoken(name: str) -> None:
    assert load_profile(name).roughtime.versions == SUPPORTED_VERSIONS


def window(response: bytes | None) -> tuple[int, int]:
    """MINT and MAXT of a response."""
    assert response is not None
    delegation = decode(decode(decode_packet(response)[p.CERT])[p.DELE])
    return int.from_bytes(delegation[p.MINT], "little"), int.from_bytes(
        delegation[p.MAXT], "little"
    )


def test_a_delegation_lies_around_the_moment_it_is_made() -> None:
    (response,) = server(hours=24).answer([REQUEST], NOW)
    assert window(response) == (NOW - 6 * HOUR, NOW + 18 * HOUR)


def test_a_delegation_does_not_begin_before_time_does() -> None:
    (response,) = server(hours=24).answer([REQUEST], 100)
    assert window(response) == (0, 24 * HOUR)


def test_delegations_are_renewed_before_they_end() -> None:
    made: list[int] = []

    def renew(now: int) -> Delegation:
        made.append(now)
        online = Ed25519PrivateKey.generate()
        return delegate(LONG_TERM, online, now=now, hours=24, versions=SUPPORTED_VERSIONS)

    core = Server(KEY, renew, radius=3, versions=SUPPORTED_VERSIONS)
    last_good = NOW + 15 * HOUR  # three hours, an eighth of the window, are left
    times = [NOW, NOW + 1, NOW - 6 * HOUR, last_good, last_good + 1, last_good + 2]
    times += [NOW - 24 * HOUR, NOW + 400 * 24 * HOUR]  # the clock is set back, and far ahead
    for now in times:
        (response,) = core.answer([REQUEST], now)
        assert response is not None
        assert verify(REQUEST, response, KEY).midpoint == now
        earliest, latest = window(response)
        assert earliest <= now < latest
    assert made == [NOW, last_good + 1, NOW - 24 * HOUR, NOW + 400 * 24 * HOUR]


def test_nothing_is_delegated_for_nothing() -> None:
    def never(now: int) -> Delegation:
        raise AssertionError("a delegation was made")

    core = Server(KEY, never, radius=3, versions=SUPPORTED_VERSIONS)
    assert core.answer([], NOW) == []
    assert core.answer([b"garbage"], NOW) == [None]


def test_each_version_has_a_delegation_of_its_own() -> None:
    made = delegate(LONG_TERM, ONLINE, now=NOW, hours=1, versions=SUPPORTED_VERSIONS)
    small, capital = (decode(made.certificates[version]) for version in SUPPORTED_VERSIONS)
    assert small[p.DELE] == capital[p.DELE]
    assert small[p.SIG] != capital[p.SIG]
