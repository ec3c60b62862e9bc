"""The record of issuances in the CA's database."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

from rootlet.ca.database_store import Database
from rootlet.ca.records import Issuance, Status
from rootlet.pki import Kind

__all__ = ["RecordStore"]

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


class RecordStore:
    """Keeps issuances; a context manager that closes the database.

    ``place`` is a SQLite file or the postgresql:// address that ``place_of`` a maker gives.
    """

    def __init__(self, place: Path | str, *, create: bool = False) -> None:
        self.database = Database(place, create=create)
        """For other tables that belong to the same CA."""

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
        self.database.close()

    def add(self, issuance: Issuance) -> None:
        """Record a certificate; it is on the disk when this returns."""
        with self.database.transaction() as connection:
            connection.execute(ISSUANCES.insert().values(**_row(issuance)))

    def delivered(self, issuance: Issuance) -> None:
        """Mark a certificate as delivered, those before it of its kind and name as replaced."""
        same = (ISSUANCES.c.kind == issuance.kind.value) & (ISSUANCES.c.name == issuance.name)
        with self.database.transaction() as connection:
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
        try:
            with self.database.snapshot() as connection:
                return tuple(_issuance(row) for row in connection.execute(query).mappings())
        except UnicodeEncodeError:  # what is asked for is no text: nothing has that name
            return ()


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
