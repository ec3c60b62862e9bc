"""``rootlet time watch``: an eye on the servers, for good."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from rootlet.cli.options import FILE, date_text, json_option, maker_option, timeout_option, utc_now
from rootlet.cli.time_servers import list_option, read_list_file, targets_of, targets_of_list
from rootlet.files import write_atomic
from rootlet.maker import load_maker
from rootlet.roughtime import Target, Watch, malfeasance_report, take_measurement

__all__ = ["watch"]

LEAST_EVERY, USUAL_EVERY = 10, 300
"""Seconds: more often is of no use to who watches, and a burden to who is watched."""


@click.command(
    epilog="\b\nExample:\n  rootlet time watch --maker mine --report evidence.json \\\n"
    "      --metrics /var/lib/prometheus/node-exporter/time.prom"
)
@maker_option
@list_option
@timeout_option
@click.option(
    "--every",
    type=click.IntRange(min=LEAST_EVERY),
    default=USUAL_EVERY,
    show_default=True,
    metavar="SECONDS",
    help="Between two rounds.",
)
@click.option(
    "--metrics",
    type=FILE,
    metavar="FILE",
    help="Write what Prometheus' node exporter reads (textfile collector), after each round.",
)
@click.option(
    "--report",
    type=FILE,
    metavar="FILE",
    help="Where servers contradict each other, write the proof there (RFC 10049 section 8.4).",
)
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    metavar="COUNT",
    help="End after so many.  [default: go on]",
)
@json_option
def watch(
    folder: Path,
    list_file: Path | None,
    timeout: float,
    every: int,
    metrics: Path | None,
    report: Path | None,
    rounds: int | None,
    as_json: bool,
) -> None:
    """Measure the time again and again, and say what changes.

    Every server that is due is asked twice around, as measure does. One that fails is asked again
    after longer and longer waits, up to a day (RFC 10049 section 5). Runs until SIGTERM or Ctrl-C.
    With --json, one line for each round.
    """
    if list_file is None:
        targets = targets_of(load_maker(folder))
    else:
        targets = targets_of_list(read_list_file(list_file))
    by_name = _by_name(targets)
    told = Watch()
    done = 0
    with _stopped_by_signals() as ending:
        while not ending.is_set() and done != rounds:
            due = told.due(list(by_name), time.monotonic())
            changes = _round(told, [by_name[name] for name in due], timeout, report)
            _say(told, changes, first=done == 0, as_json=as_json)
            if metrics is not None:
                write_atomic(metrics, told.metrics(), private=False)
            done += 1
            if done != rounds:
                ending.wait(every)


def _by_name(targets: Sequence[Target]) -> dict[str, Target]:
    """Two of one name are told apart."""
    found: dict[str, Target] = {}
    for target in targets:
        name = target.name
        while name in found:
            name += "'"
        found[name] = replace(target, name=name)
    return found


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """SIGTERM and SIGINT end the waiting instead of the process."""
    ending = threading.Event()
    wanted = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_: ending.set()) for number in wanted]
    try:
        yield ending
    finally:
        for number, handler in zip(wanted, before, strict=True):
            signal.signal(number, handler)


def _round(
    told: Watch, targets: Sequence[Target], timeout: float, report: Path | None
) -> list[str]:
    """One round; what has changed."""
    if not targets:
        return []
    measurement = take_measurement(targets, timeout=timeout)
    seen = told.contradictions_seen
    changes = told.take(measurement, steady=time.monotonic(), wall=time.time())
    if told.contradictions_seen > seen and report is not None:
        proof = json.dumps(malfeasance_report(measurement.exchanges)).encode()
        write_atomic(report, proof, private=False)
        changes.append(f"wrote the proof to {report}")
    return changes


def _say(told: Watch, changes: list[str], *, first: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(told.fields()))
        return
    now = date_text(utc_now())
    for change in changes:
        click.echo(f"{now} {change}")
    offset, error = told.clock_offset(), told.clock_error()
    if offset is None or error is None:
        click.echo(f"{now} no time that all agree on")
    elif first or changes:
        behind = "behind" if offset > 0 else "ahead"
        click.echo(
            f"{now} all agree; the local clock is {abs(offset):.1f} s {behind}, give or take "
            f"{error:.1f} s"
        )
