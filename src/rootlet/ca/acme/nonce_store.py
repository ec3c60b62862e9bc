"""Nonces: each is good for one request, for an hour.

A single node keeps them in memory: after a restart they are all unknown, and clients ask again
(``badNonce`` is answered with a fresh one). Nodes that share a PostgreSQL keep them there, in an
unlogged table: after a crash of the server it is empty, with the same effect. Either way a nonce
that was taken once is never taken again.
"""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from rootlet.ca.acme.tables_store import NONCES
from rootlet.ca.database_store import Database

__all__ = ["MemoryNonces", "Nonces", "SharedNonces", "nonces_of"]

BYTES = 16
LIFE_SECONDS = 3600

MOST = 100_000
"""Nonces in memory, some 15 MB; the oldest go first, whoever floods us with requests for them."""

BATCH = 64
"""Nonces written to a shared database at once and handed out one by one."""

Clock = Callable[[], float]


class Nonces(Protocol):
    """Makes nonces and takes each back once."""

    def issue(self) -> str:
        """A new one."""

    def use(self, nonce: str) -> bool:
        """Whether it was ours, not used and not too old; it is used then."""


class MemoryNonces:
    """Of one process. Threads may share it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, float] = {}

    def issue(self) -> str:
        """A new one."""
        nonce, end = secrets.token_urlsafe(BYTES), self._clock() + LIFE_SECONDS
        with self._lock:
            if len(self._known) >= MOST:
                del self._known[next(iter(self._known))]
            self._known[nonce] = end
        return nonce

    def use(self, nonce: str) -> bool:
        """Take it, once."""
        with self._lock:
            end = self._known.pop(nonce, None)
        return end is not None and self._clock() < end


class SharedNonces:
    """Of all nodes that share a database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._ready: deque[str] = deque()
        self._until = 0.0

    def issue(self) -> str:
        """A new one, of a batch that is in the database already."""
        with self._lock:
            if not self._ready or self._clock() > self._until:
                self._fill()
            return self._ready.popleft()

    def _fill(self) -> None:
        now = self._clock()
        fresh = [secrets.token_urlsafe(BYTES) for _ in range(BATCH)]
        rows = [{"nonce": nonce, "expires": int(now) + 2 * LIFE_SECONDS} for nonce in fresh]
        with self._database.transaction() as connection:
            connection.execute(NONCES.insert(), rows)
        self._ready, self._until = deque(fresh), now + LIFE_SECONDS

    def use(self, nonce: str) -> bool:
        """Take it, once; the database says to whom of several."""
        gone = NONCES.delete().where(NONCES.c.nonce == nonce, NONCES.c.expires > self._clock())
        with self._database.transaction() as connection:
            ours = connection.execute(gone).rowcount == 1
        if not ours:  # after a crash of the database those in hand are gone from it, too
            with self._lock:
                self._ready.clear()
        return ours


def nonces_of(database: Database, clock: Clock) -> Nonces:
    """Where this CA keeps them; ``clock`` gives seconds since 1970."""
    return SharedNonces(database, clock) if database.shared else MemoryNonces(clock)
