"""The audit log as values: what an entry says, how entries are chained, what they add up to.

An entry's hash is SHA-256 over the 32 bytes of the hash before it (zeros before the first) and the
entry's canonical bytes: JSON of its fields with sorted keys, no white space, ASCII only. Numbers
begin at 1 and have no gap. So whoever has noted a head, the last number and its hash, can tell
later whether anything up to there was changed, added or taken away.

``issued`` and ``adopted`` entries list the serials they stand for and a hash over the rows that
were recorded with them, so that these cannot be changed either. An entry covers one certificate
or a whole batch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rootlet.ca.records import Status

__all__ = [
    "COVERING",
    "FIRST",
    "Entry",
    "Event",
    "canonical",
    "chained",
    "read_details",
    "rows_digest",
    "statuses_of",
]

FIRST = "00" * 32
"""What stands before the first entry."""


class Event(StrEnum):
    """What happened; entries of a newer program may hold others."""

    ISSUED = "issued"
    """Certificates were recorded: ``serials``, ``rows``."""
    ADOPTED = "adopted"
    """The same, of a record that is older than its audit log."""
    DELIVERED = "delivered"
    """``serials`` were delivered, and those in ``replaced`` are not the newest any more."""
    ABANDONED = "abandoned"
    """``serials`` were recorded but never left, and their keys are gone."""
    BACKUP = "backup"
    """A backup was begun."""
    RESTORED = "restored"
    """The record was restored from the backup of the entry before."""


COVERING = {Event.ISSUED, Event.ADOPTED}
"""Entries that certificates are recorded by."""


@dataclass(frozen=True)
class Entry:
    """One line of the log."""

    number: int
    at: int
    """Seconds since 1970, by the clock of the machine that wrote it."""
    event: str
    actor: str
    """user@host"""
    serial: str
    """Of the certificate, where it is about a single one; otherwise empty."""
    details: Mapping[str, Any]
    hash: str
    """Of this entry and so of all before it, hexadecimal."""

    def serials(self, key: str = "serials") -> tuple[str, ...]:
        """The certificates it is about; nothing for what is not a list of serials."""
        values = self.details.get(key, [])
        return tuple(map(str, values)) if isinstance(values, list) else ()


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical(value: object) -> str:
    """The one way to write a value as JSON here."""
    return _ENCODER.encode(value)


def chained(
    previous: str,
    *,
    number: int,
    at: int,
    event: str,
    actor: str,
    serial: str,
    details: Mapping[str, Any],
) -> Entry:
    """The entry that follows the one whose hash is ``previous``."""
    fields = {
        "number": number,
        "at": at,
        "event": event,
        "actor": actor,
        "serial": serial,
        "details": details,
    }
    digest = hashlib.sha256(bytes.fromhex(previous) + canonical(fields).encode("ascii"))
    return Entry(number, at, event, actor, serial, details, digest.hexdigest())


def rows_digest(rows: Iterable[Mapping[str, Any]]) -> str:
    """A hash over what never changes in rows of issuances, in their order."""
    digest = hashlib.sha256()
    for row in rows:
        fixed = [
            *(row["serial"], row["kind"], row["name"], list(row["names"])),
            *(row["not_before"], row["not_after"], row["issued_at"], row["profile"]),
            *(row["sha256"], hashlib.sha256(row["der"]).hexdigest()),
        ]
        digest.update(canonical(fixed).encode("ascii") + b"\n")
    return digest.hexdigest()


def read_details(text: str) -> Mapping[str, Any]:
    """The details of an entry as they are stored; nothing for what is no object."""
    try:
        value = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def statuses_of(entries: Iterable[Entry]) -> dict[str, str]:
    """How far each certificate has come, by serial; those that were only recorded are not in it."""
    found: dict[str, str] = {}
    for entry in entries:
        if entry.event == Event.DELIVERED:
            found.update(_all(entry.serials("replaced"), Status.REPLACED))
            found.update(_all(entry.serials(), Status.DELIVERED))
        elif entry.event == Event.ABANDONED:
            found.update(_all(entry.serials(), Status.ABANDONED))
    return found


def _all(serials: Sequence[str], status: Status) -> dict[str, str]:
    return dict.fromkeys(serials, status.value)
