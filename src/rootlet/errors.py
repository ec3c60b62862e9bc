"""Every error the toolkit raises on purpose.

    RootletError
    ├── Refused        1  what was checked is not acceptable
    ├── Misuse         2  wrong options, or a wrong value in a file of yours
    ├── Missing        3  something has to be installed first
    ├── Environment    4  the machine said no: file, disk, port, network
    ├── Secret         5  a passphrase is wrong or missing
    └── State          6  it does not fit what was done before (expired CA, exists already)

The number is the exit code of the command line. Each error says what happened and, in ``hint``,
what to do next.
"""

from __future__ import annotations

__all__ = ["Environment", "Missing", "Misuse", "Refused", "RootletError", "Secret", "State"]


class RootletError(Exception):
    """Base of all errors raised on purpose; never raised itself."""

    exit_code = 70
    """Exit code of the command line (70 is for faults of our own, as in sysexits)."""

    def __init__(self, message: str, *, hint: str, status: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        """What happened, one line, no trailing full stop."""
        self.hint = hint
        """What to do next, one line."""
        self.status = status
        """Name of the device library's status or of the rule that refused, where there is one."""


class Refused(RootletError):
    """What was checked is not acceptable."""

    exit_code = 1


class Misuse(RootletError):
    """Wrong options, or a wrong value in a file of the maker's."""

    exit_code = 2


class Missing(RootletError):
    """Something has to be installed first."""

    exit_code = 3


class Environment(RootletError):
    """The machine said no: file, permission, disk, port or network."""

    exit_code = 4


class Secret(RootletError):
    """A passphrase is wrong or missing."""

    exit_code = 5


class State(RootletError):
    """It does not fit what was done before: an expired CA, something that exists already."""

    exit_code = 6
