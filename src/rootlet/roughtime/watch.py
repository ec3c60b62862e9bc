"""An eye on several servers for good: who answers, who agrees, and when to ask again. Sans-IO."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from rootlet.roughtime.measure import Interval, contradictions, join
from rootlet.roughtime.udp import Measurement

__all__ = ["BACKOFF", "LONGEST_WAIT", "Watch", "Watched", "wait_after"]

BACKOFF, LONGEST_WAIT = 1.5, 86400.0
"""RFC 10049 section 5: after n failures in a row 1.5^(n-1) seconds, a day at most."""


def wait_after(failures: int) -> float:
    """Seconds before a server is asked again that failed so often, one time after the other."""
    if failures == 0:
        return 0.0
    return float(min(BACKOFF ** min(failures - 1, 64), LONGEST_WAIT))


@dataclass
class Watched:
    """One server, as it was when it was asked last."""

    failures: int = 0
    """Since it answered last."""
    failed_at: float = 0.0
    """Seconds of a clock that nobody sets."""
    reason: str = ""
    """Why the last question had no good answer; empty when it had one."""
    offset: float = 0.0
    """Seconds that the local clock is behind its midpoint."""
    radius: int = 0
    delay: float = 0.0
    contradicts: bool = False
    """It stands in a pair of answers that cannot both be true."""


@dataclass
class Watch:
    """What is known of all of them."""

    servers: dict[str, Watched] = field(default_factory=dict)
    agreed: Interval | None = None
    """What all answers of the last round allow, at its end."""
    measured_at: float = 0.0
    """When that was, by the local clock, seconds since 1970; 0 before the first round."""
    contradictions_seen: int = 0
    """Rounds with a proof that someone lies."""

    def due(self, names: Sequence[str], steady: float) -> list[str]:
        """Whom to ask now: all but those that failed and have still to be waited for."""
        due = []
        for name in names:
            server = self.servers.setdefault(name, Watched())
            if steady - server.failed_at >= wait_after(server.failures) or not server.failures:
                due.append(name)
        return due

    def take(self, measurement: Measurement, *, steady: float, wall: float) -> list[str]:
        """Remember a round that ended at this moment; what has changed since the last, for people.

        ``steady`` is the clock of the exchanges, ``wall`` the local one.
        """
        before = {name: (bool(w.failures), w.contradicts) for name, w in self.servers.items()}
        exchanges = measurement.exchanges
        pairs = contradictions([exchange.sample for exchange in exchanges])
        liars = {exchanges[place].server for pair in pairs for place in pair}
        for name, error in measurement.failures:
            server = self.servers.setdefault(name, Watched())
            server.failures += 1
            server.failed_at, server.reason = steady, error.message
        for exchange in exchanges:
            server = self.servers.setdefault(exchange.server, Watched())
            server.failures, server.reason = 0, ""
            server.radius, server.delay = exchange.sample.radius, exchange.delay
            local = wall - (steady - exchange.received)
            server.offset = exchange.sample.midpoint + exchange.delay / 2 - local
            server.contradicts = exchange.server in liars
        self.agreed = join(exchanges, steady) if exchanges and not pairs else None
        self.measured_at = wall
        self.contradictions_seen += bool(pairs)
        return [
            text
            for name, server in self.servers.items()
            for text in _changes(name, server, *before.get(name, (False, False)))
        ]

    def clock_offset(self) -> float | None:
        """Seconds that the local clock is behind what all agree on; None where nobody agrees."""
        if self.agreed is None:
            return None
        return (self.agreed.earliest + self.agreed.latest) / 2 - self.measured_at

    def clock_error(self) -> float | None:
        """How wrong that offset may be, seconds."""
        return None if self.agreed is None else (self.agreed.latest - self.agreed.earliest) / 2

    def fields(self) -> dict[str, Any]:
        """As JSON has it."""
        offset, error = self.clock_offset(), self.clock_error()
        return {
            "time": round(self.measured_at, 3),
            "consistent": self.agreed is not None,
            "offset": None if offset is None else round(offset, 3),
            "error": None if error is None else round(error, 3),
            "servers": {
                name: {
                    "up": not server.failures,
                    "failures": server.failures,
                    "reason": server.reason or None,
                    "offset": round(server.offset, 3),
                    "radius": server.radius,
                    "delay": round(server.delay, 6),
                    "contradicts": server.contradicts,
                }
                for name, server in self.servers.items()
            },
        }

    def metrics(self) -> bytes:
        """For the textfile collector of Prometheus' node exporter."""
        registry = CollectorRegistry()

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"rootlet_time_{name}", text, labels, registry=registry)

        up = gauge("server_up", "1 when its last answer was good.", "server")
        failures = gauge("server_failures", "Questions in vain since then.", "server")
        offset = gauge("server_offset_seconds", "The local clock is behind it by this.", "server")
        radius = gauge("server_radius_seconds", "What it says it may be wrong by.", "server")
        delay = gauge("server_delay_seconds", "Question to answer.", "server")
        contradicts = gauge("server_contradicts", "1: it or another one lies.", "server")
        for name, server in self.servers.items():
            up.labels(name).set(not server.failures)
            failures.labels(name).set(server.failures)
            contradicts.labels(name).set(server.contradicts)
            if server.radius:
                offset.labels(name).set(server.offset)
                radius.labels(name).set(server.radius)
                delay.labels(name).set(server.delay)
        gauge("measured_seconds", "Last round, seconds since 1970.").set(self.measured_at)
        gauge("consistent", "1 when all answers agreed.").set(self.agreed is not None)
        gauge("contradictions", "Rounds with proof that someone lies, since the start.").set(
            self.contradictions_seen
        )
        behind, error = self.clock_offset(), self.clock_error()
        if behind is not None and error is not None:
            gauge("clock_offset_seconds", "The local clock is behind by this.").set(behind)
            gauge("clock_error_seconds", "How wrong that may be.").set(error)
        return generate_latest(registry)


def _changes(name: str, server: Watched, was_down: bool, contradicted: bool) -> list[str]:
    changes = []
    if bool(server.failures) != was_down:
        changes.append(f"{name} answers again" if was_down else f"{name}: {server.reason}")
    if server.contradicts and not contradicted:
        changes.append(f"{name} and another server contradict each other: one of them lies")
    return changes
