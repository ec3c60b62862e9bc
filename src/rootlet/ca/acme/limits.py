"""How often somebody may ask: a bucket for each, refilled over time."""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from math import ceil

from rootlet.ca.acme.problems import Kind, Problem
from rootlet.maker_ca import AcmeRules

__all__ = ["Bucket", "Limits", "neighbours"]

MOST_BUCKETS = 20_000
"""Whoever was not heard of longest is forgotten first, and begins with a full bucket."""

MINUTE, HOUR = 60.0, 3600.0


class Bucket:
    """At most ``most`` in any ``seconds``, for each key; 0 for no limit."""

    def __init__(self, most: int, seconds: float, what: str, clock: Callable[[], float]) -> None:
        self._most = most
        self._seconds = seconds
        self._what = what
        self._clock = clock
        self._lock = threading.Lock()
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Count one; ``Problem`` rateLimited says when to come back."""
        if not self._most:
            return
        with self._lock:
            wait = self._wait(key)
        if wait > 0:
            seconds = ceil(wait)
            raise Problem(
                Kind.RATE_LIMITED,
                f"more than {self._most} {self._what}: try again in {seconds} seconds",
                headers={"Retry-After": str(seconds)},
            )

    def _wait(self, key: str) -> float:
        now = self._clock()
        level, then = self._levels.pop(key, (float(self._most), now))
        rate = self._most / self._seconds
        level = min(self._most, level + (now - then) * rate)
        enough = level >= 1
        self._levels[key] = (level - 1 if enough else level, now)
        if len(self._levels) > MOST_BUCKETS:
            self._levels.popitem(last=False)
        return 0.0 if enough else (1 - level) / rate


@lru_cache(maxsize=4096)
def neighbours(address: str) -> str:
    """Whom a client is counted with: of IPv6 everybody has 2**64 addresses at least."""
    try:
        return str(ipaddress.ip_network((address, 64), strict=False))
    except ValueError:  # IPv4 and what is no address
        return address


class Limits:
    """The limits of [ca.acme], each node by itself."""

    def __init__(self, rules: AcmeRules, clock: Callable[[], float]) -> None:
        per_address = rules.requests_per_minute
        self.requests = Bucket(per_address, MINUTE, "requests a minute from one address", clock)
        self.accounts = Bucket(
            rules.accounts_per_hour, HOUR, "new accounts an hour from one address", clock
        )
        self.orders = Bucket(rules.orders_per_hour, HOUR, "orders an hour for one account", clock)
