"""A PostgreSQL cluster of a test's own, reached over a Unix socket; no port of the machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.sql import SQL, Composed, Identifier

from support.limits import small_disk

__all__ = ["USER", "Cluster", "cluster"]

USER = "postgres"
INSTALL = "apt-get install -y postgresql"
PLACES = "/usr/lib/postgresql"
START_SECONDS = 60


def _tool(name: str) -> str:
    """A program of the newest PostgreSQL; Debian keeps them off PATH."""
    found = sorted(Path(PLACES).glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    path = str(found[-1]) if found else shutil.which(name)
    assert path, f"{name} is missing: {INSTALL}"
    return path


def _run(*words: str | Path) -> None:
    """Run as the user that PostgreSQL insists on; root is refused by it."""
    command = [str(word) for word in words]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid", USER, "--regid", USER, "--init-groups", *command]
    with tempfile.TemporaryFile("w+") as said:  # a pipe would be held open by the server
        done = subprocess.run(command, stdout=said, stderr=said, cwd="/", check=False)
        said.seek(0)
        assert done.returncode == 0, f"{command}: {said.read()}"


@dataclass
class Cluster:
    """A server that runs, and the databases that are made in it."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def database(self) -> str:
        """The address of a new and empty schema: as good as a database, and made much faster."""
        name = f"ca{next(self._numbers)}"
        self.sql(SQL("CREATE SCHEMA {}").format(Identifier(name)))
        return f"{self.address()}&options=-csearch_path%3D{name}"

    def address(self, name: str = USER, user: str = USER) -> str:
        """How a database is written in rootlet.toml."""
        return f"postgresql://{user}@/{name}?host={quote(str(self.folder), safe='')}"

    def sql(self, statement: Composed) -> None:
        """Run a statement."""
        with psycopg.connect(self.address(), autocommit=True) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        """Stop the server in the middle of things: it recovers from its log when it is started."""
        _run(_tool("pg_ctl"), "-D", self.folder / "data", "-m", "immediate", "-w", "stop")

    def start(self, *, durable: bool) -> None:
        """Start it, or start it again; ``durable`` lets it sync as a server in use does."""
        options = [
            "-c listen_addresses=",
            f"-c unix_socket_directories={self.folder}",
            f"-c fsync={'on' if durable else 'off'}",
            "-c max_connections=40 -c shared_buffers=16MB",
        ]
        _run(_tool("pg_ctl"), "-D", self.folder / "data", "-l", self.folder / "log", "-w",
             "-t", str(START_SECONDS), "-o", " ".join(options), "start")  # fmt: skip


@contextlib.contextmanager
def cluster(*, durable: bool = False, disk: int | None = None) -> Iterator[Cluster]:
    """A new cluster, removed at the end; its folder is short, for a socket's path must be.

    ``disk`` gives it one of its own, of so many MiB.
    """
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    if disk is not None:
        with small_disk(folder, disk), _in(folder, durable=durable) as running:
            yield running
    else:
        with _in(folder, durable=durable) as running:
            yield running
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _in(folder: Path, *, durable: bool) -> Iterator[Cluster]:
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, USER, USER)
        _run(_tool("initdb"), "-D", folder / "data", "-U", USER, "--auth=trust", "--no-sync",
             "--locale=C", "--encoding=UTF8")  # fmt: skip
        running = Cluster(folder)
        running.start(durable=durable)
        try:
            yield running
        finally:
            running.stop()
    finally:
        shutil.rmtree(folder / "data", ignore_errors=True)
