"""The CA's database: SQLite in its folder, or PostgreSQL that several nodes share.

Everything that is kept goes through ``Database.transaction``: what was written in it is on the
disk when it ends without an error, and nothing of it is when it ends with one. SQLite runs in WAL
mode and syncs at each commit; a second writer waits for the first. On PostgreSQL writers run side
by side, and what must not happen twice at once takes a lock by name (``Database.lock``).

Both have the same tables, made by the same migrations; whoever opens the database first after an
update migrates it, while others wait.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

from rootlet.ca.store_errors import database_errors, not_a_record
from rootlet.errors import Missing, State
from rootlet.maker import Maker

__all__ = ["RECORD", "SHAPE", "Database", "open_engine", "place_of", "record_tables"]

SHAPE = "0005"
"""The newest of the migrations: the tables that this version reads and writes."""

RECORD = Path("ca/ca.sqlite")
"""In a maker's folder."""

LOCK_SECONDS = 30
"""How long one SQLite writer waits for others; the longest of them, a bulk batch, takes one."""

CONNECT_SECONDS = 10
"""How long a PostgreSQL server that does not answer is waited for."""

SYNCS = "rootlet_syncs"
"""Noted with a SQLite connection: how it syncs at the end of a transaction."""

NO_SYNC = sa.text("SET LOCAL synchronous_commit TO off")

SYNC = (
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') = 'off'"
)
"""A commit that is not on the disk would let certificates leave without a record."""


def place_of(maker: Maker) -> Path | str:
    """Where a maker's record is: a SQLite file, or the address of a PostgreSQL database."""
    return maker.ca.database or maker.folder / RECORD


def open_engine(maker: Maker, *, create: bool = False) -> Database:
    """A maker's database, migrated; it is made when ``create`` says so, and must not exist then."""
    return Database(place_of(maker), create=create)


