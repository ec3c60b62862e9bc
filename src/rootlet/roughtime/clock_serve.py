"""How wrong this machine's clock may be, and whether it can be vouched for at all.

A Roughtime server signs that true time is within RADI of what it says (RFC 10049 section 5.2.3).
So the radius comes from whoever disciplines the clock; where nobody does, or the clock was just
set, the server says nothing.
"""

from __future__ import annotations

import ctypes
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

__all__ = ["Clock", "Estimate", "Reading", "kernel_estimate", "promised"]

LEAST_RADIUS = 3
"""Seconds: the least for a server that knows nothing of leap seconds (section 5.2.3)."""

TRUNCATED = 1
"""Seconds: MIDP is a whole one, so the clock may be up to a second further on."""

LOOK_SECONDS = 1.0
"""Between two looks at the estimate: what disciplines a clock takes longer to change its mind."""

STEP_SECONDS = 0.5
"""More than this at once is a step; slewing moves a clock by a tenth of what passes, at most."""

SLEW = 0.1

HOLD_SECONDS = 64.0
"""How long a clock that was set has to be called synchronised before it is believed again: the
shortest poll of NTP (RFC 5905 section 7.2), after which whoever set it has looked again."""

STA_UNSYNC = 0x40
"""adjtimex(2): nobody disciplines the clock, or not any more."""


@dataclass(frozen=True)
class Estimate:
    """What is known of the clock's error."""

    error: float | None
    """Seconds, at most; None when nobody says."""
    reason: str = ""
    """Why nobody does, for people."""
    lasting: bool = False
    """It is a promise made once, and says nothing of a clock that was set since."""


@dataclass(frozen=True)
class Reading:
    """The time, and how far it may be from the truth."""

    now: int
    """Seconds since 1970."""
    radius: int
    """RADI; 0 when the clock is not to be vouched for."""
    reason: str = ""
    """Why not, for people."""


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2), as far as it is read, with room for the rest."""

    _fields_: ClassVar = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    ]


def kernel_estimate() -> Estimate:
    """What the kernel was told by chrony, ntpd or systemd-timesyncd, by adjtimex(2)."""
    state = _Timex()
    try:
        if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(state)) < 0:
            return Estimate(None, "the kernel does not say how wrong the clock is")
    except (OSError, AttributeError):
        return Estimate(None, "this system does not say how wrong its clock is")
    if state.status & STA_UNSYNC:
        return Estimate(None, "the kernel says that nobody synchronises the clock")
    return Estimate(state.maxerror / 1e6)


def promised(radius: int) -> Callable[[], Estimate]:
    """A radius that whoever runs the server stands for."""
    estimate = Estimate(float(radius - TRUNCATED), lasting=True)
    return lambda: estimate


class Clock:
    """Reads the time; says why it cannot be vouched for, and comes back by itself."""

    def __init__(
        self,
        estimate: Callable[[], Estimate],
        *,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """``wall`` is the clock in question, ``steady`` one that nobody sets."""
        self._estimate, self._wall, self._steady = estimate, wall, steady
        self._looked = self._read = steady()
        self._offset = wall() - self._read
        self._known = estimate()
        self._set_at: float | None = None
        self._set_by = 0.0

    def read(self) -> Reading:
        """The time now, and its radius."""
        steady, wall = self._steady(), self._wall()
        if steady - self._looked >= LOOK_SECONDS:
            self._looked, self._known = steady, self._estimate()
        self._follow(wall - steady, steady)
        now = int(wall)
        if self._set_at is not None:
            return Reading(now, 0, self._why_set())
        if self._known.error is None:
            return Reading(now, 0, self._known.reason)
        radius = math.ceil(self._known.error) + TRUNCATED
        return Reading(now, radius if self._known.lasting else max(LEAST_RADIUS, radius))

    def _follow(self, offset: float, steady: float) -> None:
        """Tell a clock that is set from one that is slewed."""
        moved, slack = offset - self._offset, STEP_SECONDS + SLEW * (steady - self._read)
        self._read = steady
        if abs(moved) <= slack:
            self._set_at, self._offset = None, offset
        elif self._set_at is None or abs(moved - self._set_by) > slack:
            self._set_at, self._set_by = steady, moved
        elif not self._known.lasting and self._known.error is not None:
            if steady - self._set_at >= HOLD_SECONDS:
                self._set_at, self._offset = None, offset
        else:
            self._set_at = self._set_at if self._known.lasting else steady

    def _why_set(self) -> str:
        after = "start again when it is right" if self._known.lasting else "waiting for its source"
        return f"the clock was set by {self._set_by:+.1f} s: {after}"
