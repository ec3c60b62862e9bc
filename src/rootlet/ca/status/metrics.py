"""The CA in Prometheus's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from rootlet.ca.status.overview import Overview, Standing, standing
from rootlet.pki import Kind

__all__ = ["Metrics"]

UNNAMED = "other"
"""The rule of a refusal that carries none."""


class Metrics:
    """What is counted while the service runs, and what the record says when it is asked."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._refused = Counter(
            "rootlet_ca_refused",
            "Requests refused since the service started, by the rule that refused.",
            ["rule"],
            registry=self._registry,
        )

    def refused(self, rule: str | None) -> None:
        """Count a refusal by the name of its rule."""
        self._refused.labels(rule or UNNAMED).inc()

    def text(self, overview: Overview, now: datetime) -> bytes:
        """The text exposition format."""
        state = CollectorRegistry(auto_describe=False)
        state.register(_State(lambda: _families(overview, now)))
        return generate_latest(state) + generate_latest(self._registry)


class _State(Collector):
    def __init__(self, families: Callable[[], Iterator[Metric]]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return self._families()


def _families(overview: Overview, now: datetime) -> Iterator[Metric]:
    ends = GaugeMetricFamily(
        "rootlet_ca_certificate_expiry_seconds",
        "Seconds until the newest certificate of a name ends; negative after that.",
        labels=["kind", "name"],
    )
    late = GaugeMetricFamily(
        "rootlet_ca_renewal_late",
        "1 where a server's certificate should have been replaced by now, else 0.",
        labels=["name"],
    )
    for certificate in (*overview.authorities, *overview.servers):
        how = standing(certificate, now)
        if how is Standing.FORGOTTEN and certificate.kind is Kind.SERVER:
            continue
        left = (certificate.not_after - now).total_seconds()
        ends.add_metric([certificate.kind.value, certificate.name], left)
        if certificate.kind is Kind.SERVER:
            bad = how in {Standing.LATE, Standing.EXPIRED}
            late.add_metric([certificate.name], float(bad))
    yield ends
    yield late
    issued = CounterMetricFamily(
        "rootlet_ca_issued", "Certificates ever issued, by kind.", labels=["kind"]
    )
    for kind in Kind:
        issued.add_metric([kind.value], overview.issued.get(kind, 0))
    yield issued
    yield GaugeMetricFamily(
        "rootlet_ca_devices", "Devices that have a certificate.", value=overview.devices
    )
