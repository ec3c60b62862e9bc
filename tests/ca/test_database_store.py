"""The database: made once, migrated once, durable, and clear about what is wrong with it."""

from __future__ import annotations

import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.sql import SQL

from rootlet.ca import (
    Database,
    Issuance,
    RecordStore,
    Status,
    deliver,
    init_ca,
    open_authority,
    open_engine,
    open_records,
)
from rootlet.ca.acme import tables_store as acme_tables
from rootlet.ca.database_store import SHAPE
from rootlet.ca.migrations import configuration
from rootlet.ca.tables_store import ISSUANCES, METADATA
from rootlet.errors import Environment, Misuse, State
from support.makers import PASSPHRASE, authority_of, shared_maker
from support.postgres import Cluster

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
AUTHORITY, _ = authority_of(now=NOW)
Place = Path | str
TIMES = ("not_before", "not_after", "issued_at")


def issuance() -> Issuance:
    return AUTHORITY.issue_server(["api.example.test"], now=NOW).record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ca.sqlite"


def test_the_migrations_make_the_shape_that_is_used(place: Place) -> None:
    assert ScriptDirectory.from_config(configuration()).get_current_head() == SHAPE
    with Database(place, create=True) as database, database.snapshot() as connection:
        context = MigrationContext.configure(connection)
        assert acme_tables.ORDERS.metadata is METADATA
        assert compare_metadata(context, METADATA) == []


def test_a_record_is_made_once_and_must_be_there_afterwards(place: Place) -> None:
    with pytest.raises(State, match="no record"):
        RecordStore(place)
    with RecordStore(place, create=True) as store:
        store.add(issuance())
    with pytest.raises(State, match=r"exists already|holds a record already"):
        RecordStore(place, create=True)


