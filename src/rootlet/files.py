"""Files written whole or not at all, secrets readable by their owner only."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from rootlet.errors import Environment

__all__ = ["read_bytes", "write_atomic"]


def read_bytes(path: Path, *, what: str) -> bytes:
    """The content of ``path``; ``Environment`` says what was looked for and where."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Environment(
            f"cannot read {what} {path}: {error.strerror}",
            hint="check the path and its permissions",
        ) from error


def write_atomic(path: Path, content: bytes, *, private: bool) -> None:
    """Write ``content`` to ``path`` so that a reader sees the old file or the new one.

    The new file is complete and on the disk before it takes the name. ``private`` gives it mode
    0600 from its first byte on, otherwise 0644. ``Environment`` when the disk is full or the
    folder cannot be written; the old file is then untouched.
    """
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), 0o600 if private else 0o644)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise Environment(
            f"cannot write {path}: {error.strerror}",
            hint="make room or fix the permissions, then try again; nothing was changed",
        ) from error
