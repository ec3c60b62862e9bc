"""``rootlet time verify-report``: whether servers are proved to contradict each other."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from rootlet.cli.options import FILE, json_option, show
from rootlet.errors import Misuse
from rootlet.files import read_bytes, write_atomic
from rootlet.roughtime import is_evidence, key_to_text, report_of, verify_report

__all__ = ["check_report", "date_of"]

LAST_SECOND = 253402300799
"""The end of the year 9999, where dates end; the numbers are printed as well."""


def date_of(seconds: float) -> str:
    """A time in words, whatever a server says it is."""
    return f"{datetime.fromtimestamp(min(seconds, LAST_SECOND), UTC):%Y-%m-%dT%H:%M:%SZ}"


@click.command(
    name="verify-report",
    epilog="\b\nExamples:\n  rootlet time verify-report evidence.json\n"
    "  rootlet time verify-report from-a-device.bin --report evidence.json",
)
@click.argument("file", type=FILE)
@click.option(
    "--report",
    type=FILE,
    metavar="OUT",
    help="Write what holds as the report of RFC 10049: for evidence that a device kept.",
)
@json_option
def check_report(file: Path, report: Path | None, as_json: bool) -> None:
    """Check a proof that Roughtime servers contradict each other (RFC 10049 section 8.4).

    FILE is such a report, or the evidence that a device kept. Every response has to verify, each
    nonce to be made from the response before it, and two responses to contradict each other. Exit
    code 0: it is proof. 1: it is not.
    """
    told = _read(file)
    proof = verify_report(told)
    rows = [
        {"public_key": key_to_text(key), "midpoint": sample.midpoint, "radius": sample.radius}
        for key, sample in zip(proof.public_keys, proof.samples, strict=True)
    ]
    lines = ["Proof: these servers cannot all be right.", ""]
    lines += [
        f"  {number:>3}  {row['public_key']}  {date_of(float(sample.midpoint))}, "
        f"give or take {sample.radius} s"
        for number, (row, sample) in enumerate(zip(rows, proof.samples, strict=True), 1)
    ]
    lines += [""]
    lines += [
        f"  {b + 1} was asked after {a + 1} and names an earlier time" for a, b in proof.pairs
    ]
    if report is not None:
        write_atomic(report, json.dumps(told).encode(), private=False)
        lines += ["", f"Wrote the report to {report}"]
    lines += ["", "Next: tell who runs them, and leave out the one that stands alone"]
    fields = {"responses": rows, "contradictions": [list(pair) for pair in proof.pairs]}
    show(fields, "\n".join(lines), as_json=as_json)


def _read(file: Path) -> Any:
    data = read_bytes(file, what="the report")
    if is_evidence(data):
        return report_of(data)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Misuse(
            f"{file} is not JSON", hint="give what measure --report wrote, or a device kept"
        ) from error
