"""The record of issuances in the CA's database."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

from rootlet.ca.audit import Entry, Event, rows_digest
from rootlet.ca.audit_check_store import Findings, verify_audit
from rootlet.ca.audit_store import AT_ONCE, append, entries, last_number, streamed
from rootlet.ca.database_store import Database
from rootlet.ca.provision import Standing
from rootlet.ca.records import Issuance, Status
from rootlet.ca.statement_store import Row, Statement
from rootlet.ca.tables_store import ISSUANCES
from rootlet.pki import Kind

__all__ = ["RecordStore", "issuance_with", "row_of"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


MARK = Statement(
    ISSUANCES.update()
    .where(ISSUANCES.c.serial == sa.bindparam("which"))
    .values(status=sa.bindparam("mark"))
)
_DELIVERED = sa.select(ISSUANCES.c.serial).where(
    ISSUANCES.c.kind == sa.bindparam("which_kind"), ISSUANCES.c.status == Status.DELIVERED.value
)
HELD = Statement(_DELIVERED.where(ISSUANCES.c.name == sa.bindparam("which_name")))
HELD_BY_SOME = _DELIVERED.where(ISSUANCES.c.name.in_(sa.bindparam("which_names", expanding=True)))
NEWEST = sa.select(ISSUANCES.c.issued_at).order_by(ISSUANCES.c.issued_at.desc()).limit(1)
WITH_SERIAL = Statement(ISSUANCES.select().where(ISSUANCES.c.serial == sa.bindparam("wanted")))


class RecordStore:
    """Keeps issuances; a context manager that closes the database.

    ``place`` is a SQLite file or the postgresql:// address that ``place_of`` a maker gives.
    """

    def __init__(
        self, place: Path | str, *, create: bool = False, clock: Callable[[], datetime] = _utc_now
    ) -> None:
        self.database = Database(place, create=create)
        """For other tables that belong to the same CA."""
        self.clock = clock
        """What the audit log's times are taken from."""

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

    def add(self, *issuances: Issuance) -> None:
        """Record certificates, all or none; they are on the disk when this returns."""
        with self._logged() as connection:
            self.insert(connection, *issuances)

    def insert(self, connection: sa.Connection, *issuances: Issuance) -> None:
        """Record certificates in a transaction that records something else with them."""
        self.database.lock(connection, "audit")
        rows = [row_of(issuance) for issuance in issuances]
        details = {"serials": [row["serial"] for row in rows], "rows": rows_digest(rows)}
        _insert(connection, rows)
        self.log(connection, Event.ISSUED, details)

    def delivered(self, *issuances: Issuance, durable: bool = True) -> None:
        """Mark certificates as delivered, those before them of their kind and name as replaced.

        Without ``durable`` a power cut may leave them marked as recorded.
        """
        serials = {issuance.serial for issuance in issuances}
        with self._logged(durable=durable) as connection:
            replaced: list[str] = []
            for kind in {issuance.kind for issuance in issuances}:
                names = [issuance.name for issuance in issuances if issuance.kind is kind]
                replaced += _held(connection, kind, names)
            new = sorted(serials - set(replaced))
            if not new:
                return
            old = sorted(set(replaced) - serials)
            _mark(connection, old, Status.REPLACED)
            _mark(connection, new, Status.DELIVERED)
            details = {"serials": new, "replaced": old} if old else {"serials": new}
            self.log(connection, Event.DELIVERED, details)

    def abandoned(self, *issuances: Issuance) -> None:
        """Mark certificates as never to be delivered: their keys are gone."""
        serials = sorted(issuance.serial for issuance in issuances)
        if not serials:
            return
        with self._logged() as connection:
            _mark(connection, serials, Status.ABANDONED)
            self.log(connection, Event.ABANDONED, {"serials": serials})

    def standings(self, names: Collection[str]) -> dict[str, list[Standing]]:
        """What each of many devices has that is recorded or delivered, oldest first."""
        columns = (ISSUANCES.c.number, ISSUANCES.c.serial, ISSUANCES.c.name, ISSUANCES.c.status)
        live = ISSUANCES.c.status.in_([Status.RECORDED.value, Status.DELIVERED.value])
        query = sa.select(*columns).where((ISSUANCES.c.kind == Kind.DEVICE.value) & live)
        found: dict[str, list[Standing]] = {}
        with self.database.snapshot() as connection:
            for row in streamed(connection, query.order_by(ISSUANCES.c.number)):
                if row["name"] in names:
                    standing = Standing(**{**row, "status": Status(row["status"])})
                    found.setdefault(row["name"], []).append(standing)
        return found

    def with_serials(self, serials: Sequence[str]) -> tuple[Issuance, ...]:
        """Those of many serials that there are, oldest first within each thousand."""
        found: list[Issuance] = []
        for start in range(0, len(serials), AT_ONCE):
            found += self._select(ISSUANCES.c.serial.in_(serials[start : start + AT_ONCE]))
        return tuple(found)

    def note(self, event: str, details: Mapping[str, Any]) -> None:
        """Write an entry of the audit log about something else than a certificate."""
        with self._logged() as connection:
            self.log(connection, event, details)

    def log(self, connection: sa.Connection, event: str, details: Mapping[str, Any]) -> Entry:
        """Write an entry in a transaction that is open; others wait from here to its end."""
        self.database.lock(connection, "audit")
        serials = details.get("serials", ())
        serial = serials[0] if len(serials) == 1 else ""
        at = int(self.clock().timestamp())
        return append(connection, event, details, at=at, serial=serial)

    def verify(self, *, head: str | None = None) -> Findings:
        """Hold audit log and certificates against each other; nothing is raised."""
        with self.database.snapshot() as connection:
            return verify_audit(connection, head=head)

    def entries(self, *, after: int = 0) -> tuple[Entry, ...]:
        """The audit log from the entry after number ``after`` on; its last ``-after`` entries."""
        with self.database.snapshot() as connection:
            if after < 0:
                after += last_number(connection)
            return tuple(entries(connection, after=after))

    @contextmanager
    def _logged(self, *, durable: bool = True) -> Iterator[sa.Connection]:
        """A transaction that has the audit log's lock from its beginning.

        So rows get their numbers in the order of the log.
        """
        with self.database.transaction(durable=durable) as connection:
            self.database.lock(connection, "audit")
            yield connection

    def newest_at(self, after: str = "") -> datetime | None:
        """When the newest certificate was issued, of those recorded after a serial where given."""
        query = NEWEST
        if after:
            of_serial = sa.select(ISSUANCES.c.number).where(ISSUANCES.c.serial == after)
            after_it = sa.func.coalesce(of_serial.scalar_subquery(), 0)  # unknown: all count
            query = query.where(ISSUANCES.c.number > after_it)
        with self.database.snapshot() as connection:
            seconds = connection.execute(query).scalar()
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

    def all(self) -> tuple[Issuance, ...]:
        """Everything that was ever issued, oldest first."""
        return self._select(sa.true())

    def named(self, name: str) -> tuple[Issuance, ...]:
        """What was issued for a name, of any kind, oldest first."""
        return self._select(ISSUANCES.c.name == name)

    def with_serial(self, serial: str) -> Issuance | None:
        """The one certificate with this serial."""
        try:
            with self.database.snapshot() as connection:
                return issuance_with(connection, serial)
        except UnicodeEncodeError:  # likewise
            return None

    def _select(self, condition: sa.ColumnElement[bool]) -> tuple[Issuance, ...]:
        query = ISSUANCES.select().where(condition).order_by(ISSUANCES.c.number)
        try:
            with self.database.snapshot() as connection:
                return tuple(_issuance(row) for row in connection.execute(query).mappings())
        except UnicodeEncodeError:  # what is asked for is no text: nothing has that name
            return ()


