"""What Roughtime says, for the CA, which does not speak it itself."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import click

from rootlet.ca import Measured, TimeSource
from rootlet.cli.time_servers import targets_of
from rootlet.errors import Refused
from rootlet.maker import Maker
from rootlet.roughtime import contradictions, join, take_measurement

__all__ = ["RoughtimeClock", "offline_option", "time_source"]

QUESTION_SECONDS = 1.5
"""For each question; every server is asked twice, and commands wait for it."""

KEEP_SECONDS = 600.0
"""A measurement serves for that long before the servers are asked again."""

TRUST_SECONDS = 86400.0
"""And for that long when they do not answer then: a crystal is off by seconds a day at most, and
the clock that is held against it is the one that people set."""

PROGRESS_SECONDS = 2.0

offline_option = click.option(
    "--offline",
    is_flag=True,
    help="Do without Roughtime: you looked at this machine's clock yourself.",
)


class RoughtimeClock:
    """Asks the servers of rootlet.toml, and goes on from their answers by a clock nobody sets."""

    def __init__(self, maker: Maker) -> None:
        self._targets = targets_of(maker)
        self._at: float | None = None
        self._earliest = self._latest = 0.0

    def __call__(self) -> Measured:
        """The time now; ``Refused`` when no server gives an answer that can be used."""
        now = time.monotonic()
        if self._at is None or now - self._at > KEEP_SECONDS:
            try:
                self._measure()
            except Refused:
                if self._at is None or now - self._at > TRUST_SECONDS:
                    raise
        assert self._at is not None  # measured above, or before
        passed = time.monotonic() - self._at
        middle = (self._earliest + self._latest) / 2 + passed
        radius = (self._latest - self._earliest) / 2
        return Measured(datetime.fromtimestamp(middle, UTC), timedelta(seconds=radius))

    def _measure(self) -> None:
        said = threading.Timer(
            PROGRESS_SECONDS,
            lambda: click.echo(f"Asking {len(self._targets)} Roughtime servers ...", err=True),
        )
        said.start()
        try:
            measurement = take_measurement(self._targets, timeout=QUESTION_SECONDS)
        finally:
            said.cancel()
        exchanges, now = measurement.exchanges, time.monotonic()
        if not exchanges:
            raise _unknown(f"no Roughtime server answers: {measurement.failures[0][1].message}")
        interval = join(exchanges, now)
        if interval is None or contradictions([exchange.sample for exchange in exchanges]):
            raise _unknown("the Roughtime servers contradict each other")
        self._at, self._earliest, self._latest = now, interval.earliest, interval.latest


def _unknown(message: str) -> Refused:
    return Refused(
        message,
        hint="see what is wrong with rootlet time measure; or look at this machine's clock and "
        "say --offline",
        status="clock-unknown",
    )


def time_source(maker: Maker, *, offline: bool) -> TimeSource | None:
    """What to hold the clock against: nothing where no servers are configured, or by choice."""
    return None if offline or not maker.time_servers else RoughtimeClock(maker)
