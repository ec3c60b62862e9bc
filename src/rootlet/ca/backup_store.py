"""Backup and restore: everything of the CA that is online, in one sealed file (rootlet.ca.sealed).

Its content is JSON, one object a line, readable without this program once it is decrypted:

    {"backup": {made_at, maker, profile, shape, entries, certificates, head}}     first
    {"file": NAME, "content": base64}       rootlet.toml, and each file below ca/ but the record
    {"table": NAME, "row": {...}, "bytes": {COLUMN: base64}}                      in tables' order

The tables are read in one state, while others go on issuing. A restored record need not be in the
kind of database that it came from. The root's key is not in it: it was never online.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa

from rootlet.ca.audit import Event
from rootlet.ca.audit_check_store import verify_audit
from rootlet.ca.audit_store import append, streamed
from rootlet.ca.database_store import RECORD, SHAPE, Database, record_tables
from rootlet.ca.record_store import RecordStore
from rootlet.ca.sealed import SealedWriter, unsealed
from rootlet.ca.tables_store import AUDIT, ISSUANCES
from rootlet.errors import Environment, Misuse, Refused, State
from rootlet.files import write_atomic
from rootlet.maker import CONFIG_NAME, Maker, load_maker, parse_maker

__all__ = ["Backup", "make_backup", "restore_backup"]

FOLDER = "ca"
AT_ONCE = 500
"""Rows that are inserted together."""

LONGEST_LINE = 8 << 20
"""Bytes: far over any row or file of a CA."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Backup:
    """What a backup says of itself."""

    made_at: str
    maker: str
    profile: str
    shape: str
    """Revision of the tables."""
    entries: int
    """Entries of the audit log."""
    certificates: int
    head: str
    """Hash of the last entry."""


def make_backup(
    maker: Maker, records: RecordStore, file: Path, passphrase: bytes, *, progress: Progress
) -> Backup:
    """Write a backup to ``file``, which must not exist; it is complete or not there."""
    made_at = records.clock().astimezone(UTC)
    if file.exists():
        raise State(f"{file} exists already", hint="give another name; backups are kept apart")
    records.note(Event.BACKUP, {"made_at": _text(made_at)})
    with _new_file(file) as out:
        sealed = SealedWriter(out, passphrase)
        contents = list(_files(maker))  # before the tables: what they name is recorded by then
        with records.database.snapshot() as connection:
            about = _about(connection, maker, made_at)
            for line in _heading(about, contents):
                sealed.write(_line(line))
            for number, row in enumerate(_rows(connection)):
                if number % AT_ONCE == 0:
                    progress("rows saved", number, about.certificates + about.entries)
                sealed.write(_line(row))
        sealed.finish()
    return about


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _heading(about: Backup, contents: list[tuple[str, bytes]]) -> Iterator[Mapping[str, Any]]:
    yield {"backup": vars(about)}
    for name, content in contents:
        yield {"file": name, "content": base64.b64encode(content).decode()}


def _files(maker: Maker) -> Iterator[tuple[str, bytes]]:
    yield CONFIG_NAME, (maker.folder / CONFIG_NAME).read_bytes()
    for path in sorted((maker.folder / FOLDER).rglob("*")):
        record = path.name.startswith(RECORD.name) or path.suffix == ".lock"
        if path.is_file() and not record and not path.name.startswith("."):
            yield str(path.relative_to(maker.folder)), path.read_bytes()


def _about(connection: sa.Connection, maker: Maker, made_at: datetime) -> Backup:
    query = sa.select(AUDIT.c.number, AUDIT.c.hash).order_by(AUDIT.c.number.desc()).limit(1)
    last = connection.execute(query).one()
    count = connection.execute(sa.select(sa.func.count()).select_from(ISSUANCES)).scalar()
    return Backup(
        made_at=_text(made_at),
        maker=maker.name,
        profile=maker.profile.name,
        shape=SHAPE,
        entries=last.number,
        certificates=int(count or 0),
        head=last.hash,
    )


def _rows(connection: sa.Connection) -> Iterator[Mapping[str, Any]]:
    for table in record_tables(connection):
        query = table.select().order_by(*table.primary_key.columns)
        for row in streamed(connection, query):
            plain = {key: value for key, value in row.items() if not isinstance(value, bytes)}
            held = {
                key: base64.b64encode(value).decode()
                for key, value in row.items()
                if isinstance(value, bytes)
            }
            yield {"table": table.name, "row": plain, "bytes": held}


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """A file of mode 0600 that takes its name when it is whole and on the disk."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.link(name, path)
        finally:
            Path(name).unlink()
    except FileExistsError as error:
        raise State(f"{path} exists already", hint="give another name") from error
    except OSError as error:
        raise Environment(
            f"cannot write {path}: {error.strerror}",
            hint="make room or give another place; there is no backup yet",
        ) from error


def restore_backup(
    folder: Path,
    file: Path,
    passphrase: bytes,
    *,
    now: datetime,
    head: str | None = None,
    progress: Progress,
) -> Backup:
    """Make the CA of a backup in ``folder``, which has none; all of it or nothing.

    A rootlet.toml that is there already is kept: its [ca] database says where the record goes.
    ``head``, noted from an audit, must be in the record: an older backup is refused.
    """
    if (folder / FOLDER).exists():
        raise State(
            f"{folder / FOLDER} exists already",
            hint="restore into another folder: rootlet ca restore FILE --maker DIR",
        )
    with _staging(folder) as staging, _opened(file) as source:
        lines = _read(unsealed(source, passphrase, what=str(file)), str(file))
        about = _about_of(next(lines, {}), str(file))
        rows = _put_files(lines, staging)
        maker = _maker(folder, staging, about)
        place = maker.ca.database or staging / RECORD
        with Database(place, create=True, shape=about.shape) as database:
            _fill(database, rows, about, now=now, head=head, progress=progress)
        Database(place).close()  # brought up to the shape of this version
        if not (folder / CONFIG_NAME).exists():
            write_atomic(folder / CONFIG_NAME, (staging / CONFIG_NAME).read_bytes(), private=False)
        (staging / FOLDER).rename(folder / FOLDER)
    return about


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A place inside the folder that is gone afterwards; and the folder, if it is new and empty."""
    new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=folder, prefix=".ca-restore."))
        try:
            yield staging
        finally:
            shutil.rmtree(staging)
            if new and not any(folder.iterdir()):
                folder.rmdir()
    except OSError as error:
        raise Environment(
            f"cannot write in {folder}: {error.strerror}",
            hint="make room or fix the permissions, then run the command again",
        ) from error


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    try:
        source = file.open("rb")
    except OSError as error:
        raise Environment(
            f"cannot read the backup {file}: {error.strerror}",
            hint="check the path and its permissions",
        ) from error
    with source:
        yield source


