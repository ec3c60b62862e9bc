"""Processes that something under test has left behind."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

__all__ = ["left_in", "stop_left_in"]


def left_in(folder: Path) -> dict[int, str]:
    """Process ids with their command lines: those that name ``folder`` or work in it."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            line = (entry / "cmdline").read_text(encoding="utf-8", errors="replace")
            if str(folder) in line or (entry / "cwd").readlink().is_relative_to(folder):
                found[int(entry.name)] = line.replace("\0", " ")
    return found


def stop_left_in(folder: Path) -> None:
    """End them, so that a test that failed does not make the next one fail."""
    for process in left_in(folder):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
