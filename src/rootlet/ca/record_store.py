"""The record of issuances in a database: SQLite by default, in WAL mode, durable at each commit."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

from rootlet.ca.records import Issuance, Status
from rootlet.errors import Environment, State
from rootlet.pki import Kind

__all__ = ["RecordStore"]

LOCK_SECONDS = 10
"""How long one command waits for another that is writing."""

SHAPE = "0001"
"""The newest of the migrations: what this module reads and writes."""

ISSUANCES = sa.Table(
    "issuances",
    sa.MetaData(),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("serial", sa.String(40), nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("names", sa.JSON, nullable=False),
    sa.Column("not_before", sa.BigInteger, nullable=False),
    sa.Column("not_after", sa.BigInteger, nullable=False),
    sa.Column("der", sa.LargeBinary, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("profile", sa.String(32), nullable=False),
    sa.Column("issued_at", sa.BigInteger, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Index("issuances_by_name", "kind", "name", "number"),
)
"""As the migrations leave it; times are seconds since 1970."""

DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB"}
"""SQLite's names for a file that is not, or no longer, a database."""


class RecordStore:
    """Keeps issuances in ``path``; a context manager that closes the database."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        with self._errors():
            if path.exists() == create:
                raise State(
                    f"{path} exists already" if create else f"there is no record at {path}",
                    hint="restore it from your backup, or begin with: rootlet ca init",
                )
            if create:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            self._engine = _engine(path)
            self._migrate(create=create)

    def __enter__(self) -> Self:
        """The store itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the database."""
        self._engine.dispose()

    def add(self, issuance: Issuance) -> None:
        """Record a certificate; it is on the disk when this returns."""
        with self._errors(), self._engine.begin() as connection:
            connection.execute(ISSUANCES.insert().values(**_row(issuance)))

    def delivered(self, issuance: Issuance) -> None:
        """Mark a certificate as delivered, those before it of its kind and name as replaced."""
        same = (ISSUANCES.c.kind == issuance.kind.value) & (ISSUANCES.c.name == issuance.name)
        with self._errors(), self._engine.begin() as connection:
            connection.execute(
                ISSUANCES.update()
                .where(same & (ISSUANCES.c.status == Status.DELIVERED.value))
                .values(status=Status.REPLACED.value)
            )
            connection.execute(
                ISSUANCES.update()
                .where(ISSUANCES.c.serial == issuance.serial)
                .values(status=Status.DELIVERED.value)
            )

    def all(self) -> tuple[Issuance, ...]:
        """Everything that was ever issued, oldest first."""
        return self._select(sa.true())

    def named(self, name: str) -> tuple[Issuance, ...]:
        """What was issued for a name, of any kind, oldest first."""
        return self._select(ISSUANCES.c.name == name)

    def with_serial(self, serial: str) -> Issuance | None:
        """The one certificate with this serial."""
        found = self._select(ISSUANCES.c.serial == serial)
        return found[0] if found else None

    def _select(self, condition: sa.ColumnElement[bool]) -> tuple[Issuance, ...]:
        query = ISSUANCES.select().where(condition).order_by(ISSUANCES.c.number)
        with self._errors(), self._engine.connect() as connection:
            try:
                return tuple(_issuance(row) for row in connection.execute(query).mappings())
            except UnicodeEncodeError:  # what is asked for is no text: nothing has that name
                return ()

    def _migrate(self, *, create: bool) -> None:
        with self._engine.begin() as connection:
            versioned = sa.inspect(connection).has_table("alembic_version")
            query = sa.text("SELECT version_num FROM alembic_version")
            if versioned and connection.execute(query).scalar() == SHAPE:
                return
            if not versioned and not create:  # SQLite takes an empty file for a new database
                raise State(
                    f"the record {self.path} is empty, or is not one of ours",
                    hint="restore it from your backup; issue nothing before that",
                )
            # Imported here since it takes longer to load than most commands take.
            from rootlet.ca.migrations import upgrade

            upgrade(connection)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sa.exc.DBAPIError, OSError) as error:
            reason = error.orig if isinstance(error, sa.exc.DBAPIError) else error
            if getattr(reason, "sqlite_errorname", "") in DAMAGED:
                raise State(
                    f"the record {self.path} is damaged: {reason}",
                    hint="restore it from your backup; issue nothing before that",
                ) from error
            raise Environment(
                f"cannot use the record {self.path}: {reason}",
                hint="make room or fix the permissions, then run the command again; "
                "nothing was issued without a record",
            ) from error


def _engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)), connect_args={"timeout": LOCK_SECONDS}
    )

    def connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy's own BEGIN below also covers the migrations
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    def begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    sa.event.listen(engine, "connect", connected)
    sa.event.listen(engine, "begin", begun)
    return engine


def _row(issuance: Issuance) -> dict[str, Any]:
    return {
        "serial": issuance.serial,
        "kind": issuance.kind.value,
        "name": issuance.name,
        "names": list(issuance.names),
        "not_before": int(issuance.not_before.timestamp()),
        "not_after": int(issuance.not_after.timestamp()),
        "der": issuance.der,
        "sha256": issuance.sha256,
        "profile": issuance.profile,
        "issued_at": int(issuance.issued_at.timestamp()),
        "status": issuance.status.value,
    }


def _issuance(row: sa.RowMapping) -> Issuance:
    return Issuance(
        serial=row["serial"],
        kind=Kind(row["kind"]),
        name=row["name"],
        names=tuple(row["names"]),
        not_before=datetime.fromtimestamp(row["not_before"], UTC),
        not_after=datetime.fromtimestamp(row["not_after"], UTC),
        der=row["der"],
        sha256=row["sha256"],
        profile=row["profile"],
        issued_at=datetime.fromtimestamp(row["issued_at"], UTC),
        status=Status(row["status"]),
    )
