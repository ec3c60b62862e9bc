"""``rootlet ca export``: what was issued, as a file for an audit or another program."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from rootlet.ca import Status, open_records
from rootlet.ca.status.overview import Listed
from rootlet.ca.status.overview_store import Wanted, each_listed
from rootlet.cli.options import FILE, date_text, maker_option, utc_now
from rootlet.errors import Environment
from rootlet.maker import load_maker
from rootlet.pki import Kind

__all__ = ["export"]

FIELDS = (
    *("serial", "kind", "name", "names", "not_before", "not_after", "issued_at", "status"),
    "sha256",
)


def _fields(listed: Listed) -> dict[str, Any]:
    return {
        "serial": listed.serial,
        "kind": listed.kind.value,
        "name": listed.name,
        "names": list(listed.names),
        "not_before": date_text(listed.not_before),
        "not_after": date_text(listed.not_after),
        "issued_at": date_text(listed.issued_at),
        "status": listed.status,
        "sha256": listed.sha256,
    }


def _csv(rows: Iterable[Listed]) -> Iterator[str]:
    line = io.StringIO(newline="")
    writer = csv.DictWriter(line, FIELDS, lineterminator="\r\n")  # RFC 4180 section 2
    writer.writeheader()
    for listed in rows:
        yield line.getvalue()
        line.seek(0)
        line.truncate()
        writer.writerow(_fields(listed) | {"names": " ".join(listed.names)})
    yield line.getvalue()


def _json_lines(rows: Iterable[Listed]) -> Iterator[str]:
    for listed in rows:
        yield json.dumps(_fields(listed)) + "\n"


WRITERS = {"csv": _csv, "jsonl": _json_lines}


def _write(lines: Iterator[str], out: Path | None) -> int:
    """Writes all lines, to a file in one go from its readers' view; gives their number."""
    count = 0
    if out is None:
        for text in lines:
            sys.stdout.write(text)
            count += 1
        return count
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            for text in lines:
                file.write(text)
                count += 1
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(out)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise Environment(
            f"cannot write {out}: {error.strerror}",
            hint="make room or choose another place; what was there before is unchanged",
        ) from error
    return count


def _wanted(
    kind: str | None,
    name: str | None,
    status: str | None,
    within: int | None,
    since: datetime | None,
) -> Wanted:
    now = utc_now()
    return Wanted(
        kind=None if kind is None else Kind(kind),
        name=name,
        status=status,
        ends_after=None if within is None else now,
        ends_before=None if within is None else now + timedelta(hours=within),
        issued_after=None if since is None else since.replace(tzinfo=now.tzinfo),
    )


@click.command(
    name="export",
    epilog="\b\nExamples:\n  rootlet ca export --out issued.csv\n"
    "  rootlet ca export --kind server --ends-within 24 --format jsonl\n"
    "  rootlet ca export --name '*.fleet.example.test' --since 2027-01-01",
)
@maker_option
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help="Only this kind.")
@click.option("--name", metavar="PATTERN", help="Only these names; * stands for any text.")
@click.option("--status", type=click.Choice([s.value for s in Status]), help="Only this status.")
@click.option(
    "--ends-within",
    type=click.IntRange(1),
    metavar="HOURS",
    help="Only what ends by then, not yet.",
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
    metavar="DATE",
    help="Only what was issued from then on (UTC).",
)
@click.option("--format", "form", type=click.Choice([*WRITERS]), default="csv", show_default=True)
@click.option("--out", type=FILE, metavar="FILE", help="Write to this file.  [default: print]")
def export(
    folder: Path,
    kind: str | None,
    name: str | None,
    status: str | None,
    ends_within: int | None,
    since: datetime | None,
    form: str,
    out: Path | None,
) -> None:
    """All that was issued, or part of it, oldest first; of one moment, however long it takes."""
    wanted = _wanted(kind, name, status, ends_within, since)
    with open_records(load_maker(folder)) as records:
        count = _write(WRITERS[form](each_listed(records.database, wanted)), out)
    if out is not None:
        rows = count - (form == "csv")
        click.echo(f"{rows} certificates in {out}", err=True)
