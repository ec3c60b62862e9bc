"""What went through the gateway, for the textfile collector of Prometheus' node exporter.

Names of routes are the maker's, so labels are few; devices are in the log, not here. Counting costs
a microsecond with each request; the library's own counters would take ten.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

__all__ = ["GatewayMetrics"]

MILLISECONDS = (10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1e3, 2.5e3, 5e3, 1e4, 3e4)
"""Bounds of the histogram: from what a service nearby takes to a route's usual timeout."""

PREFIX = "rootlet_gateway_"


class _Times:
    """How long a route's requests took."""

    def __init__(self) -> None:
        self.counts = [0] * (len(MILLISECONDS) + 1)
        self.sum = 0.0

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative, as Prometheus has them."""
        found, total = [], 0
        for bound, count in zip((*MILLISECONDS, float("inf")), self.counts, strict=True):
            total += count
            found.append(("+Inf" if bound == float("inf") else str(bound / 1000), float(total)))
        return found


class GatewayMetrics:
    """Counters of one process."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, int]] = Counter()
        self._refused: Counter[tuple[str, str]] = Counter()
        self._received: Counter[str] = Counter()
        self._sent: Counter[str] = Counter()
        self._times: dict[str, _Times] = {}

    def request(
        self,
        *,
        route: str,
        status: int,
        received: int,
        sent: int,
        milliseconds: float,
        error: str | None,
    ) -> None:
        """One request, as the log has it."""
        self._requests[route, status] += 1
        if error is not None:
            self._refused[route, error] += 1
        self._received[route] += received
        self._sent[route] += sent
        times = self._times.get(route)
        if times is None:
            times = self._times[route] = _Times()
        times.counts[bisect_left(MILLISECONDS, milliseconds)] += 1
        times.sum += milliseconds

    def text(self, *, devices: int, opened: Mapping[str, int]) -> bytes:
        """All of it; ``opened`` by route."""
        collect = self._families

        class All(Collector):
            def collect(self) -> Iterator[Metric]:
                return collect(devices, opened)

        registry = CollectorRegistry()
        registry.register(All())
        return generate_latest(registry)

    def _families(self, devices: int, opened: Mapping[str, int]) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            f"{PREFIX}requests",
            "Requests by route and status; no route where none was asked for by its name.",
            labels=["route", "status"],
        )
        for (route, status), count in self._requests.items():
            requests.add_metric([route, str(status)], count)
        refused = CounterMetricFamily(
            f"{PREFIX}refused", "Those refused or cut, by reason.", labels=["route", "error"]
        )
        for (route, error), count in self._refused.items():
            refused.add_metric([route, error], count)
        moved = CounterMetricFamily(
            f"{PREFIX}body_bytes", "Bytes of bodies.", labels=["route", "direction"]
        )
        for direction, counts in (("received", self._received), ("sent", self._sent)):
            for route, count in counts.items():
                moved.add_metric([route, direction], count)
        seconds = HistogramMetricFamily(
            f"{PREFIX}request_seconds",
            "From a request's first byte to its answer's last.",
            labels=["route"],
        )
        for route, times in self._times.items():
            seconds.add_metric([route], times.buckets(), times.sum / 1000)
        connections = GaugeMetricFamily(
            f"{PREFIX}upstream_connections_opened",
            "Connections opened to a route's upstream since its pool was made.",
            labels=["route"],
        )
        for route, count in opened.items():
            connections.add_metric([route], count)
        connected = GaugeMetricFamily(f"{PREFIX}devices", "Devices connected now.", value=devices)
        yield from (requests, refused, moved, seconds, connections, connected)