def issuance_with(connection: sa.Connection, serial: str) -> Issuance | None:
    """The one certificate with this serial, read with something else."""
    row = WITH_SERIAL.first(connection, wanted=serial)
    return None if row is None else _issuance(row)


def _held(connection: sa.Connection, kind: Kind, names: Sequence[str]) -> Sequence[str]:
    """Serials of what was delivered for these names."""
    if len(names) == 1:
        rows = HELD.rows(connection, which_kind=kind.value, which_name=names[0])
        return [row["serial"] for row in rows]
    which = {"which_kind": kind.value, "which_names": names}
    return connection.execute(HELD_BY_SOME, which).scalars().all()


def _insert(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """What ISSUANCES.insert() does, in a third of the time: it matters for a bulk."""
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    columns = [column.name for column in ISSUANCES.columns if column.name != "number"]
    statement = (
        f"INSERT INTO issuances ({', '.join(columns)}) "  # noqa: S608 - of names of our own
        f"VALUES ({', '.join([mark] * len(columns))})"
    )
    values = [
        tuple(json.dumps(row[name]) if name == "names" else row[name] for name in columns)
        for row in rows
    ]
    connection.exec_driver_sql(statement, values)


def _mark(connection: sa.Connection, serials: Sequence[str], status: Status) -> None:
    if len(serials) == 1:
        MARK.change(connection, which=serials[0], mark=status.value)
        return
    for start in range(0, len(serials), AT_ONCE):
        these = ISSUANCES.c.serial.in_(serials[start : start + AT_ONCE])
        connection.execute(ISSUANCES.update().where(these).values(status=status.value))


def row_of(issuance: Issuance) -> dict[str, Any]:
    """A certificate as its table has it."""
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


def _issuance(row: Row) -> Issuance:
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
