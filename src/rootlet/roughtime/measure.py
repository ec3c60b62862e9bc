"""Several servers, asked in a chain: when they agree, when one lies, and how that is proved.

RFC 10049 section 8. How the times are joined is ours: every sample bounds the time, and what lies
in all the bounds is the result.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rootlet.roughtime import protocol as p
from rootlet.roughtime.client import Sample, build_request

__all__ = [
    "REPORT_MEDIA_TYPE",
    "Exchange",
    "Interval",
    "Question",
    "chained_nonce",
    "contradictions",
    "join",
    "malfeasance_report",
    "question",
]

REPORT_MEDIA_TYPE = "application/roughtime-malfeasance+json"


@dataclass(frozen=True)
class Question:
    """A request, and what its nonce was made from."""

    rand: bytes
    """32 random bytes; the nonce itself when nothing came before."""
    packet: bytes
    """The whole request packet."""


@dataclass(frozen=True)
class Exchange:
    """A question and its answer, verified."""

    server: str
    """The server's name, for people."""
    public_key: bytes
    """Its long-term key."""
    question: Question
    response: bytes
    """The whole response packet."""
    sample: Sample
    sent: float
    """When the request left, seconds of a clock that is never set."""
    received: float
    """When the response arrived, on the same clock."""

    @property
    def delay(self) -> float:
        """Seconds between the two."""
        return self.received - self.sent


@dataclass(frozen=True)
class Interval:
    """The time lies between these, seconds since 1970."""

    earliest: float
    latest: float


def chained_nonce(previous: bytes | None, rand: bytes) -> bytes:
    """The nonce after a whole response packet, or the first one (section 8.2)."""
    return rand if previous is None else p.digest(previous, rand)


def question(
    public_key: bytes, rand: bytes, *, previous: bytes | None, versions: tuple[int, ...]
) -> Question:
    """The next request of a chain; ``previous`` is the response packet before it."""
    nonce = chained_nonce(previous, rand)
    return Question(rand, build_request(nonce, public_key, versions=versions))


def contradictions(samples: Sequence[Sample]) -> list[tuple[int, int]]:
    """Pairs (earlier, later) that cannot both be true, samples being in order of arrival.

    One way only: a later answer may name any later time (section 8.2).
    """
    return [
        (i, j)
        for j, later in enumerate(samples)
        for i, earlier in enumerate(samples[:j])
        if earlier.midpoint - earlier.radius > later.midpoint + later.radius
    ]


def join(exchanges: Sequence[Exchange], at: float) -> Interval | None:
    """What all samples allow at the moment ``at`` of the exchanges' clock; None when nothing is.

    A server answered at some moment between sending and arrival.
    """
    earliest = [e.sample.midpoint - e.sample.radius + (at - e.received) for e in exchanges]
    latest = [e.sample.midpoint + e.sample.radius + (at - e.sent) for e in exchanges]
    interval = Interval(max(0.0, *earliest), min(latest))
    return interval if interval.earliest <= interval.latest else None


def malfeasance_report(exchanges: Sequence[Exchange]) -> dict[str, Any]:
    """The report of section 8.4 over a whole chain, in order of arrival."""

    def text(value: bytes) -> str:
        return base64.b64encode(value).decode("ascii")

    responses = []
    for place, exchange in enumerate(exchanges):
        entry = {
            "publicKey": text(exchange.public_key),
            "request": text(exchange.question.packet),
            "response": text(exchange.response),
        }
        if place > 0:
            entry["rand"] = text(exchange.question.rand)
        responses.append(entry)
    return {"responses": responses}
