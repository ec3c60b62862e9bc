"""Chains, causality, joined times, and the proof that a server lies."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootlet.roughtime import SUPPORTED_VERSIONS, Sample, verify
from rootlet.roughtime import protocol as p
from rootlet.roughtime.measure import (
    Exchange,
    Interval,
    chained_nonce,
    contradictions,
    join,
    malfeasance_report,
    question,
)
from rootlet.roughtime.message import decode_packet
from support.roughtime import KEY, NOW, Reply, appendix_b, number, report_exchanges


def sample(midpoint: int, radius: int = 3) -> Sample:
    return Sample(midpoint, radius, 1)


def chain(*midpoints: int) -> list[Exchange]:
    """A real chain in which the server names these times."""
    exchanges: list[Exchange] = []
    for step, midpoint in enumerate(midpoints):
        previous = exchanges[-1].response if exchanges else None
        asked = question(KEY, bytes([step]) * 32, previous=previous, versions=SUPPORTED_VERSIONS)
        nonce = decode_packet(asked.packet)[p.NONC]
        reply = Reply(
            srep={p.MIDP: number(midpoint, 8)},
            dele={p.MINT: number(0, 8), p.MAXT: number(1 << 40, 8)},
        )
        response = reply.to(asked.packet, nonce)
        said = verify(asked.packet, response, KEY)
        exchanges.append(Exchange(f"s{step}", KEY, asked, response, said, step, step + 0.5))
    return exchanges


def test_the_first_nonce_is_random_and_each_next_is_chained() -> None:
    first, second = chain(NOW, NOW)
    assert decode_packet(first.question.packet)[p.NONC] == first.question.rand
    expected = p.digest(first.response + second.question.rand)
    assert decode_packet(second.question.packet)[p.NONC] == expected
    assert chained_nonce(first.response, second.question.rand) == expected
    assert second.delay == 0.5


@pytest.mark.parametrize(
    ("midpoints", "pairs"),
    [
        ([NOW, NOW], []),
        ([NOW, NOW + 1_000_000], []),
        ([NOW, NOW - 6], []),
        ([NOW, NOW - 7], [(0, 1)]),
        ([NOW, NOW - 100, NOW + 100, NOW - 50], [(0, 1), (0, 3), (2, 3)]),
    ],
    ids=["same", "any later time is fine", "just touching", "too early", "several"],
)
def test_causality_goes_one_way(midpoints: list[int], pairs: list[tuple[int, int]]) -> None:
    assert contradictions([sample(midpoint) for midpoint in midpoints]) == pairs


def test_causality_at_both_ends_of_time() -> None:
    assert contradictions([sample(0), sample(0), sample(p.MAX_TIME), sample(p.MAX_TIME)]) == []
    assert contradictions([sample(p.MAX_TIME, 1), sample(0, 0xFFFFFFFF)]) == [(0, 1)]


def at(exchange: Exchange, said: Sample, sent: float, received: float) -> Exchange:
    return replace(exchange, sample=said, sent=sent, received=received)


def test_joined_times() -> None:
    (one,) = chain(NOW)
    alone = at(one, sample(NOW), 10.0, 10.5)
    assert join([alone], 10.5) == Interval(NOW - 3, NOW + 3.5)
    assert join([alone], 20.5) == Interval(NOW + 7, NOW + 13.5)
    better = at(one, sample(NOW + 2, 1), 12.0, 12.5)
    assert join([alone, better], 12.5) == Interval(NOW + 1, NOW + 3.5)
    assert join([alone, at(one, sample(NOW + 100), 12.0, 12.5)], 12.5) is None
    assert join([at(one, sample(1, 3), 0.0, 0.5)], 0.5) == Interval(0, 4.5)


@given(
    st.lists(
        st.tuples(st.integers(-3, 3), st.integers(3, 9), st.floats(0, 2), st.floats(0, 2)),
        min_size=1,
        max_size=6,
    )
)
def test_honest_servers_never_contradict_and_the_truth_is_inside(
    honest: list[tuple[int, int, float, float]],
) -> None:
    (pattern,) = chain(NOW)
    clock, exchanges = 0.0, []
    for error, radius, out, back in honest:
        answered = clock + out
        said = sample(int(NOW + answered) + error, radius + 1)
        exchanges.append(at(pattern, said, clock, answered + back))
        clock = answered + back
    assert contradictions([exchange.sample for exchange in exchanges]) == []
    joined = join(exchanges, clock)
    assert joined is not None
    assert joined.earliest <= NOW + clock <= joined.latest


def test_a_report_proves_itself() -> None:
    """The three checks of RFC 10049 section 8.4 hold."""
    report = json.loads(json.dumps(malfeasance_report(chain(NOW, NOW - 100, NOW))))
    assert set(report) == {"responses"}
    assert "rand" not in report["responses"][0]
    exchanges = report_exchanges(report)
    samples = [verify(*exchange) for exchange in exchanges]
    for (_, previous, _), (request, _, _), entry in zip(
        exchanges, exchanges[1:], report["responses"][1:], strict=False
    ):
        rand = base64.b64decode(entry["rand"], validate=True)
        assert decode_packet(request)[p.NONC] == p.digest(previous, rand)
    assert contradictions(samples) == [(0, 1)]


def test_the_rfcs_own_report_proves_itself() -> None:
    report = appendix_b()
    exchanges = report_exchanges(report)
    samples = [verify(*exchange, appendix_b=True) for exchange in exchanges]
    for place in (1, 2):
        rand = base64.b64decode(report["responses"][place]["rand"], validate=True)
        nonce = decode_packet(exchanges[place][0])[p.NONC]
        assert nonce == chained_nonce(exchanges[place - 1][1], rand)
    assert contradictions(samples) == [(0, 1), (0, 2)]
