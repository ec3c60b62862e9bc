"""An eye on servers: who is due, what changes, what Prometheus is told."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prometheus_client.parser import text_string_to_metric_families

from rootlet.demo.liars import Liar, liar_by
from rootlet.errors import Environment
from rootlet.roughtime import Exchange, Measurement, Sample, Watch, raw_public_key, wait_after
from rootlet.roughtime.measure import Question
from support.commands import Run
from support.report_checker import check_report

NOW = 1_795_000_000
STEADY = 1000.0


def told(server: str, midpoint: int, *, radius: int = 3, at: float = STEADY) -> Exchange:
    sample = Sample(midpoint, radius, 1)
    return Exchange(server, b"", Question(b"", b""), b"", sample, at - 0.02, at)


def missed(server: str) -> tuple[str, Environment]:
    return server, Environment(f"no answer from {server}", hint="")


def metrics(watch: Watch) -> dict[tuple[str, str], float]:
    return {
        (sample.name.removeprefix("rootlet_time_"), sample.labels.get("server", "")): sample.value
        for family in text_string_to_metric_families(watch.metrics().decode())
        for sample in family.samples
    }


def test_waits_are_the_rfcs() -> None:
    assert [wait_after(n) for n in range(5)] == [0, 1, 1.5, 2.25, 3.375]
    assert wait_after(29) < 86_400 == wait_after(30) == wait_after(10_000)


def test_who_answers_is_always_due_and_who_fails_later_and_later() -> None:
    watch = Watch()
    names = ["a", "b"]
    now = STEADY
    assert watch.due(names, now) == names
    waits = []
    for _ in range(6):
        watch.take(Measurement((told("a", NOW),), (missed("b"),)), steady=now, wall=NOW)
        assert watch.due(names, now) == ["a"]
        started = now
        while watch.due(names, now) == ["a"]:
            now += 0.25
        waits.append(now - started)
    assert waits == pytest.approx([1, 1.5, 2.25, 3.375, 5.0625, 7.59], abs=0.25)
    watch.take(Measurement((told("b", NOW),), ()), steady=now, wall=NOW)
    assert watch.due(names, now) == names


def test_what_changes_is_told_once() -> None:
    watch = Watch()
    good = Measurement((told("a", NOW), told("b", NOW)), ())
    half = Measurement((told("a", NOW),), (missed("b"),))
    lied = Measurement((told("a", NOW), told("b", NOW - 3600)), ())
    assert watch.take(good, steady=STEADY, wall=NOW) == []
    assert watch.take(half, steady=STEADY, wall=NOW) == ["b: no answer from b"]
    assert watch.take(half, steady=STEADY, wall=NOW) == []
    assert watch.take(good, steady=STEADY, wall=NOW) == ["b answers again"]
    text = "and another server contradict each other: one of them lies"
    assert watch.take(lied, steady=STEADY, wall=NOW) == [f"a {text}", f"b {text}"]
    assert watch.take(lied, steady=STEADY, wall=NOW) == []
    assert watch.contradictions_seen == 2
    assert watch.agreed is None


def test_the_local_clock_is_judged() -> None:
    watch = Watch()
    exchanges = (told("a", NOW, radius=3), told("b", NOW + 1, radius=2))
    watch.take(Measurement(exchanges, ()), steady=STEADY + 4, wall=NOW - 6)
    assert watch.agreed is not None
    assert watch.clock_offset() == pytest.approx(11, abs=0.6)
    error = watch.clock_error()
    assert error == pytest.approx(2, abs=0.6)
    seen = metrics(watch)
    assert seen["clock_offset_seconds", ""] == pytest.approx(11, abs=0.6)
    assert seen["clock_error_seconds", ""] == error
    assert seen["server_offset_seconds", "a"] == pytest.approx(NOW + 0.01 - (NOW - 10), abs=0.1)
    assert seen["consistent", ""] == 1


def test_metrics_of_a_liar_and_of_one_who_never_answered() -> None:
    watch = Watch()
    exchanges = (told("a", NOW), told("b", NOW - 3600))
    watch.take(Measurement(exchanges, (missed("c"),)), steady=STEADY, wall=NOW)
    seen = metrics(watch)
    assert (seen["server_up", "a"], seen["server_up", "c"]) == (1, 0)
    assert (seen["server_contradicts", "b"], seen["server_failures", "c"]) == (1, 1)
    assert (seen["consistent", ""], seen["contradictions", ""]) == (0, 1)
    assert ("server_radius_seconds", "c") not in seen
    assert ("clock_offset_seconds", "") not in seen


@pytest.fixture
def keys() -> list[Ed25519PrivateKey]:
    return [Ed25519PrivateKey.generate() for _ in range(3)]


def maker_of(folder: Path, keys: list[Ed25519PrivateKey], liars: list[Liar]) -> Path:
    text = 'profile = "c25519"\n[maker]\nname = "Mine"\n'
    for key, liar in zip(keys, liars, strict=True):
        public_key = base64.b64encode(raw_public_key(key)).decode()
        text += f'[[time.servers]]\nname = "one"\naddress = "{liar.address}"\n'
        text += f'public_key = "{public_key}"\n'
    (folder / "rootlet.toml").write_text(text)
    return folder


def test_the_command(run: Run, tmp_path: Path, keys: list[Ed25519PrivateKey]) -> None:
    """Three of one name, the last of which lies."""
    liars = [Liar(liar_by(late, key)) for late, key in zip((0, 0, -3600), keys, strict=True)]
    maker = maker_of(tmp_path, keys, liars)
    prom, proof = tmp_path / "time.prom", tmp_path / "proof.json"
    asked = ("time", "watch", "--maker", maker, "--rounds", "1", "--report", proof)
    done = run(*asked, "--metrics", prom)
    assert done.code == 0
    assert "contradict each other: one of them lies" in done.out
    assert "no time that all agree on" in done.out
    assert check_report(proof.read_bytes())
    assert b'rootlet_time_server_up{server="one\'"} 1.0' in prom.read_bytes()
    told = run(*asked, "--json").json
    assert len(told["servers"]) == 3
    assert not told["consistent"]
    for liar in liars:
        liar.stop()


def test_it_ends_when_told(tmp_path: Path, keys: list[Ed25519PrivateKey]) -> None:
    liars = [Liar(liar_by(0, keys[0]))]
    maker = maker_of(tmp_path, keys[:1], liars)
    command = [sys.executable, "-m", "rootlet", "time", "watch", "--maker", str(maker), "--json"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["consistent"]
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert time.monotonic() - begun < 5
    liars[0].stop()
