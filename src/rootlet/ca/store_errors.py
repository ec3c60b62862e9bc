"""What a database says is wrong, in words that say what to do next."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from rootlet.errors import Environment, RootletError, State

__all__ = ["database_errors", "not_a_record"]

RESTORE = "restore it from your backup; issue nothing before that"
UNISSUED = "then run the command again; nothing was issued without a record"

DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002"}
"""SQLite's names for a file that is not, or no longer, a database; PostgreSQL's for bad blocks."""

HINTS = {
    "SQLITE_FULL": f"make room, {UNISSUED}",
    "SQLITE_BUSY": f"another command has been writing for long: wait for it, {UNISSUED}",
    "53100": f"make room on the database server's disk, {UNISSUED}",
    "53300": f"raise max_connections of the database server or stop what holds them, {UNISSUED}",
    "42501": "give the user its rights: it needs a database, or a schema, of its own",
    "25006": "this server is read-only: give the address of the one that takes writes",
}
"""By SQLite's names and PostgreSQL's SQLSTATE: what to do next."""

FILE_HINT = f"make room or fix the permissions, {UNISSUED}"
SERVER_HINT = f"see to the database server, {UNISSUED}"

CONNECTING = (
    ("password", "put the password into ~/.pgpass, or a file that PGPASSFILE names (mode 0600)"),
    ("authentication", "check the user in [ca] database, and the server's pg_hba.conf"),
    ("role", "make the user first: createuser NAME"),
    ("database", "make the database first: createdb --owner USER NAME"),
)
"""Words in which a PostgreSQL server refuses a connection, when it speaks English."""

CONNECT_HINT = "check that the server runs, and the address, user and database in [ca] database"


def not_a_record(place: Path | str) -> State:
    """For a database that is there but has no tables of ours."""
    if isinstance(place, Path):
        return State(f"the record {place} is empty, or is not one of ours", hint=RESTORE)
    return State(
        f"{place} holds no record of a CA",
        hint="check [ca] database; a lost record is restored with: rootlet ca restore",
    )


def _of_connecting(place: Path | str, reason: BaseException) -> Environment:
    said = " ".join(str(reason).split())
    refused = said.rpartition("FATAL:")[2] if "FATAL:" in said else ""
    hint = next((hint for word, hint in CONNECTING if word in refused), CONNECT_HINT)
    return Environment(f"cannot connect to {place}: {said}", hint=hint)


def _explained(
    place: Path | str, error: sa.exc.DBAPIError | sqlite3.Error | OSError
) -> RootletError:
    reason = error.orig if isinstance(error, sa.exc.DBAPIError) and error.orig else error
    code = getattr(reason, "sqlite_errorname", None) or getattr(reason, "sqlstate", None) or ""
    if code in DAMAGED:
        return State(f"the record {place} is damaged: {reason}", hint=RESTORE)
    if isinstance(place, Path):
        what, hint = f"cannot use the record {place}: {reason}", HINTS.get(code, FILE_HINT)
        return Environment(what, hint=hint)
    if isinstance(error, sa.exc.OperationalError) and not code:
        return _of_connecting(place, reason)
    said = " ".join(str(reason).split())
    return Environment(f"cannot use the record {place}: {said}", hint=HINTS.get(code, SERVER_HINT))


@contextmanager
def database_errors(place: Path | str) -> Iterator[None]:
    """Turn what a database driver raises into errors with a hint."""
    try:
        yield
    except (sa.exc.DBAPIError, sqlite3.Error, OSError) as error:
        raise _explained(place, error) from error
    except sa.exc.TimeoutError as error:
        raise Environment(
            f"cannot use the record {place}: too many connections are in use",
            hint="try again in a moment",
        ) from error