class Database:
    """An open database; a context manager that closes it. Threads may share one.

    ``shape`` is the revision that it is brought to, should it have an older one.
    """

    def __init__(self, place: Path | str, *, create: bool = False, shape: str = SHAPE) -> None:
        self.place = place
        """A SQLite file, or the address of a PostgreSQL database."""
        self.shared = isinstance(place, str)
        """Whether this is PostgreSQL, which other nodes may write to at the same time."""
        self._idle: list[sa.Connection] = []
        with database_errors(place):
            if isinstance(place, Path):
                _prepare_file(place, create=create)
                self.engine = _sqlite(place)
            else:
                self.engine = _postgresql(place)
        try:
            self._migrate(shape, create=create)
        except BaseException:
            self.engine.dispose()
            raise

    def __enter__(self) -> Self:
        """The database itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close all connections."""
        while self._idle:
            self._idle.pop().close()
        self.engine.dispose()

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        """A connection for one transaction. Those to SQLite are kept: there, taking one from the
        pool and giving it back takes longer than what is done with it."""
        if self.shared:
            with self.engine.connect() as connection:
                yield connection
            return
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self.engine.connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[sa.Connection]:
        """All of what is written through the connection, durable at the end, or nothing of it.

        With ``durable`` False it outlives the process but not a power cut, and costs no sync; it
        is never lost when a durable one that came after it is not, for logs are written in order.

        ``Environment`` or ``State`` in the words of ``rootlet.ca.store_errors`` when the
        database says no. On SQLite it begins with the lock that writers take, so that nothing that
        was read in it is old; on PostgreSQL it is READ COMMITTED.
        """
        with (
            database_errors(self.place),
            self._connected() as connection,
            connection.begin(),
        ):
            if not self.shared:
                _begin(connection, "FULL" if durable else "NORMAL")
            elif not durable:
                connection.execute(NO_SYNC)
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """One state of all tables to read from, whatever is written meanwhile; never waits."""
        with database_errors(self.place), self._connected() as connection:
            if self.shared:
                connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                if not self.shared:
                    _begin(connection, None)
                yield connection

    def lock(self, connection: sa.Connection, name: str) -> None:
        """Hold the lock called ``name`` until the transaction ends; others who want it wait.

        SQLite's transactions hold the only lock there is from their beginning.
        """
        if self.shared:
            query = sa.text("SELECT pg_advisory_xact_lock(:n)")
            connection.execute(query, {"n": _lock_number(name)})

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Do something long that only one process may do at a time; ``State`` for a second one.

        The lock ends with the process, however that ends.
        """
        with self._held(name) as held:
            if not held:
                raise State(
                    f"another process does the same with the record {self.place}",
                    hint="wait for its end, then run the command again",
                )
            yield

    @contextmanager
    def _held(self, name: str) -> Iterator[bool]:
        if isinstance(self.place, Path):
            with database_errors(self.place):
                handle = os.open(
                    self.place.with_name(f"{name}.lock"), os.O_CREAT | os.O_RDWR, 0o600
                )
            try:
                yield _locked(handle)
            finally:
                os.close(handle)
            return
        with database_errors(self.place):
            connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        with connection:
            query = sa.text("SELECT pg_try_advisory_lock(:n)")
            with database_errors(self.place):
                held = bool(connection.execute(query, {"n": _lock_number(name)}).scalar())
            try:
                yield held
            finally:
                connection.invalidate()  # closes it, and so gives the lock back

    def _migrate(self, shape: str, *, create: bool) -> None:
        with database_errors(self.place), self.engine.begin() as connection:
            found = _shape(connection)
        if found == shape and not create:
            return
        if found is None and not create:  # SQLite takes an empty file for a new database
            raise not_a_record(self.place)
        with self.transaction() as connection:
            self.lock(connection, "migrations")
            found = _shape(connection)
            if create and found is not None:
                _require_unused(connection, self.place)
            if found != shape:
                # Imported here since it takes longer to load than most commands take.
                from rootlet.ca.migrations import upgrade

                upgrade(connection, shape)


def _lock_number(name: str) -> int:
    return zlib.crc32(f"rootlet {name}".encode())


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def record_tables(connection: sa.Connection) -> tuple[sa.Table, ...]:
    """Every table of the record as it is in the database, those that others refer to first."""
    metadata = sa.MetaData()
    metadata.reflect(connection)
    return tuple(table for table in metadata.sorted_tables if table.name != "alembic_version")


def _prepare_file(path: Path, *, create: bool) -> None:
    if path.exists() == create:
        raise State(
            f"{path} exists already" if create else f"there is no record at {path}",
            hint="restore it from your backup, or begin with: rootlet ca init",
        )
    if create:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _shape(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    query = sa.text("SELECT version_num FROM alembic_version")
    return str(connection.execute(query).scalar())


def _require_unused(connection: sa.Connection, place: Path | str) -> None:
    """Of a CA whose making was interrupted, root and issuing CA were recorded, never delivered."""
    unfinished = "status = 'recorded' AND kind IN ('root', 'issuing')"
    query = sa.text(f"SELECT count(*) FROM issuances WHERE NOT ({unfinished})")  # noqa: S608
    if connection.execute(query).scalar():
        raise State(
            f"{place} holds a record already",
            hint="use the maker's folder that belongs to it, or give another database",
        )


def _sqlite(path: Path) -> sa.Engine:
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        connect_args={"timeout": LOCK_SECONDS},
        pool_reset_on_return=None,  # whoever began a transaction here has ended it
    )

    def connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # BEGIN below is ours, so that it covers migrations too
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    sa.event.listen(engine, "connect", connected)
    return engine


def _begin(connection: sa.Connection, sync: str | None) -> None:
    """Begin what SQLAlchemy takes for begun on SQLite, to write with ``sync`` or to read.

    A listener to the engine's "begin" could do it, and would make every statement slower by a
    tenth: with one there, every connection asks for listeners to all that it does.
    """
    driver: Any = connection.connection.dbapi_connection
    if sync is not None and connection.info.get(SYNCS) != sync:
        driver.execute(f"PRAGMA synchronous = {sync}")
        connection.info[SYNCS] = sync
    driver.execute("BEGIN" if sync is None else "BEGIN IMMEDIATE")


def _postgresql(address: str) -> sa.Engine:
    url = sa.make_url(address).set(drivername="postgresql+psycopg")
    try:
        engine = sa.create_engine(
            url,
            connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "rootlet-ca"},
            pool_pre_ping=True,  # the server may have been started anew since the last use
        )
    except ModuleNotFoundError as error:
        raise Missing(
            "PostgreSQL needs the package psycopg",
            hint="install it with: pip install 'rootlet[postgresql]'",
        ) from error

    def connected(connection: Any, _record: object) -> None:
        connection.execute(SYNC)
        connection.commit()

    sa.event.listen(engine, "connect", connected)
    return engine
