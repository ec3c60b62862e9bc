"""Whether this machine's clock may be believed: nothing is issued when it may not.

    clock-back     earlier than the newest record: a certificate would begin before the last one
    clock-differs  further from Roughtime than [ca] clock_limit_seconds allows
    clock-unknown  Roughtime servers are configured and none gave a usable answer

The measurement comes from above: this part does not speak Roughtime.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from rootlet.errors import Refused

__all__ = [
    "BACK_TOLERANCE",
    "ClockGuard",
    "Measured",
    "TimeSource",
    "check_clock_back",
    "check_measured",
]

BACK_TOLERANCE = timedelta(minutes=5)
"""How far behind the newest record a clock may be: nodes that share a record differ by seconds, a
clock that is stepped after a start by a little more. Far below the profile's backdating."""

CHECK_AGAIN = timedelta(seconds=10)
"""How long a clock that was right is taken to be: a factory line makes thousands in that time."""


@dataclass(frozen=True)
class Measured:
    """What Roughtime says the time is, at the moment that it is asked for."""

    midpoint: datetime
    radius: timedelta


class TimeSource(Protocol):
    """Asks Roughtime, or remembers what it said a while ago."""

    def __call__(self) -> Measured:
        """The time now; ``Refused`` with the rule ``clock-unknown`` when nobody can tell."""


def check_clock_back(now: datetime, newest: datetime | None) -> None:
    """``Refused`` when ``now`` is before the newest record by more than the tolerance."""
    if newest is not None and now < newest - BACK_TOLERANCE:
        raise Refused(
            f"this machine's clock says {now:%Y-%m-%d %H:%M:%S} UTC, "
            f"but the newest certificate was made at {newest:%Y-%m-%d %H:%M:%S} UTC",
            hint="set the clock; if that record's clock was the wrong one, write its serial "
            "(rootlet ca list --all) to clock_after_serial in [ca]",
            status="clock-back",
        )


def check_measured(now: datetime, measured: Measured, *, limit: timedelta) -> None:
    """``Refused`` when ``now`` is further than ``limit`` outside of what was measured."""
    off = abs(now - measured.midpoint) - measured.radius
    if off > limit:
        raise Refused(
            f"this machine's clock says {now:%Y-%m-%d %H:%M:%S} UTC, "
            f"Roughtime {measured.midpoint:%Y-%m-%d %H:%M:%S} UTC",
            hint="set the clock, or remove the server that is wrong: rootlet time measure",
            status="clock-differs",
        )


class ClockGuard:
    """Both checks, made again after a while and whenever the clock goes back."""

    def __init__(
        self,
        newest: Callable[[], datetime | None],
        source: TimeSource | None,
        limit: timedelta,
    ) -> None:
        self._newest, self._source, self._limit = newest, source, limit
        self._right_at: datetime | None = None

    def check(self, now: datetime) -> None:
        """``Refused`` when ``now`` may not be believed."""
        checked = self._right_at
        if checked is not None and timedelta(0) <= now - checked < CHECK_AGAIN:
            return
        check_clock_back(now, self._newest())
        if self._source is not None:
            check_measured(now, self._source(), limit=self._limit)
        self._right_at = now
