"""The benchmark's own parts: the load in C asks a real server, and what came back is verified."""

from __future__ import annotations

import subprocess
import threading
from contextlib import closing
from pathlib import Path

import pytest
from tools import bench_time

from rootlet.errors import Refused
from support.processes import tool
from support.roughtime import LONG_TERM
from support.roughtime import listener as listener_of


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bench_time.Load:
    monkeypatch.setattr(bench_time, "SECONDS", 0.3)
    program = tmp_path / "time_load"
    warnings = ("-Wall", "-Wextra", "-Wconversion", "-Werror")
    command = [tool("gcc", "gcc"), "-O2", *warnings, "-o", str(program), str(bench_time.SOURCE)]
    subprocess.run(command, check=True)
    return bench_time.Load(program, tmp_path, LONG_TERM, "0")


def test_the_load_counts_answers_and_keeps_some(load: bench_time.Load) -> None:
    with closing(listener_of()) as listener:
        thread = threading.Thread(target=listener.run)
        thread.start()
        try:
            rate = load.rate(listener.address[1], 64)
            assert bench_time.lone(load, listener.address[1]) > 0
        finally:
            listener.stop()
            thread.join(10)
    assert 0 < rate * 0.3 <= listener.answered + 64


def test_the_limit_is_what_an_echo_does(load: bench_time.Load) -> None:
    with bench_time.echo(load, "0") as port:
        assert load.rate(port, 64, verified=False) > 0


def test_a_server_that_answers_nothing_good_is_not_counted(load: bench_time.Load) -> None:
    with bench_time.echo(load, "0") as port, pytest.raises(Refused):
        load.rate(port, 64)
