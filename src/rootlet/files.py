"""Files written whole or not at all, secrets readable by their owner only.

Files that belong together, a certificate and its key, are a version: a folder that is never
changed once it is complete. NAME is a symbolic link to one of them, so whoever opens files through
it finds ones that fit each other::

    NAME              link to .versions/NAME/VERSION
    .versions/NAME/   the versions: the one that NAME points to, and the one before it
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rootlet.errors import Environment, Misuse, State

__all__ = [
    "MOST_BYTES",
    "current_version",
    "drop_versions",
    "file_stamp",
    "locked",
    "point_to_version",
    "read_bytes",
    "stage_version",
    "swap_version",
    "unit_path",
    "versions_of",
    "write_atomic",
    "write_together",
]

MOST_BYTES = 16 << 20
"""Nothing that is read here is nearly as long; more is some other file, or one without an end."""

VERSIONS = ".versions"
"""Beside the names: the folders that they point to."""

NEXT = "next"
"""Among the versions: the link that is about to take the name."""


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


def file_stamp(path: Path) -> tuple[int, int]:
    """Another as soon as another file takes the path, as ``write_atomic`` does it; zeros while
    there is none. ``Environment`` when it cannot be looked at."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0
    except OSError as error:
        raise Environment(
            f"cannot look at {path}: {error.strerror}", hint="check its folder's permissions"
        ) from error
    return found.st_ino, found.st_mtime_ns


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


def versions_of(place: Path) -> Path:
    """The folder that holds the versions of ``place``."""
    return place.parent / VERSIONS / place.name


def current_version(place: Path) -> str | None:
    """The version that ``place`` points to; ``State`` when it is no link of ours."""
    if place.is_symlink():
        return place.readlink().name
    if place.exists():
        raise State(f"{place} is not one of ours", hint="move it away, then run the command again")
    return None


def stage_version(place: Path, version: str, contents: Mapping[str, tuple[bytes, bool]]) -> Path:
    """Write a version of ``place`` that nothing points to yet; its folder.

    ``contents`` are the files by name, each with whether it is private. After a failure there is
    no part of it left.
    """
    new = versions_of(place) / version
    try:
        for name, (content, private) in contents.items():
            write_atomic(new / name, content, private=private)
        for folder in (new, new.parent):
            _sync(folder)
    except (OSError, Environment):
        shutil.rmtree(new, ignore_errors=True)
        raise
    return new


def point_to_version(place: Path, version: str) -> None:
    """Make ``place`` point to a version that is there, in one step, and on the disk after it."""
    link = versions_of(place) / NEXT
    link.unlink(missing_ok=True)
    link.symlink_to(Path(VERSIONS, place.name, version))
    link.rename(place)
    _sync(place.parent)


def _sync(folder: Path) -> None:
    """The names in a folder are on the disk after this."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def drop_versions(place: Path, *, keep: set[str | None]) -> None:
    """Remove every version of ``place`` but these."""
    for old in versions_of(place).iterdir():
        if old.name not in keep and old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)


def swap_version(place: Path, version: str, contents: Mapping[str, tuple[bytes, bool]]) -> None:
    """Make ``place`` point to a new version with these files; keep the one it pointed to before."""
    with locked(versions_of(place)):
        before = current_version(place)
        new = stage_version(place, version, contents)
        try:
            point_to_version(place, version)
        except OSError:
            shutil.rmtree(new, ignore_errors=True)
            raise
        drop_versions(place, keep={version, before})


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other commands from changing ``folder`` meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def unit_path(path: Path) -> str:
    """A path as it can stand in a systemd unit, where spaces and % mean something."""
    text = str(path)
    if any(not (letter.isalnum() or letter in "/._-+@:") for letter in text):
        raise Misuse(
            f"{text!r} cannot stand in a unit safely",
            hint="use a path of letters, digits and . _ - + @ :",
        )
    return text
