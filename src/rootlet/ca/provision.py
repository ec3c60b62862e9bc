"""Provisioning in bulk, as values: which devices, what each one still needs, and what came of it.

A device's certificate is recorded, then written to a file, then marked as delivered, a batch at a
time. Whatever breaks off in between is seen from the record and the files when it is run again:

    record      file    key made here               key from a request
    delivered   any     nothing to do               nothing to do
    recorded    yes     mark it as delivered        mark it as delivered
    recorded    no      the key is gone: abandon    write it to a file, if the request still
                        it, and issue anew          has its key; otherwise as on the left
    none        no      issue                       issue
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from rootlet.ca.authority import DeviceRequest
from rootlet.ca.records import Issuance, Status
from rootlet.errors import Misuse, Refused
from rootlet.pki import check_device_id

__all__ = ["BadRow", "Plan", "Row", "Standing", "Totals", "lines_of", "plan", "read_rows"]

ID, REQUEST = "id", "csr"
"""Columns of the list; others may stand there and are not looked at."""

FIELD_BYTES = 1024
"""A field of the list that is longer is no id and no file's name."""


@dataclass(frozen=True)
class Row:
    """A device of the list."""

    line: int
    device_id: str
    request: str
    """Name of the file with its signing request; empty when the list names none."""


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be used."""

    line: int
    reason: str


@dataclass(frozen=True)
class Standing:
    """What the record has of a device."""

    number: int
    serial: str
    name: str
    status: Status


@dataclass
class Plan:
    """What there is to do."""

    issue: list[DeviceRequest] = field(default_factory=list)
    abandon: list[str] = field(default_factory=list)
    """Serials whose keys are gone."""
    rewrite: list[tuple[DeviceRequest, str]] = field(default_factory=list)
    """Recorded for a request, in no file: request and serial."""
    mark: list[str] = field(default_factory=list)
    """Serials that are in a file, not marked as delivered."""
    kept: int = 0
    """Devices that have had theirs before."""


@dataclass
class Totals:
    """What was done."""

    issued: int = 0
    rewritten: int = 0
    marked: int = 0
    abandoned: int = 0
    kept: int = 0
    files: list[str] = field(default_factory=list)


def read_rows(text: str) -> tuple[list[Row], list[BadRow]]:
    """The devices of a list, and every row that is no good, by its line.

    The first line may name the columns, ``id`` and perhaps ``csr`` among them; without such a line
    the first column is the id and the second, if any, the request's file. ``;`` separates where it
    stands in the first line and no ``,`` does.
    """
    first = text.partition("\n")[0]
    csv.field_size_limit(FIELD_BYTES)
    reader = csv.reader(
        text.splitlines(), delimiter=";" if ";" in first and "," not in first else ",", strict=True
    )
    rows: list[Row] = []
    bad: list[BadRow] = []
    seen: dict[str, int] = {}
    columns = (0, 1)
    while True:
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return rows, bad
        except csv.Error as error:
            bad.append(BadRow(reader.line_num, str(error)))
            continue
        names = [cell.lower() for cell in cells]
        if reader.line_num == 1 and ID in names:
            columns = (names.index(ID), names.index(REQUEST) if REQUEST in names else len(names))
        elif any(cells):
            _add(cells, columns, reader.line_num, rows, bad, seen)


def _add(
    cells: Sequence[str],
    columns: tuple[int, int],
    line: int,
    rows: list[Row],
    bad: list[BadRow],
    seen: dict[str, int],
) -> None:
    device_id, request = (cells[at] if at < len(cells) else "" for at in columns)
    try:
        check_device_id(device_id)
    except Refused as error:
        bad.append(BadRow(line, f"{error.message}: {error.hint}"))
        return
    before = seen.setdefault(device_id, line)
    if before != line:
        bad.append(BadRow(line, f"{device_id} stands on line {before} already"))
    elif "/" in request or request in {".", ".."}:
        bad.append(BadRow(line, f"{request!r} is not the name of a file in --csr-dir"))
    else:
        rows.append(Row(line, device_id, request))


def plan(
    requests: Iterable[DeviceRequest],
    standings: Mapping[str, Sequence[Standing]],
    written: frozenset[str],
    *,
    again: bool,
) -> Plan:
    """What each device needs; ``written`` are the serials in files, ``standings`` go by id.

    ``again`` issues for those, too, that have had a certificate before, other than in these files.
    """
    made = Plan()
    for request in requests:
        has = standings.get(request.device_id, ())
        recorded = [entry for entry in has if entry.status is Status.RECORDED]
        filed = [entry.serial for entry in recorded if entry.serial in written]
        lost = [entry.serial for entry in recorded if entry.serial not in written]
        done = {entry.serial for entry in has if entry.status is Status.DELIVERED}
        made.mark += filed
        if filed or (done & written if again else done):
            made.abandon += lost
            made.kept += not filed
        elif lost and request.public_key is not None:
            made.abandon += lost[:-1]
            made.rewrite.append((request, lost[-1]))
        else:
            made.abandon += lost
            made.issue.append(request)
    return made


def lines_of(text: str, *, what: str) -> list[Mapping[str, Any]]:
    """The devices in a file that was written here; ``Misuse`` for any other file."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            entry = json.loads(line)
            found.append({key: str(entry[key]) for key in ("id", "serial")} | entry)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Misuse(
                f"{what} line {number} is not what was written there",
                hint="move the file away if it is another program's; otherwise restore it",
            ) from error
    return found


@lru_cache(maxsize=8)
def _written(moment: datetime) -> str:
    """Of a batch all have the same."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def line_of(record: Issuance, certificate_pem: str, key_pem: str | None) -> str:
    """A device as it stands in a file: one line of JSON."""
    fields = {
        "id": record.name,
        "serial": record.serial,
        "urn": record.names[0],
        "not_after": _written(record.not_after),
        "certificate": certificate_pem,
    }
    if key_pem is not None:
        fields["key"] = key_pem
    return json.dumps(fields)
