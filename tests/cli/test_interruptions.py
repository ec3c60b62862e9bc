"""Ctrl-C, and a demo that is told to stop: one line on stderr, and nothing is left running."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from support.makers import made_maker
from support.processes import LOOPBACK

STOP_SECONDS = 20.0
KEY = "A" * 43 + "="


def interrupted(words: Sequence[str], ready: Callable[[subprocess.Popen[str]], object]) -> str:
    """Ctrl-C once ``ready`` returns; what was said on stderr."""
    process = subprocess.Popen(
        [sys.executable, "-m", "rootlet", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    ready(process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=STOP_SECONDS)
    assert process.returncode == 130, said
    return said.strip()


SAID = "rootlet: interrupted\n  run the command again"


def test_ctrl_c_while_a_server_says_nothing(tmp_path: Path) -> None:
    root = made_maker(tmp_path).folder / "root/root.pem"
    with socket.create_server((LOOPBACK, 0)) as silent:
        where = f"{LOOPBACK}:{silent.getsockname()[1]}"
        probe = ("probe", where, "--root", str(root), "--name", "a.test", "--timeout", "60")
        # Held until the end: Python closes what nobody holds, and the command would end by itself.
        connections: list[socket.socket] = []

        def hello(_: object) -> None:
            connections.append(silent.accept()[0])
            connections[0].recv(1)

        assert interrupted(probe, hello) == SAID
        connections[0].close()


def test_ctrl_c_while_a_clock_says_nothing() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((LOOPBACK, 0))
        where = f"{LOOPBACK}:{silent.getsockname()[1]}"
        query = ("time", "query", where, "--key", KEY, "--timeout", "60", "--json")
        said = interrupted(query, lambda _: silent.recv(2048))
    assert json.loads(said)["error"] == "interrupted"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_stopped_leaves_nothing_running(
    number: signal.Signals, tmp_path: Path
) -> None:
    place = tmp_path / "demo"
    with (tmp_path / "said").open("w+", encoding="utf-8") as said:
        demo = [sys.executable, "-m", "rootlet", "demo", "--dir", str(place)]
        process = subprocess.Popen(demo, stdout=subprocess.DEVNULL, stderr=said)
        deadline = time.monotonic() + 60
        while not (place / "logs/time-a.log").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(STOP_SECONDS) == 130
        said.seek(0)
        assert said.read().strip() == SAID
    assert not [pid for pid in Path("/proc").glob("[0-9]*") if str(place) in command_line(pid)]


def command_line(process: Path) -> str:
    try:
        return (process / "cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
