"""Statements run the short way do what SQLAlchemy does with them, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rootlet.ca.acme.tables_store import ORDERS
from rootlet.ca.database_store import Database
from rootlet.ca.statement_store import Statement
from rootlet.ca.tables_store import ISSUANCES
from rootlet.errors import Environment

text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
documents = st.dictionaries(text, text | st.integers(-(2**40), 2**40) | st.none(), max_size=3)
orders = st.fixed_dictionaries(
    {
        "id": text,
        "account": text,
        "status": st.sampled_from(["pending", "ready"]),
        "identifiers": st.lists(st.lists(text, min_size=2, max_size=2), max_size=2),
        "profile": text,
        "replaces": st.none() | text,
        "error": st.none() | documents,
        "serial": st.none() | text,
        "made_at": st.integers(0, 2**62),
        "expires": st.integers(0, 2**62),
    }
)

WANTED: sa.BindParameter[str] = sa.bindparam("wanted")
SELECT = ORDERS.select().where(ORDERS.c.id == WANTED)
UPDATE = (
    ORDERS.update()
    .where(ORDERS.c.id == WANTED, ORDERS.c.status == "ready")
    .values(error=sa.bindparam("new_error"))
)


@pytest.fixture
def database(place: Path | str) -> Iterator[Database]:
    with Database(place, create=True) as made:
        yield made


@given(order=orders, error=st.none() | documents)
@settings(suppress_health_check=list(HealthCheck), max_examples=50, deadline=None)
def test_rows_are_written_and_read_alike(
    database: Database, order: dict[str, Any], error: dict[str, Any] | None
) -> None:
    add, select, update = Statement(ORDERS.insert()), Statement(SELECT), Statement(UPDATE)
    wanted = {"wanted": order["id"]}
    with database.transaction() as connection:
        connection.execute(ORDERS.delete())
        assert select.first(connection, **wanted) is None
        add.change(connection, **order)
        assert list(map(dict, connection.execute(SELECT, wanted).mappings())) == [order]
        assert list(map(dict, select.rows(connection, **wanted))) == [order]
        changed = update.change(connection, **wanted, new_error=error)
        assert changed == (order["status"] == "ready")
        order["error"] = error if changed else order["error"]
        assert list(map(dict, connection.execute(SELECT, wanted).mappings())) == [order]


def test_a_value_too_few_or_too_many_is_noticed(tmp_path: Path) -> None:
    """On SQLite, where it is not SQLAlchemy that runs it."""
    with Database(tmp_path / "ca.sqlite", create=True) as made, made.snapshot() as connection:
        for values in ({}, {"want": "x"}, {"wanted": "x", "more": "y"}):
            with pytest.raises(ValueError, match="wanted"):
                Statement(SELECT).rows(connection, **values)


def test_bytes_are_read_back(database: Database) -> None:
    row: dict[str, object] = {
        "serial": "01",
        "kind": "server",
        "name": "a",
        "names": ["a"],
        "der": b"\x30\x00\xff",
    }
    row |= {"not_before": 1, "not_after": 2, "issued_at": 1}
    row |= {"sha256": "00", "profile": "c25519", "status": "recorded"}
    select = Statement(sa.select(ISSUANCES.c.der.label("what"), ISSUANCES.c.names))
    with database.transaction() as connection:
        connection.execute(ISSUANCES.insert(), row)
        assert list(map(dict, select.rows(connection))) == [{"what": row["der"], "names": ["a"]}]


def test_what_the_database_refuses_is_said(database: Database) -> None:
    add = Statement(ORDERS.insert())
    order = dict.fromkeys(ORDERS.columns.keys(), "x") | {"made_at": 1, "expires": 1}

    def twice() -> None:
        with database.transaction() as connection:
            add.change(connection, **order)
            add.change(connection, **order)

    with pytest.raises(Environment, match="cannot use the record"):
        twice()
    with database.snapshot() as connection:
        assert Statement(SELECT).rows(connection, wanted="x") == []
