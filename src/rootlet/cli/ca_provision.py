"""``rootlet ca provision``: certificates for a whole list of devices, for the factory line."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from rootlet.ca import (
    BadRow,
    DeviceRequest,
    Line,
    RecordStore,
    Row,
    Totals,
    clients_path,
    open_authority,
    policy_of,
    read_requests,
    read_rows,
)
from rootlet.ca import provision as provision_devices
from rootlet.cli.ca_issue import days_option
from rootlet.cli.options import (
    FILE,
    FOLDER,
    Progress,
    dry_run_option,
    json_option,
    maker_option,
    read_passphrase,
    show,
    utc_now,
)
from rootlet.errors import Misuse
from rootlet.files import read_bytes
from rootlet.maker import Maker, load_maker

__all__ = ["provision"]

MOST_LIST_BYTES = 512 << 20
"""Ten million ids of fifty characters."""

SHOWN = 20
"""Bad rows that are printed; --json has all."""


def _rows(path: Path) -> tuple[list[Row], list[BadRow]]:
    content = read_bytes(path, what="the list of devices", most=MOST_LIST_BYTES)
    try:
        return read_rows(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Misuse(f"{path} is not UTF-8 text", hint="save it as CSV in UTF-8") from error


def _requests(
    maker: Maker, path: Path, csr_dir: Path | None, progress: Progress, *, as_json: bool
) -> list[DeviceRequest]:
    """The whole list, checked before anything is issued."""
    rows, bad = _rows(path)
    requests, more = read_requests(rows, policy_of(maker), csr_dir, progress=progress)
    bad = sorted([*bad, *more], key=lambda row: row.line)
    if bad:
        lines = [f"{path.name}:{row.line}: {row.reason}" for row in bad[:SHOWN]]
        lines += [f"and {len(bad) - SHOWN} more"] if len(bad) > SHOWN else []
        show({"bad": [vars(row) for row in bad]}, "\n".join(lines), as_json=as_json)
        raise Misuse(
            f"{len(bad)} row{'s' if len(bad) > 1 else ''} of {path} cannot be used, "
            "nothing was issued",
            hint="mend those rows, then run the command again",
        )
    if not requests:
        raise Misuse(f"{path} lists no devices", hint='write one id a line, below a line "id"')
    return requests


def _summary(totals: Totals, line: Line, folder: Path, seconds: float) -> str:
    parts = (
        (totals.issued, "issued"),
        (totals.rewritten, "recorded before, now written"),
        (totals.marked, "written before, now marked as delivered"),
        (totals.abandoned, "recorded before, abandoned: their keys are gone"),
        (totals.kept, "had theirs before; --again issues anew"),
    )
    lines = [f"{number:>9}  {what}" for number, what in parts if number]
    if totals.issued and seconds >= 1:
        lines.append(f"{totals.issued / seconds:>9.0f}  issued a second")
    files = [*totals.files[:3], "..."] if len(totals.files) > 3 else totals.files
    keys = " and the passphrase" if line.passphrase is not None else ""
    next_step = f"""\
Next: give the files in {line.out}{keys} to the factory line, one device a line;
servers check devices with {clients_path(folder)}"""
    return "\n".join([*lines, *(f"  {name}" for name in files), "", next_step])


def _would(totals: Totals) -> str:
    return (
        f"Would issue {totals.issued}, write {totals.rewritten} and mark {totals.marked} that were "
        f"recorded before, abandon {totals.abandoned}, and keep {totals.kept}; nothing was done"
    )


@click.command(
    name="provision",
    epilog="\b\nExamples:\n"
    "  rootlet ca provision --from serials.csv --out line-1 --passphrase-file line-1.pass\n"
    "  rootlet ca provision --from serials.csv --out line-1 --csr-dir requests --dry-run",
)
@click.option("--from", "source", type=FILE, required=True, metavar="FILE", help="CSV of ids.")
@click.option("--out", type=FOLDER, required=True, metavar="DIR", help="Where batches go.")
@click.option(
    "--csr-dir",
    type=FOLDER,
    metavar="DIR",
    help="Signing requests, ID.csr or as column csr says.  [default: keys are made here]",
)
@click.option(
    "--passphrase-file",
    type=FILE,
    metavar="FILE",
    help="First line is the passphrase for keys made here.  [default: ask]",
)
@click.option("--again", is_flag=True, help="Issue for devices, too, that have had theirs before.")
@days_option
@maker_option
@dry_run_option
@json_option
def provision(
    source: Path,
    out: Path,
    csr_dir: Path | None,
    passphrase_file: Path | None,
    again: bool,
    days: int | None,
    folder: Path,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Issue for every device of a list; run it again to go on where it was broken off.

    The list is CSV with a column "id", and perhaps "csr". It is checked as a whole first.
    """
    maker = load_maker(folder)
    progress = Progress(quiet=as_json)
    requests = _requests(maker, source, csr_dir, progress, as_json=as_json)
    secret = None
    if csr_dir is None and not dry_run:
        secret = read_passphrase(passphrase_file, new=True, what="the devices' keys")
    line = Line(out, secret)
    started = time.monotonic()
    totals = _run(maker, requests, line, days, progress, again=again, dry_run=dry_run)
    seconds = time.monotonic() - started
    fields: dict[str, Any] = {**asdict(totals), "seconds": round(seconds, 3), "dry_run": dry_run}
    text = _would(totals) if dry_run else _summary(totals, line, folder, seconds)
    show(fields, text, as_json=as_json)


def _run(
    maker: Maker,
    requests: Sequence[DeviceRequest],
    line: Line,
    days: int | None,
    progress: Progress,
    *,
    again: bool,
    dry_run: bool,
) -> Totals:
    with open_authority(maker, verify=None) as authority:
        assert isinstance(authority.records, RecordStore)  # as open_authority makes it
        return provision_devices(
            authority,
            authority.records,
            requests,
            line,
            now=utc_now,
            days=days,
            again=again,
            dry_run=dry_run,
            progress=progress,
        )
