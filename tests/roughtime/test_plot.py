"""Intervals drawn for a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rootlet.roughtime import Bar, draw

TIMES = st.floats(0, 2.0**64, allow_nan=False)


def test_servers_that_agree() -> None:
    assert draw([Bar("a", 100, 106), Bar("bb", 102, 108)], Bar("all", 102, 106)) == [
        "a    |----------------------------------|",
        "bb               |----------------------------------|",
        "all              [======================]",
        "     8 s across",
    ]


def test_one_that_is_far_off_is_seen_at_once() -> None:
    lines = draw([Bar("a", 0, 6), Bar("liar", 3600, 3606), Bar("b", 1, 7)], None)
    assert lines == [
        "a     |",
        f"liar  {' ' * 47}|",
        "b     |",
        "      3,606 s across",
    ]


def test_nothing_is_nothing() -> None:
    assert draw([], None) == []


@given(st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=9))
def test_it_always_fits_a_terminal(times: list[tuple[float, float]]) -> None:
    bars = [Bar(f"s{n}", min(pair), max(pair)) for n, pair in enumerate(times)]
    for line in draw(bars, None)[:-1]:
        assert len(line) <= 2 + 2 + 48
        assert "|" in line
