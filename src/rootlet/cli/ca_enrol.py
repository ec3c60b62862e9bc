"""``rootlet ca enrol``: which devices may enrol over EST, and with which secret."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from rootlet.ca import open_records
from rootlet.ca.est.enrolment_store import EnrolmentStore
from rootlet.cli.options import (
    FILE,
    date_text,
    json_option,
    maker_option,
    show,
    utc_now,
    with_maker,
)
from rootlet.errors import Misuse, State
from rootlet.files import read_bytes, write_atomic
from rootlet.maker import load_maker

__all__ = ["enrol"]

HOURS = 72
"""Between making a secret and the device's first start: a weekend."""

MOST_HOURS = 24 * 90
"""A secret that lies around for longer is better made when it is needed."""


@click.group(
    name="enrol",
    epilog="\b\nExample:\n  rootlet ca enrol add sensor-1 --out secrets.csv",
)
def enrol() -> None:
    """Devices that make their own keys: let them ask for a first certificate over EST."""


def _ids(given: tuple[str, ...], file: Path | None) -> list[str]:
    ids = list(given)
    if file is not None:
        text = read_bytes(file, what="the list of ids").decode("utf-8-sig", "replace")
        ids += [row[0].strip() for row in csv.reader(io.StringIO(text)) if row and row[0].strip()]
    if not ids:
        raise Misuse("no device is named", hint="give ids, or --from a file with one in each line")
    return ids


@enrol.command(
    name="add",
    epilog="\b\nExamples:\n  rootlet ca enrol add sensor-1 sensor-2 --out secrets.csv\n"
    "  rootlet ca enrol add --from ids.csv --hours 24 --out secrets.csv",
)
@click.argument("devices", metavar="ID...", nargs=-1)
@click.option("--from", "file", type=FILE, metavar="FILE", help="CSV, ids in the first column.")
@click.option("--out", type=FILE, metavar="FILE", required=True, help="Where the secrets go.")
@click.option(
    "--hours",
    type=click.IntRange(1, MOST_HOURS),
    default=HOURS,
    show_default=True,
    metavar="N",
    help="How long they may be used.",
)
@maker_option
@json_option
def add(
    devices: tuple[str, ...],
    file: Path | None,
    out: Path,
    hours: int,
    folder: Path,
    as_json: bool,
) -> None:
    """Make a one-time secret for each device and write them to a file that only you can read.

    A secret of the same device that was made before is void.
    """
    ids = _ids(devices, file)
    if out.exists():
        raise State(f"{out} exists already", hint="move it away, or name another file")
    now = utc_now()
    with open_records(load_maker(folder)) as records:
        made = EnrolmentStore(records.database).add(ids, now=now, lasts=timedelta(hours=hours))
    text = "".join(f"{device},{secret}\r\n" for device, secret in made)
    write_atomic(out, f"id,secret\r\n{text}".encode(), private=True)
    ends = date_text(now + timedelta(hours=hours))
    fields = {"devices": len(made), "secrets": str(out), "until": ends}
    show(
        fields,
        f"{len(made)} devices may enrol until {ends}\n\n"
        f"Next: put each secret of {out} into its device, then remove the file;\n"
        f"the devices enrol where this runs: {with_maker('rootlet ca serve', folder)}",
        as_json=as_json,
    )


@enrol.command(name="list", epilog="\b\nExample:\n  rootlet ca enrol list --json")
@maker_option
@json_option
def list_enrolments(folder: Path, as_json: bool) -> None:
    """Which devices may enrol, until when, and which did."""
    with open_records(load_maker(folder)) as records:
        found = EnrolmentStore(records.database).all()
    now = utc_now()
    rows: list[dict[str, Any]] = [
        {
            "id": enrolment.device,
            "until": date_text(enrolment.ends_at),
            "state": "used" if enrolment.used else "over" if now > enrolment.ends_at else "open",
        }
        for enrolment in found
    ]
    lines = [f"{'UNTIL':22}{'STATE':7}ID"]
    lines += [f"{row['until']:22}{row['state']:7}{row['id']}" for row in rows]
    lines += ["", f"Next: {with_maker('rootlet ca enrol add ID --out FILE', folder)}"]
    show({"enrolments": rows}, "\n".join(lines), as_json=as_json)


@enrol.command(name="remove", epilog="\b\nExample:\n  rootlet ca enrol remove sensor-1")
@click.argument("device", metavar="ID")
@maker_option
@json_option
def remove(device: str, folder: Path, as_json: bool) -> None:
    """Take a device's secret back. A certificate that it has stays valid."""
    with open_records(load_maker(folder)) as records:
        gone = EnrolmentStore(records.database).remove(device)
    if not gone:
        raise State(f"{device} has no secret", hint="see: rootlet ca enrol list")
    show({"id": device, "removed": True}, f"{device} may not enrol any more", as_json=as_json)