def old_record(place: Place, *issuances: Issuance) -> None:
    """A record as the first version made it."""
    config = configuration()
    with Database(place, create=True) as database, database.transaction() as connection:
        for table in sa.inspect(connection).get_table_names():
            connection.execute(sa.text(f"DROP TABLE {table}"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for record in issuances:
            times = {key: int(vars(record)[key].timestamp()) for key in TIMES}
            connection.execute(ISSUANCES.insert().values({**vars(record), **times}))


def test_several_that_start_at_once_migrate_once(place: Place) -> None:
    old_record(place)
    gate = threading.Barrier(4)

    def start(_: int) -> int:
        gate.wait()
        with RecordStore(place) as store:
            store.add(issuance())
            return len(store.all())

    with ThreadPoolExecutor(4) as pool:
        assert max(pool.map(start, range(4))) == 4


def test_certificates_that_are_older_than_the_log_are_entered_first(place: Place) -> None:
    old = [replace(issuance(), status=status) for status in Status]
    old_record(place, *old[:3])
    with RecordStore(place) as store:
        assert store.all() == tuple(old[:3])
        assert [entry.event for entry in store.entries()] == ["adopted", "delivered"]
        store.add(issuance())
        findings = store.verify()
    assert (findings.problems, findings.entries, findings.certificates) == ([], 3, 4)


def test_a_record_of_a_newer_program_is_left_alone(place: Place) -> None:
    with Database(place, create=True) as database, database.transaction() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(State, match="shape") as error:
        RecordStore(place)
    assert "newest version" in error.value.hint


def test_of_a_transaction_that_fails_nothing_stays(place: Place) -> None:
    count = sa.select(sa.func.count()).select_from(ISSUANCES)
    row = {**vars(issuance()), "kind": "device", "status": "recorded"}
    row |= dict.fromkeys(TIMES, 0)

    def twice(database: Database) -> None:
        with database.transaction() as connection:
            for _ in range(2):
                connection.execute(ISSUANCES.insert().values(**row))

    def interrupted(database: Database) -> None:
        with database.transaction() as connection:
            connection.execute(ISSUANCES.insert().values(**row))
            raise KeyboardInterrupt

    with Database(place, create=True) as database:
        with pytest.raises(Environment, match="cannot use the record"):
            twice(database)
        with pytest.raises(KeyboardInterrupt):
            interrupted(database)
        with database.snapshot() as connection:
            assert connection.execute(count).scalar() == 0


def test_who_holds_a_lock_is_waited_for(place: Place) -> None:
    order, held = [], threading.Event()
    with Database(place, create=True) as database, ThreadPoolExecutor(2) as pool:

        def first() -> None:
            with database.transaction() as connection:
                database.lock(connection, "test")
                held.set()
                time.sleep(0.2)  # long enough for the second to come by, if nothing held it
                order.append("first")

        def second() -> None:
            held.wait()
            with database.transaction() as connection:
                database.lock(connection, "test")
                order.append("second")

        for done in [pool.submit(first), pool.submit(second)]:
            done.result()
    assert order == ["first", "second"]


def test_a_snapshot_stays_what_it_was_while_others_write(place: Place) -> None:
    count = sa.select(sa.func.count()).select_from(ISSUANCES)
    with RecordStore(place, create=True) as store:
        with store.database.snapshot() as connection:
            assert connection.execute(count).scalar() == 0
            store.add(issuance())
            assert connection.execute(count).scalar() == 0
        assert len(store.all()) == 1


# SQLite's own.


def test_the_record_is_private_durable_and_survives_a_crash(path: Path) -> None:
    with RecordStore(path, create=True) as store:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        store.add(issuance())
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


@pytest.mark.parametrize("made", [Path.touch, lambda path: sqlite3.connect(path).close()])
def test_an_emptied_record_is_not_taken_for_a_new_one(
    made: Callable[[Path], None], path: Path
) -> None:
    made(path)
    with pytest.raises(State, match="is empty") as error:
        RecordStore(path)
    assert "backup" in error.value.hint


@pytest.mark.parametrize("content", [b"not a database at all" * 60, b"SQLite format 3\x00" * 99])
def test_a_damaged_record_is_said_to_be_one(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(State, match="damaged") as error:
        RecordStore(path)
    assert "backup" in error.value.hint


def test_a_record_in_no_folder_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(Environment, match="No such file"):
        RecordStore(tmp_path / "missing" / "ca.sqlite", create=True)


def test_a_second_writer_waits_although_the_first_has_read(path: Path) -> None:
    """Two that read first and then write would fail at once with a plain BEGIN."""
    with RecordStore(path, create=True) as store, ThreadPoolExecutor(8) as pool:
        records = [issuance() for _ in range(24)]
        list(pool.map(store.add, records))
        list(pool.map(store.delivered, records))
        assert len(store.all()) == 24


# PostgreSQL's own.


def test_a_ca_keeps_its_record_in_postgresql(tmp_path: Path, postgres: Cluster) -> None:
    address = postgres.database()
    maker = shared_maker(tmp_path / "mine", address)
    now = datetime.now(UTC)
    init_ca(maker, PASSPHRASE, now=now)
    with open_authority(maker, verify=None) as authority:
        deliver(maker.folder, authority.issue_device("sensor-1", now=now), authority.records)
    with open_records(maker) as records:
        states = [(record.kind.value, record.status.value) for record in records.all()]
    assert states == [(kind, "delivered") for kind in ("root", "root", "issuing", "device")]
    assert not list(maker.folder.rglob("*.sqlite"))
    other = shared_maker(tmp_path / "other", address)
    with pytest.raises(State, match="holds a record already"):
        init_ca(other, PASSPHRASE, now=now)
    assert not (tmp_path / "other/ca").exists()


def test_a_ca_whose_making_was_interrupted_can_be_made_again(
    tmp_path: Path, postgres: Cluster
) -> None:
    maker = shared_maker(tmp_path / "mine", postgres.database())
    (maker.folder / "issued").touch()
    with RecordStore(maker.ca.database, create=True) as store:
        for record in authority_of(now=NOW)[1].records:
            store.add(record)
    init_ca(maker, PASSPHRASE, now=NOW)
    with open_engine(maker) as database:
        assert database.shared


def test_what_is_wrong_with_a_server_is_said_with_a_hint(postgres: Cluster, tmp_path: Path) -> None:
    for address, hint in (
        (f"postgresql://postgres@/ca?host={tmp_path}", "server runs"),
        (postgres.address("nothing"), "createdb"),
        (postgres.address("postgres", user="nobody"), "createuser"),
        ("postgresql://postgres@127.0.0.1:1/ca", "server runs"),
    ):
        with pytest.raises(Environment, match="cannot connect to") as error:
            RecordStore(address)
        assert hint in error.value.hint, error.value.message
        assert "\n" not in error.value.message


def test_a_user_without_rights_is_told(postgres: Cluster) -> None:
    postgres.sql(SQL("CREATE USER guest").format())
    with pytest.raises(Environment, match="permission denied") as error:
        RecordStore(postgres.address(user="guest"), create=True)
    assert "rights" in error.value.hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("postgresql://ca:secret@db.test/ca", "holds a password"),
        ("postgresql://db.test/ca?password=secret", "holds a password"),
        ("mysql://ca:secret@db.test/ca", "not the address"),
        ("postgresql://db.test:port/ca", "not the address"),
        ("postgresql://[::1/ca", "not the address"),
        ("ca.sqlite", "not the address"),
    ],
)
def test_an_address_that_cannot_be_used_is_not_repeated(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(Misuse, match=said) as error:
        shared_maker(tmp_path, text)
    assert "secret" not in error.value.message + error.value.hint
