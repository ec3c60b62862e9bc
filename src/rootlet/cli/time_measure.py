"""``rootlet time measure``: several servers in a chain, and what they prove of each other."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click

from rootlet.cli.options import FILE, json_option, maker_option, show, timeout_option, with_maker
from rootlet.cli.time_report import date_of
from rootlet.cli.time_servers import list_option, read_list_file, targets_of, targets_of_list
from rootlet.errors import Misuse, Refused
from rootlet.files import write_atomic
from rootlet.maker import load_maker
from rootlet.roughtime import (
    Bar,
    Exchange,
    Measurement,
    contradictions,
    draw,
    join,
    malfeasance_report,
    post_report,
    take_measurement,
)

__all__ = ["describe", "judge", "measure"]

ENOUGH_SERVERS = 3
"""With fewer, a server that lies is not found out (RFC 10049 section 8)."""


def describe(exchange: Exchange) -> dict[str, Any]:
    """An answer, as JSON has it."""
    sample = exchange.sample
    return {
        "server": exchange.server,
        "midpoint": sample.midpoint,
        "radius": sample.radius,
        "version": sample.version,
        "delay": round(exchange.delay, 6),
    }


def judge(measurement: Measurement) -> dict[str, Any]:
    """What a measurement says, as JSON has it."""
    exchanges = measurement.exchanges
    now = time.monotonic()
    interval = join(exchanges, now)
    pairs = contradictions([exchange.sample for exchange in exchanges])
    return {
        "consistent": interval is not None and not pairs,
        "earliest": interval and round(interval.earliest, 3),
        "latest": interval and round(interval.latest, 3),
        "local": round(time.time(), 3),
        "contradictions": [[exchanges[i].server, exchanges[j].server] for i, j in pairs],
        "exchanges": [describe(exchange) for exchange in exchanges],
        "failures": [
            {"server": name, "reason": str(error)} for name, error in measurement.failures
        ],
    }


def _table(verdict: dict[str, Any]) -> str:
    lines = [f"{'server':<16} {'midpoint':<20} {'radius':>6} {'version':>10} {'delay':>9}"]
    lines += [
        f"{row['server']:<16} {date_of(row['midpoint']):<20} {row['radius']:>5}s "
        f"{row['version']:>#10x} {row['delay'] * 1000:>6.1f} ms"
        for row in verdict["exchanges"]
    ]
    lines += [f"{row['server']:<16} {row['reason']}" for row in verdict["failures"]]
    for earlier, later in verdict["contradictions"]:
        lines.append(f"CONTRADICTION: {later} was asked after {earlier} and names an earlier time")
    if verdict["consistent"]:
        middle = (verdict["earliest"] + verdict["latest"]) / 2
        half = (verdict["latest"] - verdict["earliest"]) / 2
        offset = middle - verdict["local"]
        lines.append(
            f"All agree: {date_of(middle)}, give or take {half:.1f} s; the local clock is "
            f"{abs(offset):.1f} s {'behind' if offset > 0 else 'ahead'}"
        )
    else:
        lines.append("The servers contradict each other: at least one is wrong")
    return "\n".join(lines)


def _picture(measurement: Measurement) -> str:
    """What each answer allows, at one and the same moment."""
    exchanges = measurement.exchanges
    at = max(exchange.received for exchange in exchanges)
    each = [(exchange.server, join([exchange], at)) for exchange in exchanges]
    bars = [Bar(name, found.earliest, found.latest) for name, found in each if found]
    together = join(exchanges, at)
    agreed = None if together is None else Bar("all", together.earliest, together.latest)
    return "\n".join(draw(bars, agreed))


def _next(verdict: dict[str, Any], folder: Path) -> str:
    if verdict["consistent"]:
        return f"put them into devices: {with_maker('rootlet bundle --out DIR', folder)}"
    return "show the proof to who runs them: give --report FILE"


@click.command(
    epilog="\b\nExamples:\n  rootlet time measure --maker mine --report evidence.json\n"
    "  rootlet time measure --list servers.json --report evidence.json --post"
)
@maker_option
@list_option
@timeout_option
@click.option(
    "--report",
    type=FILE,
    metavar="FILE",
    help="Where servers contradict each other, write the proof there (RFC 10049 section 8.4).",
)
@click.option(
    "--post", is_flag=True, help="Send the proof to the address that the list names for reports."
)
@json_option
def measure(
    folder: Path,
    list_file: Path | None,
    timeout: float,
    report: Path | None,
    post: bool,
    as_json: bool,
) -> int:
    """Ask all servers of rootlet.toml, twice around, each chained to the answer before.

    Exit code 0: they agree. 1: they contradict each other.
    """
    found = None if list_file is None else read_list_file(list_file)
    if post and (found is None or not found.reports or report is None):
        raise Misuse(
            "there is nowhere to post a report to, or no file to keep it in",
            hint="--post takes --report, and --list with a list that has an address for reports",
        )
    targets = targets_of(load_maker(folder)) if found is None else targets_of_list(found)
    measurement = take_measurement(targets, timeout=timeout)
    if not measurement.exchanges:
        raise measurement.failures[0][1]
    verdict = judge(measurement)
    text = f"{_table(verdict)}\n\n{_picture(measurement)}\n\nNext: {_next(verdict, folder)}"
    show(verdict, text, as_json=as_json)
    answered = len({exchange.server for exchange in measurement.exchanges})
    if answered < ENOUGH_SERVERS:
        click.echo(
            f"Note: {answered} of {len(targets)} servers answered; it takes {ENOUGH_SERVERS}, run "
            "by different people, to find out one that lies",
            err=True,
        )
    if verdict["contradictions"] and report is not None:
        proof = json.dumps(malfeasance_report(measurement.exchanges)).encode()
        write_atomic(report, proof, private=False)
        click.echo(f"Wrote the proof to {report}: show it to who runs the servers", err=True)
        if post and found is not None:
            post_report(found.reports, proof, tell=lambda text: click.echo(text, err=True))
    return 0 if verdict["consistent"] else Refused.exit_code
