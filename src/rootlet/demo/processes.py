"""The demo's servers: real programs on loopback, started, waited for, and stopped."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rootlet.errors import Environment, Missing

__all__ = ["Processes", "free_port", "rootlet", "tool"]

READY_SECONDS = 20.0
"""Longest wait for a server to answer; two busy cores need a few."""

STOP_SECONDS = 5.0
"""Time a server gets to stop by itself."""

POLL_SECONDS = 0.02


def tool(name: str, package: str) -> str:
    """Path of a program; ``Missing`` names the Debian package that has it."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if path is None:
        raise Missing(f"{name} is not installed", hint=f"run: apt-get install -y {package}")
    return path


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port on loopback that is free now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def rootlet(*arguments: str) -> str:
    """Run one rootlet command as a person would; returns what it printed."""
    command = [sys.executable, "-m", "rootlet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Environment(
            f"rootlet {' '.join(arguments)} failed: {done.stderr.strip()}",
            hint="run that command by itself to see more",
        )
    return done.stdout


@contextmanager
def _interrupted_later() -> Iterator[None]:
    """SIGINT and SIGTERM wait until the end: what was just started must be known to be stopped."""
    arrived: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _frame: arrived.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for late in arrived:
            signal.raise_signal(late)


class Processes:
    """Servers in the background, each with a log file; all are stopped together."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, command: Sequence[str], ready: Callable[[], bool]) -> None:
        """Start a server and wait until ``ready`` says that it answers."""
        with (self._logs / f"{name}.log").open("wb") as log, _interrupted_later():
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
            self._running[name] = process
        deadline = time.monotonic() + READY_SECONDS
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise Environment(
                    f"{name} did not start: {self.log(name).strip()[-300:]}",
                    hint=f"its whole log is {self._logs / (name + '.log')}",
                )
            time.sleep(POLL_SECONDS)

    def start_tcp(self, name: str, command: Sequence[str], port: int) -> None:
        """Start a server that listens on a TCP port."""

        def listening() -> bool:
            with socket.socket() as attempt:
                return attempt.connect_ex(("127.0.0.1", port)) == 0

        self.start(name, command, listening)

    def start_printing(self, name: str, command: Sequence[str], word: str) -> None:
        """Start a server that prints ``word`` when it is ready."""
        self.start(name, command, lambda: word in self.log(name))

    def log(self, name: str) -> str:
        """What the server has printed so far."""
        return (self._logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to one server."""
        self._running[name].send_signal(number)

    def pids(self) -> dict[str, int]:
        """Process id of each server."""
        return {name: process.pid for name, process in self._running.items()}

    def stop(self) -> None:
        """Stop all of them; what does not stop by itself is killed."""
        for process in self._running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self._running.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._running.clear()
