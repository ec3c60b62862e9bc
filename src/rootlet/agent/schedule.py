"""When a certificate is replaced, when it is tried again, and when to be alarmed. Pure.

A life goes from when the certificate was made to its end; its allowance for slow clocks, before
that, does not count::

    made            9/20  1/2        2/3      3/4               end
     |---------------|-----|----------|--------|-----------------|
                     renewed here     |        less than a quarter is left: alarm
     |---- as the CA says (ARI) ------|        tries go on to the end and after it

After a failure the next try comes after a pause that doubles, and is never longer than a part of
what is left: so several tries fit before the end whatever the lifetime is.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = [
    "TRIES_LEFT",
    "Attempts",
    "Health",
    "Life",
    "Window",
    "ask_again_at",
    "due_at",
    "fraction_of",
    "health_of",
    "life_of",
    "next_try",
    "pause_after",
]

EARLIEST_SHARE, HALF = 0.45, 0.5
"""Renewed between these parts of a life: spread, so that a fleet does not come at once."""

SOONEST_SHARE = 0.05
"""A window of the CA's is not followed earlier: one that always says "now" would make a loop."""

LATEST_SHARE = 2 / 3
"""A window of the CA's is not followed later: a third of the life is left for tries."""

ALARM_SHARE = 0.25
"""When less than this part of its life is left, somebody has to look."""

TRIES_LEFT = 8
"""The pause after a failure is at most what is left divided by this and one more."""

FIRST_SHARE = 1 / 400
"""First pause after a failure, as a part of the life: 7 minutes of 48 hours."""

SHORTEST_SHARE = 1 / 2000
"""Shortest pause, likewise: 86 seconds of 48 hours."""

SHORTEST, LONGEST = timedelta(seconds=1), timedelta(hours=1)
"""No pause is shorter or longer than these, whatever the lifetime."""

NO_LIFE = timedelta(hours=1)
"""Pauses without a certificate are as for one that lives so long: somebody is waiting for it."""

ASK_SHARE = 1 / 20
"""How often the CA is asked for its window when it does not say, as a part of the life."""

SOONEST_ASK, LATEST_ASK = timedelta(minutes=1), timedelta(days=1)
"""RFC 9773 section 4.3.2: Retry-After is held between limits."""

SOONEST_ASK_SHARE = 1 / 20
"""For lives so short that a minute is a large part of them."""


@dataclass(frozen=True)
class Life:
    """One certificate's life."""

    start: datetime
    """When it was made, as near as is known."""
    end: datetime

    @property
    def length(self) -> timedelta:
        """From start to end, a second at least."""
        return max(self.end - self.start, timedelta(seconds=1))

    def at(self, share: float) -> datetime:
        """The moment when this part of the life is over."""
        return self.start + self.length * share


@dataclass(frozen=True)
class Window:
    """When the CA wants the certificate replaced (RFC 9773 section 4.2)."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Attempts:
    """What was tried in vain since the last success."""

    failures: int = 0
    last: datetime | None = None
    """When the last try ended."""


class Health(StrEnum):
    """What to think of a certificate."""

    FRESH = "fresh"
    DUE = "due"
    """Time to replace it; nothing to worry about."""
    LATE = "late"
    """Less than a quarter of its life is left: the alarm."""
    EXPIRED = "expired"
    MISSING = "missing"
    """There is none yet."""


def life_of(
    not_before: datetime, not_after: datetime, *, backdate: timedelta, made: datetime | None
) -> Life:
    """The life of a certificate.

    ``made`` is when it was received, where that was written down. Otherwise the profile's allowance
    for slow clocks is taken off, unless the certificate is too short to have it.
    """
    if made is not None and not_before <= made < not_after:
        return Life(made, not_after)
    start = not_before + backdate
    return Life(start if start < not_after else not_before, not_after)


def fraction_of(serial: int) -> float:
    """A number in [0, 1) that belongs to a certificate: jitter that survives a restart."""
    digest = hashlib.sha256(b"rootlet agent jitter %x" % serial).digest()
    return int.from_bytes(digest[:6]) / (1 << 48)


def due_at(life: Life, *, fraction: float, window: Window | None) -> datetime:
    """When to replace a certificate, before any failure; ``fraction`` is its own of [0, 1)."""
    if window is None or window.end < window.start:
        return life.at(EARLIEST_SHARE + (HALF - EARLIEST_SHARE) * fraction)
    # The moment is picked in the window, RFC 9773 section 4.2, and then held inside the life.
    wanted = window.start + (window.end - window.start) * fraction
    return min(max(wanted, life.at(SOONEST_SHARE)), life.at(LATEST_SHARE))


def pause_after(life: Life | None, attempts: Attempts, *, fraction: float) -> timedelta:
    """How long to wait after the last of ``attempts``; ``life`` is None without a certificate.

    ``fraction`` is random in [0, 1): the pause is between half and all of the doubled one.
    """
    length = NO_LIFE if life is None else life.length
    shortest = min(max(length * SHORTEST_SHARE, SHORTEST), LONGEST)
    doubled = length * FIRST_SHARE * float(2 ** min(max(attempts.failures - 1, 0), 32))
    left = length if life is None or attempts.last is None else life.end - attempts.last
    # After the end, as often as just before the alarm: it is urgent, but not for a loop.
    most = (left if left > timedelta(0) else length * ALARM_SHARE) / (TRIES_LEFT + 1)
    return max(min(doubled, most, LONGEST) * (0.5 + fraction / 2), shortest)


def next_try(
    life: Life | None, attempts: Attempts, *, now: datetime, due: datetime, random: float
) -> datetime:
    """When to try next: when it is due, but not before the pause after a failure is over.

    A last try in the future is one by a clock that was set back since: it does not count.
    """
    if attempts.failures == 0 or attempts.last is None or attempts.last > now:
        return due
    return max(due, attempts.last + pause_after(life, attempts, fraction=random))


def ask_again_at(life: Life, *, now: datetime, retry_after: timedelta | None) -> datetime:
    """When to ask the CA for its window again; ``retry_after`` is what it said, None if nothing."""
    soonest = min(SOONEST_ASK, life.length * SOONEST_ASK_SHARE)
    wanted = life.length * ASK_SHARE if retry_after is None else retry_after
    return now + min(max(wanted, soonest), LATEST_ASK)


def health_of(life: Life | None, *, now: datetime, due: datetime) -> Health:
    """What to think of a certificate at ``now``."""
    if life is None:
        return Health.MISSING
    if now > life.end:
        return Health.EXPIRED
    if life.end - now < life.length * ALARM_SHARE:
        return Health.LATE
    return Health.DUE if now >= due else Health.FRESH
