"""Installs a pair: staged, noted, switched, reloaded, confirmed; or the pair before again.

Each step leaves the disk such that the next run knows what to do, wherever it was cut off::

    staged      a complete version that nothing points to        dropped later
    noted       installing.json: which version, and which before  taken up from here
    switched    the link points to the new version                taken up, or rolled back
    confirmed   the server shows it                               the note goes, older ones too

A note that is there when a run begins is an installation cut off, or one that was rolled back. In
both cases the pair in it is good, so it is installed (again) instead of asking the CA for another.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from rootlet.agent.chain import CERTIFICATE, KEY, Pair, Wanted, check_pair
from rootlet.agent.server_control import ServerControl
from rootlet.errors import Environment, Missing, Refused, RootletError, Secret, State
from rootlet.files import (
    current_version,
    drop_versions,
    locked,
    point_to_version,
    read_bytes,
    stage_version,
    versions_of,
    write_atomic,
)
from rootlet.pki import certificates_from_pem

__all__ = ["Note", "Observer", "PairStore", "Step"]

NOTE = "installing.json"


class Step(StrEnum):
    """What was just done; the observer is told each."""

    STAGED = "staged"
    NOTED = "noted"
    SWITCHED = "switched"
    CHECKED = "checked"
    RELOADED = "reloaded"
    CONFIRMED = "confirmed"
    FORGOTTEN = "forgotten"
    BACK = "back"
    """The link points to the pair before again."""
    BACK_SERVED = "back-served"
    """And the server shows it."""


Observer = Callable[[Step], None]
"""Told after each step; what it raises ends the installation there."""


@dataclass(frozen=True)
class Note:
    """An installation that is under way."""

    version: str
    before: str | None


@dataclass(frozen=True)
class PairStore:
    """Where one certificate is installed."""

    place: Path
    """The link that the server's configuration names."""
    server: ServerControl
    observe: Observer

    def locked(self) -> AbstractContextManager[None]:
        """A context in which no other agent changes this certificate."""
        return locked(versions_of(self.place))

    def current(self) -> str | None:
        """The version that the link points to."""
        return current_version(self.place)

    def read_current(self, wanted: Wanted, *, now: datetime) -> Pair:
        """The installed pair, checked as a new one is."""
        return self._read(self.place, wanted, now)

    def _read(self, folder: Path, wanted: Wanted, now: datetime) -> Pair:
        chain = read_bytes(folder / CERTIFICATE, what="the certificate")
        key = read_bytes(folder / KEY, what="the certificate's key")
        return check_pair(chain, key, wanted, now=now)

    def note(self) -> Note | None:
        """What is under way, if anything; one that cannot be read is none."""
        try:
            fields = json.loads(read_bytes(self._note_path, what="the note").decode())
            note = Note(fields["version"], fields["before"])
        except (Environment, ValueError, KeyError, TypeError):
            return None
        plain = isinstance(note.version, str) and Path(note.version).name == note.version
        before = note.before is None or (versions_of(self.place) / str(note.before)).is_dir()
        return note if plain and before else None

    @property
    def _note_path(self) -> Path:
        return versions_of(self.place) / NOTE

    def pending(self, wanted: Wanted, *, now: datetime) -> Pair | None:
        """The pair of an installation under way, when it can still be used."""
        note = self.note()
        if note is None:
            return None
        try:
            return self._read(versions_of(self.place) / note.version, wanted, now)
        except (Refused, Secret, Environment):
            return None

    def offer(self, pair: Pair) -> None:
        """Stage a pair and note it: from here on it is installed whatever happens."""
        stage_version(self.place, pair.version, pair.contents())
        self.observe(Step.STAGED)
        fields = {"version": pair.version, "before": self.current()}
        write_atomic(self._note_path, json.dumps(fields).encode(), private=False)
        self.observe(Step.NOTED)

    def forget(self) -> None:
        """Drop the note: the installation is over, or its pair is of no use."""
        self._note_path.unlink(missing_ok=True)
        self.observe(Step.FORGOTTEN)

    def take_up(self, pair: Pair) -> None:
        """Make the server serve a pair that was offered.

        1. the server accepts its configuration as it is, or nothing is touched;
        2. the link is switched; the server's own check; reload;
        3. fresh handshakes show the new serial.

        When 2 or 3 fails the pair before is put back and confirmed likewise, and ``Environment``
        says why (status "rolled-back"); ``State`` when that failed, too. Where no server answered
        at the start there is nobody to roll back for: the pair stays, for whoever starts it, and
        the status is "not-answered". A pair before that no server could load, for it was damaged,
        is neither a reason to wait nor one to go back to.
        """
        note = self.note()
        before = note.before if note is not None else self.current()
        good = before is not None and self._loads(before)
        answered = self.server.look().answers
        if self.current() != pair.version:
            if good:
                self._check_untouched()
            point_to_version(self.place, pair.version)
            self.observe(Step.SWITCHED)
        try:
            self._serve(pair.leaf.serial_number)
        except (Environment, Missing) as error:
            if before is None or not good or before == pair.version or not answered:
                raise self._not_answered(error) from error
            self._roll_back(before, error)
        self.observe(Step.CONFIRMED)
        self.forget()
        drop_versions(self.place, keep={pair.version, before})

    def _loads(self, version: str) -> bool:
        """Whether a server could load a version: both files are there, and the key fits."""
        folder = versions_of(self.place) / version
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(folder / CERTIFICATE, folder / KEY, password=lambda: b"")
        except (OSError, ValueError):  # ssl.SSLError is an OSError
            return False
        return True

    def _serve(self, serial: int) -> None:
        self.server.check()
        self.observe(Step.CHECKED)
        self.server.reload()
        self.observe(Step.RELOADED)
        self.server.confirm(serial)

    def _check_untouched(self) -> None:
        try:
            self.server.check()
        except Environment as error:
            raise Environment(
                f"before anything was changed: {error.message}",
                hint=f"{error.hint}; the new certificate waits and is installed then",
                status="server-config",
            ) from error

    def _not_answered(self, error: RootletError) -> Environment:
        return Environment(
            f"{self.place} has the new certificate, but no server shows it: {error.message}",
            hint="start the server, then: rootlet agent once",
            status="not-answered",
        )

    def _roll_back(self, before: str, why: RootletError) -> None:
        point_to_version(self.place, before)
        self.observe(Step.BACK)
        try:
            self._serve(self._serial(before))
        except (RootletError, OSError) as error:
            raise State(
                f"{why.message}; the certificate before is in {self.place} again, but the server "
                f"does not show it: {error}",
                hint=f"look at the server now: {why.hint}",
                status="not-rolled-back",
            ) from why
        self.observe(Step.BACK_SERVED)
        raise Environment(
            f"{why.message}; the certificate before is served again",
            hint=f"{why.hint}; it is tried again by itself",
            status="rolled-back",
        ) from why

    def _serial(self, version: str) -> int:
        path = versions_of(self.place) / version / CERTIFICATE
        pem = read_bytes(path, what="the certificate before")
        return certificates_from_pem(pem, what=str(path))[0].serial_number
