"""The processes of ``rootlet time serve``: several on one port, and what each tells Prometheus."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from rootlet.errors import Environment
from rootlet.files import write_atomic
from rootlet.roughtime import TimeListener, server_metrics

__all__ = ["Crew", "MetricsFile"]

METRICS_SECONDS = 15.0
"""Between two writings: what Prometheus usually asks in."""


class Crew:
    """One listener in this process, each other one in a process of its own that ends with it."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.listeners: list[TimeListener] = []
        self._tell = tell
        self._children: dict[int, TimeListener] = {}

    def run(self) -> None:
        """Until SIGTERM or SIGINT."""
        first, *others = self.listeners
        try:
            with _stopped_by_signals(first):
                for listener in others:
                    self._begin(listener)
                first.run()
        finally:
            for child in self._children:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGTERM)
            for child in self._children:
                with suppress(ChildProcessError):
                    os.waitpid(child, 0)
        self._say_goodbye(first)

    def mind(self) -> None:
        """Begin again what has died: the kernel would go on to send clients to its socket."""
        for child, listener in list(self._children.items()):
            with suppress(ChildProcessError):
                if os.waitpid(child, os.WNOHANG) == (0, 0):
                    continue
            del self._children[child]
            self._tell(f"process {child} has ended; another one takes its place")
            self._begin(listener)

    def _begin(self, listener: TimeListener) -> None:
        child = os.fork()
        if child == 0:
            self._children.clear()
            code = 1
            try:
                with _stopped_by_signals(listener):
                    listener.run()
                code = 0
            finally:  # whatever happens, a child never goes on as if it were the first process
                os._exit(code)
        self._children[child] = listener

    def _say_goodbye(self, listener: TimeListener) -> None:
        click.echo(f"stopped: {listener.answered} answered, {listener.ignored} ignored", err=True)


@contextmanager
def _stopped_by_signals(listener: TimeListener) -> Iterator[None]:
    """SIGTERM and SIGINT end the listener's loop instead of the process."""
    wanted = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in wanted}
    for number in wanted:
        signal.signal(number, lambda *_: listener.stop())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class MetricsFile:
    """Where one process writes its metrics now and then; a full disk silences only them."""

    def __init__(self, path: Path, process: int, tell: Callable[[str], None]) -> None:
        self._path = path if process == 0 else path.with_stem(f"{path.stem}-{process}")
        self._process, self._tell = process, tell
        self._written: float | None = None
        self._complained = False

    def write(self, listener: TimeListener) -> None:
        """Unless that was done just now."""
        now = time.monotonic()
        if self._written is not None and now - self._written < METRICS_SECONDS:
            return
        self._written = now
        text = server_metrics(
            listener.server,
            listener.reading,
            answered=listener.answered,
            let_go=listener.let_go,
            process=self._process,
        )
        try:
            write_atomic(self._path, text, private=False)
        except Environment as error:
            if not self._complained:
                self._tell(f"no metrics: {error.message}")
            self._complained = True
        else:
            self._complained = False
