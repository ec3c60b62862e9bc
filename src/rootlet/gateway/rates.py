"""How often a route, and each device on it, may be asked: token buckets, filled by time alone.

A bucket holds a minute's worth, so that a device may ask several times in a row and then less
often; nothing here reads a clock.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from rootlet.gateway.model import Route

__all__ = ["Rates"]

MINUTE = 60.0

MANY_BUCKETS = 16384
"""From here on those that are full again are forgotten: a full one says nothing."""


class _Bucket:
    """Tokens, one for each request; full at the beginning."""

    __slots__ = ("filled_at", "per_second", "room", "tokens")

    def __init__(self, per_minute: int, now: float) -> None:
        self.room = float(per_minute)
        self.per_second = per_minute / MINUTE
        self.tokens, self.filled_at = self.room, now

    def wait(self, now: float) -> float:
        """Seconds until there is a token."""
        self.tokens = min(self.room, self.tokens + (now - self.filled_at) * self.per_second)
        self.filled_at = now
        return 0.0 if self.tokens >= 1 else (1 - self.tokens) / self.per_second

    def full(self, now: float) -> bool:
        return self.wait(now) == 0 and self.tokens == self.room


class Rates:
    """The buckets of all routes."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._limits = {
            route.alias: (route.per_minute, route.device_per_minute) for route in routes
        }
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._tidy_at = MANY_BUCKETS

    def change(self, routes: Iterable[Route]) -> None:
        """Take other routes; what was counted for one whose limits are the same still counts."""
        before = self._limits
        self._limits = {each.alias: (each.per_minute, each.device_per_minute) for each in routes}
        self._buckets = {
            key: bucket
            for key, bucket in self._buckets.items()
            if self._limits.get(key[0]) == before[key[0]]
        }

    def take(self, alias: str, device: str, now: float) -> int:
        """Counts one request; 0 when it may go, otherwise the seconds to wait, rounded up.

        ``now`` is of a clock that is never set. A request that may not go costs nothing.
        """
        whole, each = self._limits[alias]
        buckets = []
        if whole:
            buckets.append(self._bucket(alias, "", whole, now))
        if each:
            buckets.append(self._bucket(alias, device, each, now))
        wait = max((bucket.wait(now) for bucket in buckets), default=0.0)
        if wait:
            return math.ceil(wait)
        for bucket in buckets:
            bucket.tokens -= 1
        return 0

    def _bucket(self, alias: str, device: str, per_minute: int, now: float) -> _Bucket:
        key = alias, device
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._tidy_at:
                self._tidy(now)
            bucket = self._buckets[key] = _Bucket(per_minute, now)
        return bucket

    def _tidy(self, now: float) -> None:
        self._buckets = {k: bucket for k, bucket in self._buckets.items() if not bucket.full(now)}
        self._tidy_at = max(MANY_BUCKETS, 2 * len(self._buckets))
