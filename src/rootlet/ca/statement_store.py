"""Statements that every certificate takes, run the short way where the database is SQLite.

There SQLAlchemy takes several times as long around a statement as SQLite takes for it, and what
it does there comes out the same each time. A ``Statement`` asks it once, for the text, the order
of the values, and how values are written and columns read, and then gives it to the driver itself.
On PostgreSQL, where the server is waited for, SQLAlchemy runs it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

__all__ = ["Row", "Statement"]

Row = Mapping[str, Any] | sa.RowMapping
"""A row's values by column."""

Convert = Callable[[Any], Any] | None


@dataclass(frozen=True)
class _Short:
    """What SQLAlchemy makes of a statement for SQLite."""

    text: str
    values: tuple[tuple[str, Any, Convert], ...]
    """Name, value where the statement holds one, and how it is written; in their order."""
    columns: tuple[tuple[str, Convert], ...]
    """Name, and how it is read."""
    required: frozenset[str]
    """Names of the values that it does not hold."""


class Statement:
    """A statement with parameters (``sa.bindparam``), or the insertion of whole rows."""

    def __init__(self, statement: sa.Select[Any] | sa.Insert | sa.Update) -> None:
        self._statement = statement
        self._short: _Short | None = None

    def rows(self, connection: sa.Connection, **values: object) -> list[Row]:
        """What it selects."""
        if connection.dialect.name != "sqlite":
            return list(connection.execute(self._statement, values).mappings())
        found = self._run(connection, values).fetchall()
        assert self._short is not None
        columns = self._short.columns
        return [
            {
                name: value if read is None else read(value)
                for (name, read), value in zip(columns, row, strict=True)
            }
            for row in found
        ]

    def first(self, connection: sa.Connection, **values: object) -> Row | None:
        """The first row of what it selects."""
        return next(iter(self.rows(connection, **values)), None)

    def change(self, connection: sa.Connection, **values: object) -> int:
        """Insert or update; how many rows an update changed."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, values).rowcount
        return self._run(connection, values).rowcount

    def _run(self, connection: sa.Connection, values: Mapping[str, Any]) -> sqlite3.Cursor:
        short = self._short
        if short is None:
            short = self._short = _short(self._statement, connection.dialect)
        if values.keys() != short.required:
            raise ValueError(f"values for {sorted(short.required)}, not {sorted(values)}")
        given = [
            values.get(name, value) if write is None else write(values.get(name, value))
            for name, value, write in short.values
        ]
        driver: Any = connection.connection.dbapi_connection
        cursor: sqlite3.Cursor = driver.execute(short.text, given)
        return cursor


def _short(statement: sa.Select[Any] | sa.Insert | sa.Update, dialect: sa.Dialect) -> _Short:
    compiled: Any = statement.compile(dialect=dialect)
    values = []
    for name in compiled.positiontup:
        bound = compiled.binds[name]
        write = bound.type.dialect_impl(dialect).bind_processor(dialect)
        values.append((name, bound.effective_value, write))
    columns = []
    if isinstance(statement, sa.Select):
        for column in statement.selected_columns:
            read = column.type.dialect_impl(dialect).result_processor(dialect, None)
            columns.append((str(column.key), read))
    required = frozenset(name for name in compiled.positiontup if compiled.binds[name].required)
    return _Short(str(compiled), tuple(values), tuple(columns), required)
