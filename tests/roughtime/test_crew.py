"""The server's processes: one that dies is replaced, each tells Prometheus, systemd takes them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from rootlet.cli.time_crew import MetricsFile
from rootlet.roughtime import Drop, Target, ask, key_from_text, parse_address
from support.commands import Run
from support.processes import LOOPBACK, tool
from support.roughtime import KEY
from support.roughtime import listener as listener_of

SOON = 15.0
FILES = ("time", "time-1")


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def served(run: Run, folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], Target]]:
    assert run("time", "keygen", "north", "--maker", folder).code == 0
    command = [sys.executable, "-m", "rootlet", "time", "serve", "--radius", "3", "--json"]
    command += ["--key", str(folder / "time" / "north.key"), "--listen", f"{LOOPBACK}:0"]
    with subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        key = key_from_text(said["public_key"])
        yield process, Target("north", parse_address(said["address"]), key)
        process.terminate()


def children_of(process: subprocess.Popen[str]) -> list[int]:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
    return [int(word) for word in listed.split()]


def test_a_process_that_dies_is_replaced(run: Run, tmp_path: Path) -> None:
    with served(run, tmp_path, "--processes", "3") as (process, target):
        wait_for(lambda: len(children_of(process)) == 2)
        before = children_of(process)
        os.kill(before[0], signal.SIGKILL)
        wait_for(lambda: len(set(children_of(process)) - set(before)) == 1)
        assert before[1] in children_of(process)
        for _ in range(12):  # the kernel spreads them over all three sockets
            assert ask(target, timeout=SOON).delay < 1
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=SOON)
        assert process.returncode == 0
        assert f"process {before[0]} has ended; another one takes its place" in err
        assert not any(Path(f"/proc/{child}").exists() for child in before)


def values(text: bytes) -> dict[str, float]:
    return {
        " ".join([sample.name.removeprefix("rootlet_time_server_"), *sample.labels.values()]): (
            sample.value
        )
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_each_process_writes_its_own_metrics(run: Run, tmp_path: Path) -> None:
    prom = tmp_path / "time.prom"
    with served(run, tmp_path, "--processes", "2", "--metrics", str(prom)) as (process, target):
        for _ in range(20):
            ask(target, timeout=SOON)
        wait_for((tmp_path / "time-1.prom").exists)
        process.terminate()
        _, err = process.communicate(timeout=SOON)
        assert process.returncode == 0, err
    first, second = (
        values((tmp_path / name).read_bytes()) for name in ("time.prom", "time-1.prom")
    )
    assert set(first) == {name.replace(" 1", " 0", 1) for name in second}
    assert first["radius_seconds 0"] == second["radius_seconds 1"] == 3
    assert first["silent 0"] == 0


def test_what_is_counted(tmp_path: Path) -> None:
    with closing(listener_of()) as listener:
        thread = threading.Thread(target=listener.run)
        thread.start()
        ask(Target("one", listener.address, KEY), timeout=SOON)
        listener.server.dropped[Drop.FORMAT] += 5
        listener.stop()
        thread.join(SOON)
        file = MetricsFile(tmp_path / "time.prom", 0, print)
        file.write(listener)
    seen = values((tmp_path / "time.prom").read_bytes())
    assert (seen["answers_total 0"], seen["dropped_total 0 format"]) == (1, 5)
    assert {name for name in seen if name.startswith("dropped")} == {
        f"dropped_total 0 {reason.value}" for reason in Drop
    }


def test_metrics_that_cannot_be_written_are_told_of_once(tmp_path: Path) -> None:
    said: list[str] = []
    file = MetricsFile(tmp_path / "none" / "time.prom", 0, said.append)
    (tmp_path / "none").write_text("not a folder")
    with closing(listener_of()) as listener:
        for _ in range(3):
            file._written = None
            file.write(listener)
    assert len(said) == 1
    assert said[0].startswith("no metrics: ")


@pytest.mark.parametrize("secret", ["--key", "--online"])
@pytest.mark.parametrize("port", [5319, 53])
def test_the_unit_is_accepted_by_systemd_and_hardened(
    run: Run, tmp_path: Path, secret: str, port: int
) -> None:
    options = [secret, tmp_path / "north.key", "--listen", f"0.0.0.0:{port}", "--processes", "2"]
    if secret == "--online":
        options += ["--delegation", tmp_path / "north.delegation"]
    done = run("time", "unit", *options, "--metrics", tmp_path / "time.prom")
    assert done.code == 0
    assert "LoadCredential=key0:" in done.out
    assert f"{secret} %d/key0" in done.out
    assert ("=CAP_NET_BIND_SERVICE" in done.out) == (port == 53)
    unit = tmp_path / "rootlet-time.service"
    unit.write_text(done.out, encoding="utf-8")
    analyze = tool("systemd-analyze", "systemd")
    checked = subprocess.run(
        [analyze, "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    rated = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=20", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert rated.returncode == 0, rated.stdout[-500:]


def test_what_no_unit_can_be_made_of(run: Run, tmp_path: Path) -> None:
    listen = ("--listen", "0.0.0.0:5319")
    for options in (
        listen,
        (*listen, "--online", tmp_path / "a"),
        (*listen, "--key", tmp_path / "a b"),
        (*listen, "--key", tmp_path / "a", "--program", "rootlet"),
        ("--listen", "here", "--key", tmp_path / "a"),
    ):
        assert run("time", "unit", *options).code == 2
