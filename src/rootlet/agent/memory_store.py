"""What the agent remembers of each certificate between two runs: state/NAME.json.

Nothing in it is needed to serve: where it is missing or cannot be read, the agent begins anew with
what the installed certificate says.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rootlet.agent.schedule import Attempts, Window
from rootlet.errors import Environment, RootletError
from rootlet.files import read_bytes, write_atomic

__all__ = ["Failure", "Memory", "load_memory", "save_memory"]


@dataclass(frozen=True)
class Failure:
    """Why the last try failed."""

    message: str
    hint: str
    status: str | None
    """Name of the rule or of what went wrong, where it has one."""
    exit_code: int


@dataclass(frozen=True)
class Memory:
    """Of one certificate. Times are seconds since 1970."""

    serial: str = ""
    """Of the certificate that ``made``, ``window`` and ``ask_at`` are about; hexadecimal."""
    made: float | None = None
    """When it was received."""
    window: tuple[float, float] | None = None
    """When the CA wants it replaced."""
    ask_at: float | None = None
    """When to ask the CA for its window again."""
    failures: int = 0
    """In a row."""
    last_try: float | None = None
    chance: float = 0.0
    """Random, for the length of the pause after the last try."""
    failure: Failure | None = None
    last_success: float | None = None
    clock_behind: float = 0.0
    """Seconds that this machine's clock was behind the CA's when it was asked last."""

    @property
    def attempts(self) -> Attempts:
        """For the schedule."""
        return Attempts(self.failures, _moment(self.last_try))

    def about(self, serial: str) -> Memory:
        """The same, without what is about another certificate than this one."""
        if serial == self.serial:
            return self
        return replace(self, serial=serial, made=None, window=None, ask_at=None)

    @property
    def made_at(self) -> datetime | None:
        """When the certificate was received, where that is known."""
        return _moment(self.made)

    @property
    def asked_window(self) -> Window | None:
        """The CA's window."""
        start, end = (_moment(each) for each in self.window or (None, None))
        return Window(start, end) if start is not None and end is not None else None

    def failed(self, error: RootletError, *, now: datetime, chance: float) -> Memory:
        """After a try in vain."""
        failure = Failure(error.message, error.hint, error.status, error.exit_code)
        return replace(
            self,
            failures=self.failures + 1,
            last_try=now.timestamp(),
            chance=chance,
            failure=failure,
        )

    def succeeded(self, *, now: datetime) -> Memory:
        """After a try that led to a confirmed certificate."""
        moment = now.timestamp()
        return replace(self, failures=0, last_try=moment, failure=None, last_success=moment)


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def load_memory(path: Path) -> Memory:
    """What is remembered; nothing where there is no file or one that cannot be read."""
    try:
        fields = json.loads(read_bytes(path, what="the agent's state"))
        return _memory(fields if isinstance(fields, dict) else {})
    except (Environment, ValueError, TypeError, KeyError, OverflowError, OSError):
        return Memory()


def _memory(fields: dict[str, Any]) -> Memory:
    failure, window = fields.pop("failure"), fields.pop("window")
    memory = Memory(
        **fields,
        failure=None if failure is None else Failure(**failure),
        window=None if window is None else (float(window[0]), float(window[1])),
    )
    # Read once what is read later: a number that is none must not be found out about then.
    for seconds in (
        *(memory.window or ()),
        memory.made,
        memory.ask_at,
        memory.last_try,
        memory.last_success,
    ):
        _moment(seconds)
    right = isinstance(memory.serial, str) and isinstance(memory.failures, int)
    right = right and memory.failures >= 0
    timedelta(seconds=memory.clock_behind)
    if not right or not 0 <= memory.chance < 1:
        raise ValueError("not a state of ours")
    return memory


def save_memory(path: Path, memory: Memory) -> None:
    """Write it down."""
    write_atomic(path, json.dumps(asdict(memory), indent=2).encode() + b"\n", private=False)
