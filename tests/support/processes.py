"""Servers for tests: real programs on loopback, started, waited for, and stopped."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

__all__ = ["LOOPBACK", "Running", "free_port", "listening", "running", "tool"]

LOOPBACK = "127.0.0.1"

READY_SECONDS = 30.0
"""Longest wait for a server to listen; two busy cores need a few."""

STOP_SECONDS = 5.0
POLL_SECONDS = 0.01

STARTS = 3
"""Tries with a new port: someone else may take a free one before the server does."""


def tool(name: str, package: str) -> str:
    """Path of a program; fails with the command that installs it."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    assert path, f"{name} is missing: apt-get install -y {package}"
    return path


def free_port() -> int:
    """A TCP port on loopback that is free now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def listening(port: int) -> bool:
    """True when something accepts connections on the port."""
    with socket.socket() as attempt:
        return attempt.connect_ex((LOOPBACK, port)) == 0


def _started(command: list[str], port: int, log: Path, folder: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=output, stderr=output
        )
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline and not listening(port):
        time.sleep(POLL_SECONDS)
    return process


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


@dataclass(frozen=True)
class Running:
    """A server that runs."""

    port: int
    keyboard: IO[bytes]
    """Its standard input."""


@contextlib.contextmanager
def running(command: Callable[[int], list[str]], *, log: Path, folder: Path) -> Iterator[Running]:
    """Run a server made by ``command(port)`` in ``folder`` until it is no longer needed."""
    for _ in range(STARTS):
        port = free_port()
        process = _started(command(port), port, log, folder)
        time.sleep(POLL_SECONDS)
        if process.poll() is None:
            break
    text = log.read_text(encoding="utf-8", errors="replace")
    assert process.poll() is None, f"the server did not start:\n{text}"
    assert listening(port), f"the server does not listen:\n{text}"
    assert process.stdin
    try:
        yield Running(port, process.stdin)
    finally:
        _stop(process)
