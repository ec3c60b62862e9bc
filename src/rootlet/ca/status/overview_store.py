"""Reads what is listed, exported and shown from the CA's record, not the certificates' bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from rootlet.ca.database_store import Database
from rootlet.ca.status.overview import Listed, Overview
from rootlet.ca.tables_store import ISSUANCES
from rootlet.pki import Kind

__all__ = ["Wanted", "each_listed", "read_overview"]

LATEST = 20
"""Last issuances that are shown."""

PAGE = 1000
"""Rows that an export holds at once."""

COLUMNS = (
    *(ISSUANCES.c.serial, ISSUANCES.c.kind, ISSUANCES.c.name, ISSUANCES.c.names),
    *(ISSUANCES.c.not_before, ISSUANCES.c.not_after, ISSUANCES.c.issued_at),
    *(ISSUANCES.c.status, ISSUANCES.c.sha256),
)


@dataclass(frozen=True)
class Wanted:
    """Which certificates are listed: those that meet all that is not None."""

    kind: Kind | None = None
    name: str | None = None
    """``*`` stands for any text."""
    status: str | None = None
    ends_before: datetime | None = None
    ends_after: datetime | None = None
    issued_after: datetime | None = None

    def condition(self) -> sa.ColumnElement[bool]:
        """The same for the database."""
        c = ISSUANCES.c
        parts: list[sa.ColumnElement[bool]] = [sa.true()]
        if self.kind is not None:
            parts.append(c.kind == self.kind.value)
        if self.name is not None:
            parts.append(c.name.like(_pattern(self.name), escape="\\"))
        if self.status is not None:
            parts.append(c.status == self.status)
        if self.ends_before is not None:
            parts.append(c.not_after < int(self.ends_before.timestamp()))
        if self.ends_after is not None:
            parts.append(c.not_after >= int(self.ends_after.timestamp()))
        if self.issued_after is not None:
            parts.append(c.issued_at >= int(self.issued_after.timestamp()))
        return sa.and_(*parts)


def _pattern(name: str) -> str:
    for special in "\\%_":
        name = name.replace(special, f"\\{special}")
    return name.replace("*", "%")


def each_listed(database: Database, wanted: Wanted) -> Iterator[Listed]:
    """What meets ``wanted``, oldest first; the record may hold millions, memory does not."""
    query = sa.select(*COLUMNS).where(wanted.condition()).order_by(ISSUANCES.c.number)
    with database.snapshot() as connection:
        rows = connection.execution_options(yield_per=PAGE).execute(query)
        yield from map(_listed, rows.mappings())


def read_overview(database: Database) -> Overview:
    """Everything that the page and the metrics show, of one state of the record."""
    with database.snapshot() as connection:
        counts = connection.execute(
            sa.select(ISSUANCES.c.kind, sa.func.count()).group_by(ISSUANCES.c.kind)
        )
        issued = {Kind(kind): int(count) for kind, count in counts}
        devices = connection.execute(
            sa.select(sa.func.count(sa.distinct(ISSUANCES.c.name))).where(
                ISSUANCES.c.kind == Kind.DEVICE.value
            )
        ).scalar_one()
        return Overview(
            authorities=_newest(connection, (Kind.ROOT, Kind.ISSUING), ISSUANCES.c.number),
            servers=_newest(connection, (Kind.SERVER,), ISSUANCES.c.not_after),
            latest=_select(
                connection,
                sa.select(*COLUMNS).order_by(ISSUANCES.c.number.desc()).limit(LATEST),
            ),
            issued=issued,
            devices=int(devices),
        )


def _newest(
    connection: sa.Connection, kinds: tuple[Kind, ...], order: sa.ColumnElement[int]
) -> tuple[Listed, ...]:
    last = (
        sa.select(sa.func.max(ISSUANCES.c.number))
        .where(ISSUANCES.c.kind.in_([kind.value for kind in kinds]))
        .group_by(ISSUANCES.c.kind, ISSUANCES.c.name)
    )
    query = sa.select(*COLUMNS).where(ISSUANCES.c.number.in_(last)).order_by(order)
    return _select(connection, query)


def _select(connection: sa.Connection, query: sa.Select[tuple[object, ...]]) -> tuple[Listed, ...]:
    return tuple(map(_listed, connection.execute(query).mappings()))


def _listed(row: sa.RowMapping) -> Listed:
    return Listed(
        serial=row["serial"],
        kind=Kind(row["kind"]),
        name=row["name"],
        names=tuple(row["names"]),
        not_before=datetime.fromtimestamp(row["not_before"], UTC),
        not_after=datetime.fromtimestamp(row["not_after"], UTC),
        issued_at=datetime.fromtimestamp(row["issued_at"], UTC),
        status=row["status"],
        sha256=row["sha256"],
    )
