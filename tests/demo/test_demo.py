"""The demo: every row as expected, and a row that is not as expected is a failure."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rootlet.cli.demo import command
from rootlet.demo.processes import Processes, rootlet, tool
from rootlet.demo.program import DeviceProgram, Outcome
from rootlet.demo.row import Row
from rootlet.errors import Environment, Missing
from support.leftovers import left_in

SECONDS = 60
"""The demo's own bar, once everything is installed."""

ROW = Row(1, "time", "OK", "OK", 1.0, 2, 3)


def test_told_for_people(tmp_path: Path) -> None:
    """As it looks on a terminal, from its own process; nothing of it is left running.

    Each row is looked at in tests/firmware/test_demo.py.
    """
    done = subprocess.run(
        [sys.executable, "-m", "rootlet", "demo", "--dir", str(tmp_path / "demo")],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "140"},
        timeout=4 * SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5. Refused, each for its own reason" in done.stdout
    assert "NOT as expected" not in done.stdout
    assert "Next: make a maker of your own" in done.stdout
    assert not left_in(tmp_path)


def test_a_row_knows_whether_it_is_as_expected() -> None:
    assert ROW.as_expected
    assert not dataclasses.replace(ROW, seen="ERR").as_expected


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "HTTP 200"),
        ({"clock": "ERR_ROUGHTIME_NONCE", "status": "none"}, "ERR_ROUGHTIME_NONCE"),
        ({"status": "ERR_X509_NAME"}, "ERR_X509_NAME"),
        ({"status": "ERR_TLS_ALERT_RECEIVED", "alert": 70}, "alert protocol_version received"),
        ({"http": 0}, "OK"),
    ],
)
def test_an_outcome_says_what_stopped_the_device(changes: dict[str, object], verdict: str) -> None:
    fields: dict[str, Any] = dict.fromkeys((f.name for f in dataclasses.fields(Outcome)), 0)
    fields |= {"clock": "OK", "status": "OK", "http": 200, "alert": 255, "body": ""} | changes
    assert Outcome(**fields).verdict == verdict


def test_a_device_that_crashes_is_an_error(tmp_path: Path) -> None:
    program = tmp_path / "device"
    program.write_text("#!/bin/sh\necho broken >&2\nexit 7\n", encoding="ascii")
    program.chmod(0o755)
    with pytest.raises(Environment, match="ended with code 7: broken"):
        DeviceProgram(program).run()


def test_a_server_that_does_not_start_is_an_error_with_its_log(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    with pytest.raises(Environment, match="server did not start: no such thing"):
        processes.start_tcp("server", ["sh", "-c", "echo no such thing; exit 1"], 1)
    processes.stop()


def test_a_command_that_fails_is_an_error() -> None:
    with pytest.raises(Environment, match="rootlet ca list --maker /nowhere failed"):
        rootlet("ca", "list", "--maker", "/nowhere")


def test_a_missing_tool_names_its_package() -> None:
    with pytest.raises(Missing) as missing:
        tool("no-such-server", "nginx")
    assert "apt-get install -y nginx" in missing.value.hint


def test_help_has_examples() -> None:
    assert "rootlet demo --keep" in (command.epilog or "")
