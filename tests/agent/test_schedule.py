"""The schedule's promises, for every lifetime from seconds to months."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rootlet.agent.schedule import (
    TRIES_LEFT,
    Attempts,
    Health,
    Life,
    Window,
    ask_again_at,
    due_at,
    fraction_of,
    health_of,
    life_of,
    next_try,
    pause_after,
)

START = datetime(2030, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)

fractions = st.floats(0, 1, exclude_max=True)
lives = st.integers(30, 90 * 86400).map(lambda length: Life(START, START + SECOND * length))
moments = st.integers(-(10**9), 10**9).map(lambda seconds: START + SECOND * seconds)
windows = st.builds(Window, moments, moments)


@given(lives, fractions, st.none() | windows)
def test_it_is_due_inside_the_life_with_a_third_of_it_left(
    life: Life, fraction: float, window: Window | None
) -> None:
    due = due_at(life, fraction=fraction, window=window)
    assert life.start < due
    assert life.end - due >= life.length * 0.33
    if window is None:
        assert due <= life.at(0.5)


@given(lives, fractions)
def test_a_window_inside_the_life_is_followed(life: Life, fraction: float) -> None:
    window = Window(life.at(0.1), life.at(0.6))
    assert window.start <= due_at(life, fraction=fraction, window=window) <= window.end


def test_a_window_that_is_none_is_not_followed() -> None:
    life = Life(START, START + timedelta(days=2))
    backwards = Window(life.at(0.4), life.at(0.1))
    assert due_at(life, fraction=0.0, window=backwards) == life.at(0.45)


def tries_until_the_end(life: Life, random: list[float], first: datetime) -> list[datetime]:
    """When it is tried while every try fails at once."""
    tries, now, attempts = [], first, Attempts()
    while now < life.end:
        tries.append(now)
        attempts = Attempts(attempts.failures + 1, now)
        chance = random[len(tries) % len(random)]
        now = next_try(life, attempts, now=now, due=first, random=chance)
    return tries


@given(lives, st.lists(fractions, min_size=1, max_size=5))
def test_while_the_ca_is_away_tries_go_on_and_never_in_a_loop(
    life: Life, random: list[float]
) -> None:
    tries = tries_until_the_end(life, random, life.at(0.5))
    assert len(tries) > TRIES_LEFT
    gaps = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert min(gaps) >= SECOND
    assert min(gaps) >= min(life.length / 2001, timedelta(hours=1))
    assert len(tries) < 250 + life.length / timedelta(hours=1)


@given(lives, st.floats(0.5, 0.95), st.integers(1, 100), fractions)
def test_after_any_number_of_failures_several_tries_still_fit(
    life: Life, share: float, failures: int, random: float
) -> None:
    now = life.at(share)
    pause = pause_after(life, Attempts(failures, now), fraction=random)
    shortest = max(SECOND, life.length / 2000)
    assert pause <= max((life.end - now) / TRIES_LEFT, shortest)


@given(lives, st.integers(1, 10**6), fractions)
def test_after_the_end_it_is_tried_on(life: Life, failures: int, random: float) -> None:
    now = life.end + timedelta(days=3)
    pause = pause_after(life, Attempts(failures, now), fraction=random)
    assert SECOND <= pause <= timedelta(hours=1)
    assert pause <= max(life.length / 4, SECOND)


@given(st.none() | lives, moments, fractions)
def test_a_clock_that_was_set_back_does_not_stop_tries(
    life: Life | None, now: datetime, random: float
) -> None:
    attempts = Attempts(5, now + timedelta(days=400))
    assert next_try(life, attempts, now=now, due=now, random=random) == now


@given(st.integers(1, 1000), fractions)
def test_without_a_certificate_pauses_are_short(failures: int, random: float) -> None:
    pause = pause_after(None, Attempts(failures, START), fraction=random)
    assert SECOND <= pause <= timedelta(minutes=7)


@given(lives, moments, st.none() | st.timedeltas())
def test_the_ca_is_not_asked_in_a_loop_nor_forgotten(
    life: Life, now: datetime, retry_after: timedelta | None
) -> None:
    pause = ask_again_at(life, now=now, retry_after=retry_after) - now
    assert min(timedelta(minutes=1), life.length / 20) <= pause <= timedelta(days=1)


def test_the_allowance_for_slow_clocks_is_no_part_of_a_life() -> None:
    hour, end = timedelta(hours=1), START + timedelta(hours=1, minutes=1)
    assert life_of(START, end, backdate=hour, made=None) == Life(START + hour, end)
    assert life_of(START, end, backdate=hour, made=START + SECOND) == Life(START + SECOND, end)
    assert life_of(START, end, backdate=hour, made=end) == Life(START + hour, end)
    assert life_of(START, end, backdate=2 * hour, made=None) == Life(START, end)


def test_jitter_belongs_to_the_certificate_and_is_spread() -> None:
    fractions = [fraction_of(serial) for serial in range(1000)]
    assert fractions == [fraction_of(serial) for serial in range(1000)]
    assert 0.45 < sum(fractions) / 1000 < 0.55
    assert min(fractions) < 0.01 < 0.99 < max(fractions) < 1


def test_health() -> None:
    life = Life(START, START + timedelta(hours=48))
    due = life.at(0.5)
    for share, health in [
        (0.0, Health.FRESH),
        (0.5, Health.DUE),
        (0.7, Health.DUE),
        (0.76, Health.LATE),
        (1.0, Health.LATE),
        (1.01, Health.EXPIRED),
    ]:
        assert health_of(life, now=life.at(share), due=due) is health
    assert health_of(None, now=START, due=START) is Health.MISSING
