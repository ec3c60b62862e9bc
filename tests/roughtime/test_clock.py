"""The server's clock: when it is vouched for, how far, and what a step does."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootlet.roughtime import Clock, Estimate, Reading, kernel_estimate, promised
from rootlet.roughtime.clock_serve import HOLD_SECONDS

START = 1_800_000_000.0
HOUR = 3600.0


@dataclass
class Machine:
    """A clock that can be set, one that cannot, and what disciplines the first."""

    steady: float = 1000.0
    wall: float = START
    estimate: Estimate = field(default_factory=lambda: Estimate(0.01))
    clock: Clock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = Clock(
            lambda: self.estimate, wall=lambda: self.wall, steady=lambda: self.steady
        )

    def passes(self, seconds: float, *, slewed: float = 0.0) -> Reading:
        """Time goes by, read each second as the server does."""
        reading = self.clock.read()
        while seconds > 0:
            part = min(1.0, seconds)
            self.steady += part
            self.wall += part * (1 + slewed)
            seconds -= part
            reading = self.clock.read()
        return reading

    def is_set(self, by: float) -> Reading:
        self.wall += by
        return self.clock.read()


@pytest.mark.parametrize(
    ("error", "radius"), [(0.0, 3), (0.001, 3), (2.0, 3), (2.1, 4), (7.5, 9), (15.99, 17)]
)
def test_the_radius_is_the_clocks_own_error(error: float, radius: int) -> None:
    """With a second for the one that MIDP leaves out, and never less than leap seconds take."""
    reading = Machine(estimate=Estimate(error)).clock.read()
    assert reading == Reading(int(START), radius)


def test_nobody_is_answered_while_nobody_synchronises_the_clock() -> None:
    machine = Machine(estimate=Estimate(None, "nobody does"))
    assert machine.clock.read() == Reading(int(START), 0, "nobody does")
    machine.estimate = Estimate(0.5)
    assert machine.passes(2).radius == 3
    machine.estimate = Estimate(None, "it is lost")
    assert machine.passes(2).reason == "it is lost"


@pytest.mark.parametrize("by", [HOUR, -HOUR, 2.0, -2.0])
def test_a_clock_that_is_set_says_nothing_until_its_source_has_looked_again(by: float) -> None:
    machine = Machine()
    assert machine.passes(10).radius == 3
    assert machine.is_set(by).radius == 0
    assert f"set by {by:+.1f} s" in machine.clock.read().reason
    assert machine.passes(HOLD_SECONDS - 2).radius == 0
    assert machine.passes(3).radius == 3
    assert machine.clock.read().now == int(machine.wall)


def test_a_clock_that_is_set_back_again_is_believed_at_once() -> None:
    machine = Machine()
    assert machine.is_set(HOUR).radius == 0
    machine.passes(5)
    assert machine.is_set(-HOUR).radius == 3


def test_setting_it_again_begins_the_waiting_anew() -> None:
    machine = Machine()
    machine.is_set(HOUR)
    machine.passes(HOLD_SECONDS - 5)
    machine.is_set(HOUR)
    assert machine.passes(HOLD_SECONDS - 5).radius == 0
    assert machine.passes(10).radius == 3


def test_while_it_is_not_synchronised_waiting_does_not_count() -> None:
    machine = Machine()
    machine.is_set(HOUR)
    machine.estimate = Estimate(None, "nobody")
    machine.passes(2 * HOLD_SECONDS)
    machine.estimate = Estimate(0.1)
    assert machine.passes(HOLD_SECONDS - 5).radius == 0
    assert machine.passes(10).radius == 3


def test_a_promise_does_not_outlive_a_step() -> None:
    machine = Machine()
    machine.estimate = promised(5)()
    machine.passes(2)
    assert machine.clock.read().radius == 5
    assert machine.is_set(HOUR).radius == 0
    assert machine.passes(20 * HOLD_SECONDS).radius == 0
    assert "start again" in machine.clock.read().reason
    assert machine.is_set(-HOUR).radius == 5


@given(st.lists(st.floats(-0.09, 0.09), max_size=50))
def test_slewing_is_no_step(rates: list[float]) -> None:
    machine = Machine()
    for rate in rates:
        assert machine.passes(1, slewed=rate).radius == 3


def test_the_kernel_says_something() -> None:
    known = kernel_estimate()
    assert (known.error is None) == bool(known.reason)
    if known.error is not None:
        assert 0 <= known.error <= 16.1  # where the kernel itself gives up
