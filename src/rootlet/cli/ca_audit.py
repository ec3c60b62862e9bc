"""``rootlet ca audit``: the log of everything the CA did, verified and listed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from rootlet.ca import Entry, Findings, open_records
from rootlet.cli.options import date_text, json_option, maker_option, show, utc_now, with_maker
from rootlet.errors import Refused
from rootlet.maker import load_maker
from rootlet.pki import parse_fingerprint

__all__ = ["audit"]

SHOWN = 20
"""Problems that are printed; --json has more."""

LISTED = 50
"""Entries that are listed when no number is given."""

RESTORE = "find out who could write to the database; a record that is whole is in your last backup"


@click.group(
    name="audit",
    epilog="\b\nExample:\n  rootlet ca audit verify",
)
def audit() -> None:
    """The log of what the CA did; each entry is chained to the one before by its hash."""


def _fields(findings: Findings) -> dict[str, Any]:
    return {
        "entries": findings.entries,
        "certificates": findings.certificates,
        "head": findings.head,
        "newest": None if findings.newest is None else date_text(findings.newest),
        "noted": findings.noted,
        "problems": [vars(problem) for problem in findings.problems],
    }


@audit.command(
    name="verify",
    epilog="\b\nExamples:\n  rootlet ca audit verify\n"
    "  rootlet ca audit verify --head "
    "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9\n\n"
    "Exit code 0 when all of it is as it was written, 1 when something was changed, added or "
    "taken away (each finding is printed), 6 when there is no record or it is damaged.",
)
@maker_option
@click.option("--head", metavar="HEX", help="A head that was noted earlier: it must be there.")
@json_option
def verify(folder: Path, head: str | None, as_json: bool) -> None:
    """Hold every entry and every certificate against each other."""
    noted = None if head is None else parse_fingerprint(head)
    with open_records(load_maker(folder)) as records:
        findings = records.verify(head=noted)
    lines = [f"{problem.rule:14} {problem.message}" for problem in findings.problems[:SHOWN]]
    if not lines:
        since = "" if findings.noted is None else f"; the head noted earlier is {findings.noted}"
        lines = [
            f"{findings.entries} entries, {findings.certificates} certificates, all as they "
            f"were written{since}",
            f"  head  {findings.head}",
            "",
            "Next: note the head where nobody who can write here can write, and give it to\n"
            f"  {with_maker('rootlet ca audit verify --head HEX', folder)}",
        ]
    show(_fields(findings), "\n".join(lines), as_json=as_json)
    if findings.problems:
        count = len(findings.problems)
        raise Refused(
            f"the record is not as it was written: {count} finding{'s' if count > 1 else ''}",
            hint=RESTORE,
            status=findings.problems[0].rule,
        )


def _line(entry: Entry) -> str:
    serials, moment = entry.serials(), datetime.fromtimestamp(entry.at, UTC)
    about = entry.serial or (f"{len(serials)} certificates" if serials else "")
    return f"{entry.number:>8}  {date_text(moment):22}{entry.event:11}{entry.actor:24}{about}"


@audit.command(
    name="list",
    epilog="\b\nExamples:\n  rootlet ca audit list\n  rootlet ca audit list --after 0 --json",
)
@maker_option
@click.option(
    "--after", type=click.IntRange(min=0), metavar="N", help="From the entry after this one on."
)
@json_option
def list_entries(folder: Path, after: int | None, as_json: bool) -> None:
    """The entries, oldest first; the last ones when no number is given."""
    with open_records(load_maker(folder)) as records:
        found = records.entries(after=-LISTED if after is None else after)
    lines = [f"{'NUMBER':>8}  {'TIME':22}{'EVENT':11}{'BY':24}ABOUT", *map(_line, found)]
    if found and found[0].number > 1:
        before = max(0, found[0].number - 1 - LISTED)
        older = with_maker(f"rootlet ca audit list --after {before}", folder)
        lines += ["", f"Older ones: {older}"]
    lines += ["", f"Next: {with_maker('rootlet ca audit verify', folder)}"]
    fields = {"entries": [vars(entry) for entry in found], "now": date_text(utc_now())}
    show(fields, "\n".join(lines), as_json=as_json)
