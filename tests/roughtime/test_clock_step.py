"""A server whose machine's clock is set by an hour, in a process of its own (libfaketime)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from rootlet.errors import Environment
from rootlet.roughtime import Target, ask, key_from_text, parse_address
from support.commands import Run
from support.processes import LOOPBACK

SOON = 20.0
SHORT = 0.6


def fake_clock() -> str:
    found = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    assert found, "apt-get install -y --no-install-recommends faketime"
    return str(found)


def answers(target: Target) -> bool:
    try:
        ask(target, timeout=SHORT)
    except Environment:
        return False
    return True


def wait_until(target: Target, *, silent: bool) -> None:
    deadline = time.monotonic() + SOON
    while answers(target) == silent:
        assert time.monotonic() < deadline


def test_it_falls_silent_says_why_and_comes_back(run: Run, tmp_path: Path) -> None:
    assert run("time", "keygen", "north", "--maker", tmp_path).code == 0
    offset = tmp_path / "offset"
    offset.write_text("+0", encoding="ascii")
    environment = {
        **os.environ,
        "LD_PRELOAD": fake_clock(),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    command = [sys.executable, "-m", "rootlet", "time", "serve", "--radius", "3", "--json"]
    command += ["--key", str(tmp_path / "time" / "north.key"), "--listen", f"{LOOPBACK}:0"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines: list[str] = []
        reader = threading.Thread(target=lambda: lines.extend(process.stderr or ()))
        reader.start()
        said = json.loads(process.stdout.readline())
        target = Target("north", parse_address(said["address"]), key_from_text(said["public_key"]))
        true = ask(target, timeout=SOON).sample
        assert abs(true.midpoint - time.time()) <= true.radius
        for step in ("+1h", "-1h"):
            offset.write_text(step, encoding="ascii")
            wait_until(target, silent=True)
            offset.write_text("+0", encoding="ascii")
            wait_until(target, silent=False)
            again = ask(target, timeout=SOON).sample
            assert abs(again.midpoint - time.time()) <= again.radius
        process.terminate()
        process.wait(SOON)
        reader.join(SOON)
    told = "".join(lines)
    assert "silent: the clock was set by +3600.0 s" in told
    assert "silent: the clock was set by -3600.0 s" in told
    assert told.count("answering") >= 2
