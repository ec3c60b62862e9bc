"""One named deadline per connection, cheap enough to be moved with every read.

HEADER     a request began, its head is not complete         408, or closed
BODY       the device neither sends its body nor reads       408, or cut off
IDLE       nothing is under way                              closed
LINGER     a refusal is on its way to a device still sending closed
UPSTREAM   the upstream owes an answer, or more of it        504, or cut off
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum, auto

__all__ = ["Deadline", "Wait"]

_SHORTEST_SECONDS = 0.001


class Wait(Enum):
    """What is waited for."""

    HEADER = auto()
    BODY = auto()
    IDLE = auto()
    LINGER = auto()
    UPSTREAM = auto()


class Deadline:
    """Calls ``expired`` once when the wait that was set last is over.

    Moving a deadline into the future only stores a number; the timer looks again when it fires.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, expired: Callable[[Wait], None]) -> None:
        self._loop = loop
        self._expired = expired
        self._wait: Wait | None = None
        self._at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def set(self, wait: Wait, seconds: float) -> None:
        """Wait for ``wait``, from now, instead of what was waited for."""
        self._wait = wait
        self._at = self._loop.time() + seconds
        if self._timer is not None and self._timer.when() > self._at:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_later(seconds, self._fire)

    def pause(self) -> None:
        """Wait for nothing for now; the timer stays, so that going on costs nothing."""
        self._wait = None

    def clear(self) -> None:
        """Wait for nothing any more."""
        self._wait = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self) -> None:
        self._timer = None
        wait = self._wait
        if wait is None:
            return
        left = self._at - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(max(left, _SHORTEST_SECONDS), self._fire)
        else:
            self._wait = None
            self._expired(wait)
