"""Answers that are spoiled on purpose: each is refused, or as good as it was."""

from __future__ import annotations

from contextlib import suppress
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from rootlet.errors import Refused
from rootlet.roughtime import (
    MAX_BATCH,
    SUPPORTED_VERSIONS,
    Delegation,
    LongTermKey,
    Server,
    build_request,
    delegate,
    verify,
)
from rootlet.roughtime import protocol as p
from rootlet.roughtime.grease import MOST_BYTES, WAYS, grease
from rootlet.roughtime.message import decode_packet, encode_packet
from support.roughtime import KEY, LONG_TERM, NOW, ONLINE, RADIUS, REQUEST, server

ROUNDS = 40


def greasy(part: float, seed: int) -> Server:
    def renew(now: int) -> Delegation:
        return delegate(LONG_TERM, ONLINE, now=now, hours=24, versions=SUPPORTED_VERSIONS)

    keys = [LongTermKey(KEY, renew)]
    return Server(keys, versions=SUPPORTED_VERSIONS, greased=part, chance=Random(seed))


@given(st.integers(0, 2**32))
def test_a_spoiled_answer_never_gives_another_time(seed: int) -> None:
    (response,) = server().answer([REQUEST], NOW, RADIUS)
    assert response is not None
    spoiled = grease(response, Random(seed))
    assert spoiled != response
    assert len(spoiled) <= len(response) + MOST_BYTES
    with suppress(Refused):
        assert verify(REQUEST, spoiled, KEY) == verify(REQUEST, response, KEY)


def test_every_way_is_taken_and_most_are_refused() -> None:
    (response,) = server().answer([REQUEST], NOW, RADIUS)
    assert response is not None
    refusals: set[str | None] = set()
    for seed in range(200):
        try:
            verify(REQUEST, grease(response, Random(seed)), KEY)
            refusals.add("none")
        except Refused as error:
            refusals.add(error.status)
    assert len(refusals) >= len(WAYS)
    assert "none" in refusals  # an unknown tag, which is passed over


def test_about_the_part_that_is_wanted_is_spoiled() -> None:
    core, spoiled = greasy(0.1, 7), 0
    for _ in range(ROUNDS):
        requests = [build_request(p.digest(bytes([n])), KEY) for n in range(MAX_BATCH)]
        plain = server().answer(requests, NOW, RADIUS)
        answers = core.answer(requests, NOW, RADIUS)
        spoiled += sum(one != other for one, other in zip(plain, answers, strict=True))
        assert all(
            answer is not None and len(answer) <= len(request)
            for answer, request in zip(answers, requests, strict=True)
        )
    total = ROUNDS * MAX_BATCH
    assert 0.07 * total < spoiled < 0.13 * total


def test_no_answer_outgrows_a_short_request_by_tcp_for_grease() -> None:
    short = encode_packet({k: v for k, v in decode_packet(REQUEST).items() if k != p.ZZZZ})
    (plain,) = server().answer([short], NOW, RADIUS, padded=False)
    assert plain is not None
    core = greasy(1.0, 3)
    for _ in range(50):
        (answer,) = core.answer([short], NOW, RADIUS, padded=False)
        assert answer is not None
        assert len(answer) <= len(plain)
