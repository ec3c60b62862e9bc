"""What Prometheus is told of a gateway."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.gateway_maker import SECRET
from support.gateway_rig import Rig, request

serving = importlib.import_module("rootlet.gateway.serve")
"""The module: the package has a function of that name."""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Rig]:
    with Rig(tmp_path) as rig:
        yield rig


def values(text: bytes) -> dict[str, float]:
    """By name, with the values of its labels behind it, in the order of the labels' names."""
    return {
        " ".join([sample.name.removeprefix("rootlet_gateway_"), *sample.labels.values()]): (
            sample.value
        )
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def told(rig: Rig) -> dict[str, float]:
    async def now() -> bytes:
        return rig.server.metrics()

    text: bytes = rig.run(now())
    assert SECRET.encode() not in text
    assert b"sensor-1" not in text, "devices are in the log"
    return values(text)


def test_requests_refusals_and_bytes_are_counted(own: Rig) -> None:
    with own.device() as device:
        assert device.ask(request("/plain/x", method="POST", body=b"12345")).status == 200
        assert device.ask(request("/plain/x")).status == 200
        assert device.ask(request("/none/x")).status == 404
        seen = told(own)
        assert seen["devices"] == 1
    assert seen["requests_total plain 200"] == 2
    assert seen["requests_total  404"] == 1
    assert seen["refused_total no_such_route "] == 1
    assert seen["body_bytes_total received plain"] == 5
    assert seen["body_bytes_total sent plain"] == 10
    assert seen["request_seconds_count plain"] == 2
    assert seen["upstream_connections_opened plain"] == 1
    own.run(asyncio.sleep(0.1))
    assert told(own)["devices"] == 0


def test_they_are_written_and_a_full_disk_silences_only_them(
    own: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "METRICS_SECONDS", 0.02)
    folder = tmp_path / "metrics"

    async def write() -> None:
        task = asyncio.get_running_loop().create_task(
            serving._write_metrics(own.server, folder / "gateway.prom")
        )
        await asyncio.sleep(0.2)
        task.cancel()

    folder.write_text("not a folder", encoding="ascii")
    own.run(write())
    assert len(own.lines("metrics_not_written")) == 1
    folder.unlink()
    folder.mkdir()
    assert own.ask(request("/plain/x")).status == 200
    own.run(write())
    assert values((folder / "gateway.prom").read_bytes())["requests_total plain 200"] == 1
