"""The audit log in the database: written in the transaction of what it tells of, and read."""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa

from rootlet.ca.audit import FIRST, Entry, canonical, chained, read_details
from rootlet.ca.statement_store import Statement
from rootlet.ca.tables_store import AUDIT

__all__ = ["AT_ONCE", "actor", "append", "entries", "last_number", "streamed"]

AT_ONCE = 1000
"""Rows that are read together."""


LAST = Statement(sa.select(AUDIT.c.number, AUDIT.c.hash).order_by(AUDIT.c.number.desc()).limit(1))
INSERT = Statement(AUDIT.insert())


@cache
def actor() -> str:
    """user@host of this process."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no name for this number, as in some containers
        user = str(os.getuid())
    return f"{user}@{platform.node()}"


def append(
    connection: sa.Connection, event: str, details: Mapping[str, Any], *, at: int, serial: str = ""
) -> Entry:
    """Write the next entry; the caller's transaction holds the lock "audit"."""
    last = LAST.first(connection)
    number, previous = (last["number"], last["hash"]) if last else (0, FIRST)
    entry = chained(
        previous,
        number=number + 1,
        at=at,
        event=event,
        actor=actor(),
        serial=serial,
        details=details,
    )
    INSERT.change(connection, **{**vars(entry), "details": canonical(details)})
    return entry


def entries(
    connection: sa.Connection, *, after: int = 0, events: Collection[str] = ()
) -> Iterator[Entry]:
    """The log from the entry after number ``after`` on, all of it or some events only."""
    query = AUDIT.select().where(AUDIT.c.number > after).order_by(AUDIT.c.number)
    if events:
        query = query.where(AUDIT.c.event.in_(sorted(events)))
    for row in streamed(connection, query):
        yield Entry(**{**row, "details": read_details(row["details"])})


def last_number(connection: sa.Connection) -> int:
    """Number of the last entry; 0 when there is none."""
    return int(connection.execute(sa.select(sa.func.max(AUDIT.c.number))).scalar() or 0)


def streamed(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[sa.RowMapping]:
    """Rows of a query, not all of them in memory."""
    options = {"yield_per": AT_ONCE}
    yield from connection.execute(query, execution_options=options).mappings()
