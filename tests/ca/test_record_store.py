"""The record: durable, private, consistent, and clear about what is wrong with it."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from rootlet.ca import Issuance, RecordStore, Status
from rootlet.ca.migrations import configuration
from rootlet.ca.record_store import ISSUANCES, SHAPE
from rootlet.errors import Environment, State
from support.makers import authority_of

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
AUTHORITY, _ = authority_of(now=NOW)


def server() -> Issuance:
    return AUTHORITY.issue_server(["api.example.test", "192.0.2.7"], now=NOW).record


def device(name: str = "sensor-1") -> Issuance:
    return AUTHORITY.issue_device(name, now=NOW).record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ca.sqlite"


@pytest.fixture
def store(path: Path) -> RecordStore:
    return RecordStore(path, create=True)


def test_what_was_recorded_is_read_back_the_same(path: Path, store: RecordStore) -> None:
    records = [server(), device()]
    with store:
        for record in records:
            store.add(record)
    with RecordStore(path) as again:
        assert again.all() == tuple(records)
        assert again.with_serial(records[1].serial) == records[1]
        assert again.named("sensor-1") == (records[1],)
        assert again.with_serial("00") is None
        assert again.named("nobody") == ()


def test_an_addition_is_seen_by_others_at_once(path: Path, store: RecordStore) -> None:
    with store, RecordStore(path) as other:
        store.add(server())
        assert len(other.all()) == 1


def test_a_serial_is_recorded_once(store: RecordStore) -> None:
    record = server()
    with store:
        store.add(record)
        with pytest.raises(Environment, match="cannot use the record"):
            store.add(record)
        assert store.all() == (record,)


def test_the_newest_delivered_of_a_name_replaces_the_one_before(store: RecordStore) -> None:
    first, second, other = device(), device(), device("sensor-2")
    with store:
        for record in (first, other, second):
            store.add(record)
        for record in (first, other, second):
            store.delivered(record)
        assert [record.status for record in store.all()] == [
            Status.REPLACED,
            Status.DELIVERED,
            Status.DELIVERED,
        ]


def test_the_record_is_private_durable_and_survives_a_crash(path: Path, store: RecordStore) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with store:
        store.add(server())
        with sqlite3.connect(path) as reader:
            assert reader.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        reader.close()
        crashed = path.with_name("crashed.sqlite")
        crashed.write_bytes(path.read_bytes())
        wal = path.with_name("ca.sqlite-wal")
        assert stat.S_IMODE(wal.stat().st_mode) == 0o600
        crashed.with_name("crashed.sqlite-wal").write_bytes(wal.read_bytes())
    with RecordStore(crashed) as found:
        assert len(found.all()) == 1


def test_the_migrations_make_the_shape_that_is_used(path: Path, store: RecordStore) -> None:
    assert ScriptDirectory.from_config(configuration()).get_current_head() == SHAPE
    with store:
        pass
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, ISSUANCES.metadata) == []
    engine.dispose()


def test_a_record_in_an_old_shape_is_brought_up(path: Path) -> None:
    with RecordStore(path, create=True):
        pass
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM alembic_version")
        connection.execute("DROP TABLE issuances")
    connection.close()
    with RecordStore(path) as store:
        store.add(server())
        assert len(store.all()) == 1


@pytest.mark.parametrize("made", [Path.touch, lambda path: sqlite3.connect(path).close()])
def test_an_emptied_record_is_not_taken_for_a_new_one(
    made: Callable[[Path], None], path: Path
) -> None:
    made(path)
    with pytest.raises(State, match="is empty") as error:
        RecordStore(path)
    assert "backup" in error.value.hint


def test_what_is_no_text_was_never_issued(store: RecordStore) -> None:
    with store:
        assert store.named("\udcff") == ()


def test_a_record_of_a_newer_program_is_left_alone(path: Path, store: RecordStore) -> None:
    with store:
        pass
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(State, match="shape") as error:
        RecordStore(path)
    assert "newest version" in error.value.hint


@pytest.mark.parametrize("content", [b"not a database at all" * 60, b"SQLite format 3\x00" * 99])
def test_a_damaged_record_is_said_to_be_one(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(State, match="damaged") as error:
        RecordStore(path)
    assert "backup" in error.value.hint


def test_a_record_is_made_once_and_must_be_there_afterwards(path: Path, store: RecordStore) -> None:
    with store, pytest.raises(State, match="exists already"):
        RecordStore(path, create=True)
    with pytest.raises(State, match="no record at"):
        RecordStore(path.with_name("other.sqlite"))


def test_a_record_in_no_folder_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(Environment, match="No such file"):
        RecordStore(tmp_path / "missing" / "ca.sqlite", create=True)


def test_an_old_record_keeps_its_status_when_another_name_is_delivered(store: RecordStore) -> None:
    record = replace(server(), status=Status.DELIVERED)
    with store:
        store.add(record)
        second = device("api.example.test")
        store.add(second)
        store.delivered(second)
        assert store.all()[0].status is Status.DELIVERED
