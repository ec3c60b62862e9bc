"""What makes a server take up a certificate that was replaced, or stop: told, or done."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Nothing", "Run", "Signal", "Touch", "Trigger"]


@dataclass(frozen=True)
class Run:
    """A command; it fails when the server refuses."""

    argv: tuple[str, ...]
    note: str = ""
    """What there is to know about it, from measurement."""

    @property
    def text(self) -> str:
        """As it is typed."""
        return shlex.join(self.argv)


@dataclass(frozen=True)
class Signal:
    """A signal to the process whose number is in a file."""

    pid_file: Path
    signal: str
    """Without "SIG"."""
    program: str
    """Name of the process; another one that has its number by now gets nothing."""
    note: str = ""

    @property
    def text(self) -> str:
        """As it is typed."""
        return f'kill -{self.signal} "$(cat {shlex.quote(str(self.pid_file))})"'


@dataclass(frozen=True)
class Touch:
    """A file that the server watches; a new time of change makes it read everything again."""

    path: Path
    note: str = ""

    @property
    def text(self) -> str:
        """As it is typed."""
        return f"touch {shlex.quote(str(self.path))}"


@dataclass(frozen=True)
class Nothing:
    """Nothing has to be done, or nothing can be done from here: the note says which."""

    note: str = ""

    @property
    def text(self) -> str:
        """A comment of the shell."""
        return f"# {self.note}"


Trigger = Run | Signal | Touch | Nothing