def _read(chunks: Iterator[bytes], what: str) -> Iterator[Mapping[str, Any]]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield _object(line, what)
        if len(rest) > LONGEST_LINE:
            raise _not_ours(what)
    if rest:
        raise _not_ours(what)


def _object(line: bytes, what: str) -> Mapping[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _not_ours(what) from error
    if not isinstance(value, dict):
        raise _not_ours(what)
    return value


def _not_ours(what: str) -> Refused:
    return Refused(
        f"{what} does not hold what a backup holds",
        hint="give a file that rootlet ca backup made",
    )


def _about_of(line: Mapping[str, Any], what: str) -> Backup:
    said = line.get("backup")
    if not isinstance(said, dict) or said.keys() != {field.name for field in fields(Backup)}:
        raise _not_ours(what)
    return Backup(**said)


def _put_files(lines: Iterator[Mapping[str, Any]], staging: Path) -> Iterator[Mapping[str, Any]]:
    """Write the files of a backup; what comes after them, not yet read but for its first line."""
    for line in lines:
        if "file" not in line:
            return _chained(line, lines)
        name = Path(str(line["file"]))
        if name.is_absolute() or ".." in name.parts:
            raise _not_ours(str(name))
        private = name.suffix not in {".pem", ".toml"}
        write_atomic(staging / name, base64.b64decode(line["content"]), private=private)
    return iter(())


def _chained(
    first: Mapping[str, Any], rest: Iterator[Mapping[str, Any]]
) -> Iterator[Mapping[str, Any]]:
    yield first
    yield from rest


def _maker(folder: Path, staging: Path, about: Backup) -> Maker:
    if not (folder / CONFIG_NAME).exists():
        return parse_maker((staging / CONFIG_NAME).read_text(encoding="utf-8"), folder)
    maker = load_maker(folder)
    if (maker.profile.name, maker.name) != (about.profile, about.maker):
        raise Misuse(
            f"{folder / CONFIG_NAME} is of {maker.name} ({maker.profile.name}), the backup of "
            f"{about.maker} ({about.profile})",
            hint="restore into a folder without rootlet.toml, or mend name and profile in it",
        )
    return maker


def _fill(
    database: Database,
    rows: Iterator[Mapping[str, Any]],
    about: Backup,
    *,
    now: datetime,
    head: str | None,
    progress: Progress,
) -> None:
    """All rows, verified, or none."""
    with database.transaction() as connection:
        tables = {table.name: table for table in record_tables(connection)}
        waiting: list[dict[str, Any]] = []
        current = ""
        for number, line in enumerate(rows):
            if line.get("table") != current or len(waiting) >= AT_ONCE:
                _insert(connection, tables, current, waiting)
                current = str(line.get("table"))
                progress("rows restored", number, about.certificates + about.entries)
            held = {key: base64.b64decode(value) for key, value in line["bytes"].items()}
            waiting.append({**line["row"], **held})
        _insert(connection, tables, current, waiting)
        _require_whole(connection, about, head)
        details = {"made_at": about.made_at, "head": about.head}
        append(connection, Event.RESTORED, details, at=int(now.timestamp()))
        if database.shared:
            _set_sequences(connection, tables.values())


def _insert(
    connection: sa.Connection,
    tables: Mapping[str, sa.Table],
    name: str,
    rows: list[dict[str, Any]],
) -> None:
    if not rows:
        return
    if name not in tables:
        raise _not_ours(f"the table {name}")
    connection.execute(tables[name].insert(), rows)
    rows.clear()


def _require_whole(connection: sa.Connection, about: Backup, head: str | None) -> None:
    findings = verify_audit(connection, head=head)
    if head is not None and findings.noted is None:
        raise Refused(
            f"the backup of {about.made_at} is older than the head that was noted: it is not in it",
            hint="take a newer backup, or leave --head out if there is none",
            status="audit-head",
        )
    if findings.problems or (findings.entries, findings.head) != (about.entries, about.head):
        first = findings.problems[0].message if findings.problems else "its head is another"
        raise Refused(
            f"the record in the backup is not as it was written: {first}",
            hint="take another backup",
            status=findings.problems[0].rule if findings.problems else "audit-head",
        )


def _set_sequences(connection: sa.Connection, tables: Iterable[sa.Table]) -> None:
    """The next row gets the number after the last one."""
    for table in tables:
        for column in table.primary_key.columns:
            sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
            if connection.execute(sa.select(sequence)).scalar():
                top = sa.select(sa.func.max(column)).scalar_subquery()
                connection.execute(sa.select(sa.func.setval(sequence, sa.func.coalesce(top, 1))))
