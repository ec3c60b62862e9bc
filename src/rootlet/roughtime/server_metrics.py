"""What a server has done so far, for the textfile collector of Prometheus' node exporter."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from rootlet.roughtime.clock_serve import Reading
from rootlet.roughtime.server import Drop, Server

__all__ = ["server_metrics"]


def server_metrics(
    server: Server, reading: Reading, *, answered: int, let_go: int, process: int
) -> bytes:
    """One process' counters; the label ``process`` tells those that share a port apart."""
    label = [str(process)]

    class All(Collector):
        def collect(self) -> list[Metric]:
            def counter(name: str, text: str, *more: str) -> CounterMetricFamily:
                return CounterMetricFamily(
                    f"rootlet_time_server_{name}", text, labels=["process", *more]
                )

            answers = counter("answers", "Responses sent.")
            answers.add_metric(label, answered)
            dropped = counter("dropped", "Requests that got no response, by reason.", "reason")
            for reason in Drop:
                dropped.add_metric([*label, reason.value], server.dropped[reason])
            gone = counter("connections_let_go", "TCP: stalled, flooded, or sent garbage.")
            gone.add_metric(label, let_go)
            gauges = [
                GaugeMetricFamily(f"rootlet_time_server_{name}", text, labels=["process"])
                for name, text in (
                    ("silent", "1 while the clock is not to be vouched for."),
                    ("radius_seconds", "RADI; 0 while it is silent."),
                )
            ]
            for gauge, value in zip(gauges, (bool(reading.reason), reading.radius), strict=True):
                gauge.add_metric(label, value)
            return [answers, dropped, gone, *gauges]

    registry = CollectorRegistry()
    registry.register(All())
    return generate_latest(registry)
