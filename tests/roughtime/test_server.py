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
    Drop,
    LongTermKey,
    Server,
    build_request,
    delegate,
    raw_public_key,
    verify,
)
from rootlet.roughtime import protocol as p
from rootlet.roughtime.message import decode, decode_packet, encode_packet
from rootlet.roughtime.server import MAX_SHAPES
from support.roughtime import (
    KEY,
    LONG_TERM,
    NONCE,
    NOW,
    ONLINE,
    RADIUS,
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
    (response,) = server().answer([REQUEST], NOW, 5)
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
    (response,) = server().answer([request_], NOW, RADIUS)
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
    (response,) = server().answer([request], NOW, RADIUS)
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
    dropped, answered = server().answer([request_, good], NOW, RADIUS)
    assert dropped is None
    assert answered is not None
    assert verify(good, answered, KEY).midpoint == NOW


def test_a_response_is_no_request() -> None:
    """Or two servers would answer each other for ever."""
    (response,) = server().answer([REQUEST], NOW, RADIUS)
    assert response is not None
    assert server().answer([response], NOW, RADIUS) == [None]


@settings(max_examples=EXAMPLES)
@given(st.integers(0, 200), st.binary(max_size=8), st.booleans())
def test_no_datagram_upsets_it(place: int, new: bytes, fitted: bool) -> None:
    spoiled = REQUEST[:place] + new + REQUEST[place + len(new) :]
    request = packet(spoiled[12:]) if fitted else spoiled
    (response,) = server().answer([request], NOW, RADIUS)
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
    responses = server().answer(requests, NOW, RADIUS)
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


@pytest.mark.parametrize("radius", [-1, 1 << 32])
def test_a_radius_that_does_not_fit(radius: int) -> None:
    with pytest.raises(ValueError, match="radius"):
        server().answer([REQUEST], NOW, radius)


def test_a_clock_that_is_not_vouched_for_says_nothing() -> None:
    core = server()
    assert core.answer([REQUEST, b"garbage"], NOW, 0) == [None, None]
    assert core.dropped == {Drop.CLOCK: 1, Drop.SIZE: 1}


def test_several_keys_answer_for_themselves() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x09")
    keys = {raw_public_key(key): key for key in (LONG_TERM, other)}

    def lender(key: Ed25519PrivateKey) -> LongTermKey:
        def renew(now: int) -> Delegation:
            return delegate(key, ONLINE, now=now, hours=24, versions=SUPPORTED_VERSIONS)

        return LongTermKey(raw_public_key(key), renew)

    core = Server([lender(key) for key in keys.values()], versions=SUPPORTED_VERSIONS)
    requests = [build_request(NONCE, public) for public in keys]
    for public, request, response in zip(
        keys, requests, core.answer(requests, NOW, RADIUS), strict=True
    ):
        assert response is not None
        assert verify(request, response, public).midpoint == NOW
    unnamed, stranger = padded({p.SRV: None}), build_request(NONCE, bytes(32))
    assert core.answer([unnamed, stranger], NOW, RADIUS) == [None, None]
    assert core.dropped == {Drop.KEY: 2}
    for keys_given in ([], [lender(other), lender(other)]):
        with pytest.raises(ValueError, match="one key"):
            Server(keys_given, versions=SUPPORTED_VERSIONS)


def test_without_a_delegation_there_is_silence_and_it_ends_by_itself() -> None:
    found: list[Delegation] = []
    key = LongTermKey(KEY, lambda _: found[0] if found else None)
    core = Server([key], versions=SUPPORTED_VERSIONS)
    assert core.answer([REQUEST], NOW, RADIUS) == [None]
    assert core.dropped == {Drop.DELEGATION: 1}
    found.append(delegate(LONG_TERM, ONLINE, now=NOW, hours=1, versions=SUPPORTED_VERSIONS))
    assert core.answer([REQUEST], NOW, RADIUS) != [None]
    assert core.answer([REQUEST], NOW + HOUR, RADIUS) == [None]  # it has ended
    found[0] = delegate(LONG_TERM, ONLINE, now=NOW + HOUR, hours=1, versions=SUPPORTED_VERSIONS)
    assert core.answer([REQUEST], NOW + HOUR, RADIUS) != [None]


def test_what_is_remembered_of_requests_is_bounded() -> None:
    """Thousands of layouts and lists of versions, all of them good: none changes an answer."""
    core = server()
    for n in range(2 * MAX_SHAPES):
        offered = number(1) + number(2 + n)
        for request in (padded({p.VER: offered}), padded({}, 1024 + 4 * (n % 200))):
            (response,) = core.answer([request], NOW, RADIUS)
            assert response is not None
            assert verify(request, response, KEY).midpoint == NOW
    assert len(core._shapes) <= MAX_SHAPES
    assert len(core._offers) <= MAX_SHAPES


def test_over_tcp_requests_need_no_padding() -> None:
    short = encode_packet({k: v for k, v in decode_packet(REQUEST).items() if k != p.ZZZZ})
    core = server()
    assert core.answer([short], NOW, RADIUS) == [None]
    (response,) = core.answer([short], NOW, RADIUS, padded=False)
    assert response is not None
    assert verify(short, response, KEY).midpoint == NOW


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
    (response,) = server(hours=24).answer([REQUEST], NOW, RADIUS)
    assert window(response) == (NOW - 6 * HOUR, NOW + 18 * HOUR)


def test_a_delegation_does_not_begin_before_time_does() -> None:
    (response,) = server(hours=24).answer([REQUEST], 100, RADIUS)
    assert window(response) == (0, 24 * HOUR)


def test_delegations_are_renewed_before_they_end() -> None:
    made: list[int] = []

    def renew(now: int) -> Delegation:
        made.append(now)
        online = Ed25519PrivateKey.generate()
        return delegate(LONG_TERM, online, now=now, hours=24, versions=SUPPORTED_VERSIONS)

    core = Server([LongTermKey(KEY, renew)], versions=SUPPORTED_VERSIONS)
    last_good = NOW + 15 * HOUR  # three hours, an eighth of the window, are left
    times = [NOW, NOW + 1, NOW - 6 * HOUR, last_good, last_good + 1, last_good + 2]
    times += [NOW - 24 * HOUR, NOW + 400 * 24 * HOUR]  # the clock is set back, and far ahead
    for now in times:
        (response,) = core.answer([REQUEST], now, RADIUS)
        assert response is not None
        assert verify(REQUEST, response, KEY).midpoint == now
        earliest, latest = window(response)
        assert earliest <= now < latest
    assert made == [NOW, last_good + 1, NOW - 24 * HOUR, NOW + 400 * 24 * HOUR]


def test_nothing_is_delegated_for_nothing() -> None:
    def never(now: int) -> Delegation:
        raise AssertionError("a delegation was made")

    core = Server([LongTermKey(KEY, never)], versions=SUPPORTED_VERSIONS)
    assert core.answer([], NOW, RADIUS) == []
    assert core.answer([b"garbage"], NOW, RADIUS) == [None]


def test_each_version_has_a_delegation_of_its_own() -> None:
    made = delegate(LONG_TERM, ONLINE, now=NOW, hours=1, versions=SUPPORTED_VERSIONS)
    small, capital = (decode(made.certificates[version]) for version in SUPPORTED_VERSIONS)
    assert small[p.DELE] == capital[p.DELE]
    assert small[p.SIG] != capital[p.SIG]
