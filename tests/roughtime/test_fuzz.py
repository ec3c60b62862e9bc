"""A little of what make fuzz-time does at length."""

from __future__ import annotations

from tools.fuzz_time import GROWTH_KIB, run


def test_nothing_that_is_sent_does_harm() -> None:
    answered, grew = run(40_000, 1)
    assert 4_000 < answered < 30_000
    assert grew <= GROWTH_KIB
