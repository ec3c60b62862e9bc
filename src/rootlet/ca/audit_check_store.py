"""Verifying the record: the chain of the audit log, and certificates and log against each other.

1. Numbers without a gap, each entry's hash right, its details stored in canonical form.
2. A head that was noted earlier is among the hashes: nothing was taken from the end.
3. Every certificate that an entry stands for is there, unchanged, in the order it was recorded in.
4. Every certificate has such an entry.
5. Every certificate is as far as the log says.

Everything is read in one state and in order, so that a record of millions needs little memory:
some 200 bytes for each certificate that was delivered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from rootlet.ca.audit import (
    COVERING,
    FIRST,
    Entry,
    canonical,
    chained,
    read_details,
    rows_digest,
    statuses_of,
)
from rootlet.ca.audit_store import entries, streamed
from rootlet.ca.records import Status
from rootlet.ca.tables_store import AUDIT, ISSUANCES

__all__ = ["Findings", "Problem", "verify_audit"]

MOST_PROBLEMS = 100
"""Problems that are kept; a record with more of them is not mended one by one."""


@dataclass(frozen=True)
class Problem:
    """Something in the record that is not as it was written."""

    rule: str
    """audit-entry, audit-gap, audit-head, audit-missing, audit-changed, audit-unlogged,
    audit-status, audit-order"""
    message: str


@dataclass
class Findings:
    """What verifying came to."""

    entries: int = 0
    """Entries of the log."""
    certificates: int = 0
    head: str = FIRST
    """Hash of the last entry."""
    newest: datetime | None = None
    """When the last entry was written."""
    noted: int | None = None
    """Number of the entry whose hash was noted earlier, where one was given and is there."""
    problems: list[Problem] = field(default_factory=list)
    """The first of them; none: the record is as it was written."""

    def add(self, rule: str, message: str) -> None:
        """Keep a problem."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(rule, message))


def verify_audit(connection: sa.Connection, *, head: str | None = None) -> Findings:
    """Verify all of the record in a snapshot; ``head`` is a hash that was noted earlier."""
    findings = Findings()
    statuses = statuses_of(_checked_chain(connection, findings, head))
    if head is not None and findings.noted is None:
        findings.add("audit-head", f"no entry has the hash {head}: entries were taken or replaced")
    _Matching(connection, findings, statuses).run()
    return findings


def _checked_chain(
    connection: sa.Connection, findings: Findings, head: str | None
) -> Iterator[Entry]:
    after_gap = False
    for row in streamed(connection, AUDIT.select().order_by(AUDIT.c.number)):
        entry = Entry(**{**row, "details": read_details(row["details"])})
        expected = findings.entries + 1
        if entry.number != expected:
            last = entry.number - 1
            which = f"{expected}" if last == expected else f"{expected} to {last}"
            findings.add("audit-gap", f"missing from the log: {which}")
            after_gap = True
        fields = {key: value for key, value in vars(entry).items() if key != "hash"}
        previous = findings.head
        right = chained(previous, **fields).hash == entry.hash
        if not (right or after_gap) or canonical(entry.details) != row["details"]:
            findings.add("audit-entry", f"entry {entry.number} was changed, or what is before it")
        after_gap = False
        findings.entries, findings.head = entry.number, entry.hash
        findings.newest = datetime.fromtimestamp(entry.at, UTC)
        if head == entry.hash:
            findings.noted = entry.number
        yield entry


class _Matching:
    """Certificates and the entries they were recorded by, read side by side."""

    def __init__(
        self, connection: sa.Connection, findings: Findings, statuses: dict[str, str]
    ) -> None:
        self.connection, self.findings, self.statuses = connection, findings, statuses
        self.rows = streamed(connection, ISSUANCES.select().order_by(ISSUANCES.c.number))
        self.row: sa.RowMapping | None = None

    def run(self) -> None:
        self._advance()
        for entry in entries(self.connection, events=COVERING):
            self._match(entry)
        while self.row is not None:
            self._unlogged(self.row)
            self._advance()

    def _advance(self) -> None:
        self.row = next(self.rows, None)
        if self.row is None:
            return
        self.findings.certificates += 1
        serial, status = self.row["serial"], self.row["status"]
        logged = self.statuses.get(serial, Status.RECORDED.value)
        if status != logged:
            what = f"certificate {serial} is marked as {status}, the log says {logged}"
            self.findings.add("audit-status", what)

    def _match(self, entry: Entry) -> None:
        serials = entry.serials()
        taken = [row for serial in serials if (row := self._take(serial, entry)) is not None]
        whole = bool(taken) and len(taken) == len(serials)
        if whole and rows_digest(taken) != entry.details.get("rows"):
            which = f"certificate {serials[0]} is"
            if len(serials) > 1:
                which = f"one of the {len(serials)} certificates from {serials[0]} on is"
            what = f"{which} not as entry {entry.number} recorded it"
            self.findings.add("audit-changed", what)

    def _take(self, serial: str, entry: Entry) -> dict[str, Any] | None:
        """The row of a serial that must come next; those that stand before it have no entry."""
        while self.row is not None:
            if self.row["serial"] == serial:
                taken = dict(self.row)
                self._advance()
                return taken
            number = self._number(serial)
            if number is None or number < self.row["number"]:
                break
            self._unlogged(self.row)
            self._advance()
        what = f"certificate {serial} of entry {entry.number}"
        if self._number(serial) is None:
            self.findings.add("audit-missing", f"{what} is not in the record")
        else:
            self.findings.add("audit-order", f"{what} was recorded before the entries before it")
        return None

    def _number(self, serial: str) -> int | None:
        query = sa.select(ISSUANCES.c.number).where(ISSUANCES.c.serial == serial)
        number = self.connection.execute(query).scalar()
        return None if number is None else int(number)

    def _unlogged(self, row: sa.RowMapping) -> None:
        what = f"certificate {row['serial']} ({row['name']}) was never entered in the log"
        self.findings.add("audit-unlogged", what)
