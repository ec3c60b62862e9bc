"""Files written whole or not at all, secrets readable by their owner only."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rootlet.errors import Environment, Misuse

__all__ = ["MOST_BYTES", "read_bytes", "write_atomic", "write_together"]

MOST_BYTES = 16 << 20
"""Nothing that is read here is nearly as long; more is some other file, or one without an end."""


def read_bytes(path: Path, *, what: str, most: int = MOST_BYTES) -> bytes:
    """The content of ``path``; ``Environment`` says what was looked for and where.

    ``Misuse`` for more than ``most`` bytes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise Environment(
            f"cannot read {what} {path}: {error.strerror}",
            hint="check the path and its permissions",
        ) from error
    if len(content) > most:
        limit = f"{most >> 20} MiB" if most >> 20 else f"{most >> 10} KiB"
        raise Misuse(f"{what} {path} is longer than {limit}", hint="give the right file")
    return content


def write_atomic(path: Path, content: bytes, *, private: bool) -> None:
    """Write ``content`` to ``path`` so that a reader sees the old file or the new one.

    The new file is complete and on the disk before it takes the name. ``private`` gives it mode
    0600 from its first byte on, otherwise 0644. ``Environment`` when the disk is full or the
    folder cannot be written; the old file is then untouched.
    """
    write_together({path: content}, private=private)


def write_together(contents: Mapping[Path, bytes], *, private: bool) -> None:
    """Write several files as ``write_atomic`` does; none takes its name before all are complete."""
    temporary: dict[Path, Path] = {}
    path = Path()
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            temporary[path] = Path(name)
            with os.fdopen(handle, "wb") as file:
                os.fchmod(file.fileno(), 0o600 if private else 0o644)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for path in contents:
            temporary.pop(path).replace(path)
    except OSError as error:
        raise Environment(
            f"cannot write {path}: {error.strerror}",
            hint="make room or fix the permissions, then try again; nothing was changed",
        ) from error
    finally:
        for left in temporary.values():
            left.unlink(missing_ok=True)
