"""``rootlet demo``: the whole main job, on real servers, told step by step."""

from __future__ import annotations

import dataclasses
import json
import shutil
import signal
import tempfile
import time
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from rootlet.cli.options import FOLDER
from rootlet.demo.processes import tool
from rootlet.demo.row import Row
from rootlet.demo.stage import Stage
from rootlet.demo.story import Story, describe
from rootlet.errors import Refused, State

__all__ = ["command"]


PROGRAMS = ("gcc", "nginx")
"""What is run besides Python; their Debian packages have the same names."""

LOG_WIDTH = 130
"""Columns where there is no terminal to ask: a log file folds no statuses."""


class _Teller:
    """Says what happens while it happens; says nothing but the result with --json."""

    def __init__(self, *, quiet: bool) -> None:
        self._console = Console(highlight=False, quiet=quiet)
        if not self._console.is_terminal:
            self._console.width = LOG_WIDTH

    def say(self, text: str) -> None:
        """One thing that is being set up."""
        self._console.print(f"  [dim]setting up:[/] {text}")

    def chapter(self, title: str) -> None:
        """The next part of the story."""
        self._console.print(f"\n[bold]{title}[/]")

    def row(self, row: Row) -> None:
        """One thing that was tried."""
        mark = "[green]as expected[/]" if row.as_expected else "[red]NOT as expected[/]"
        self._console.print(
            f"  {row.tried}: [bold]{row.seen}[/] ({mark}; {row.milliseconds:.0f} ms, "
            f"{row.sent} bytes sent, {row.received} received)"
        )

    def table(self, rows: list[Row]) -> None:
        """Everything once more, to look at."""
        table = Table(title="\nWhat was tried, expected, and seen")
        for heading in ("", "tried", "expected", "seen", "ms", "sent", "received"):
            right = heading in ("ms", "sent", "received")
            table.add_column(heading, justify="right" if right else "left", overflow="fold")
        for row in rows:
            mark = "[green]ok[/]" if row.as_expected else "[red]NO[/]"
            figures = (f"{row.milliseconds:.0f}", str(row.sent), str(row.received))
            table.add_row(mark, row.tried, row.expected, row.seen, *figures)
        self._console.print(table)

    def print(self, text: str) -> None:
        """A line as it stands."""
        self._console.print(text, markup=False, soft_wrap=True)


def _keep_until_interrupted(teller: _Teller, stage: Stage, folder: Path) -> None:
    teller.print("\nEverything goes on running. In another terminal, for example:\n")
    for line in describe(stage, folder):
        teller.print(f"    {line}")
    teller.print("\nPress Ctrl-C to stop it all.")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        signal.pause()
    except KeyboardInterrupt:
        teller.print("stopped")


@click.command(
    epilog="\b\nExamples:\n  rootlet demo\n  rootlet demo --keep --dir /tmp/rootlet-demo\n"
    "  rootlet demo --json"
)
@click.option("--keep", is_flag=True, help="Leave everything running; print how to poke at it.")
@click.option(
    "--dir",
    "folder",
    type=FOLDER,
    help="Make everything here (new or empty) and leave it.  [default: a temporary folder]",
)
@click.option(
    "--firmware", is_flag=True, help="Also run the device as Cortex-M3 firmware in an emulator."
)
@click.option("--json", "as_json", is_flag=True, help="Print the rows as one JSON object.")
def command(keep: bool, folder: Path | None, firmware: bool, as_json: bool) -> int:
    """Show the whole main job, end to end, on real servers on this machine.

    A device with nothing but one root learns the time, connects, is forwarded by the gateway,
    lives through a renewal, and refuses everyone who lies to it. Exit code 0 only when every row
    is as expected, 1 otherwise.
    """
    for program in PROGRAMS:
        tool(program, program)
    teller = _Teller(quiet=as_json)
    place = folder or Path(tempfile.mkdtemp(prefix="rootlet-demo-"))
    place.mkdir(parents=True, exist_ok=True)
    if any(place.iterdir()):
        raise State(f"{place} is not an empty folder", hint="name one that does not exist yet")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing is left running
    started = time.monotonic()
    stage = Stage(place.resolve(), teller.say)
    try:
        teller.chapter(f"Setting the stage in {place}")
        stage.build()
        stage.start()
        story = Story(stage, chapter=teller.chapter, tell=teller.row, firmware=firmware)
        rows = story.run()
        seconds = time.monotonic() - started
        _finish(teller, rows, seconds, as_json=as_json)
        if keep:
            _keep_until_interrupted(teller, stage, place)
    finally:
        stage.stop()
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)
    return 0 if all(row.as_expected for row in rows) else Refused.exit_code


def _finish(teller: _Teller, rows: list[Row], seconds: float, *, as_json: bool) -> None:
    fine = sum(row.as_expected for row in rows)
    if as_json:
        fields = [dataclasses.asdict(row) | {"as_expected": row.as_expected} for row in rows]
        result = {"rows": fields, "as_expected": fine, "of": len(rows), "seconds": seconds}
        click.echo(json.dumps(result))
        return
    teller.table(rows)
    teller.print(f"{fine} of {len(rows)} as expected, in {seconds:.1f} s.")
    teller.print("Next: make a maker of your own: rootlet init --help")
