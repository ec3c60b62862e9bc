"""Instructions of a whole handshake, on each board: the device as firmware, against real servers.

python -m tools.handshake            print the rows as JSON
python -m tools.handshake --write    write them into docs/size.md and docs/size.json

The servers are the demo's. Counted is what the library executes, not the port and not lwIP. Exit
code 3 when a compiler or the emulator is missing.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean

from tools.firmware import BOARDS, COUNTING, ONE_FILE_BOARDS, TICKS, VARIANTS, Firmware, link
from tools.size_report import MISSING, missing, read_rows, write
from tools.size_rows import HANDSHAKES, ONE_FILE, Row, Where, options_of

from rootlet.demo.processes import rootlet
from rootlet.demo.stage import API, SENSOR, Stage

__all__ = ["TOLERANCE", "count_handshake", "main", "settled", "where"]

RUNS = 8
"""Of each handshake. Its three signatures are new with each maker or connection, and where both
scalars of one have a zero bit the verification saves an addition: that makes one run differ from
the next by 0.4 % (standard deviation, 72 runs on each of three cores with three makers)."""

ROUNDING = 100_000
"""Instructions; finer digits would be chance."""

MOVED = 0.01
"""Of a figure in docs/size.json: while the mean is not further from it than this, it stays, so that
chance does not show up as a change."""

TOLERANCE = 0.03
"""Of a figure in docs/size.json, for a single run: the figure may be off by MOVED, and what is left
is more than four standard deviations. The cheapest of the operations on a curve is 6 % of a
handshake, so one too many is still seen."""


def where(firmware: Firmware) -> Where:
    """What the rows of a firmware are about."""
    own = options_of(firmware.board)
    return Where((ONE_FILE, *own) if firmware.one_file else own, firmware.board.core)


def count_handshake(firmware: Firmware, stage: Stage, what: str) -> int:
    """Instructions of one of HANDSHAKES, once."""
    identity = stage.identity(SENSOR) if what == "mutual_handshake" else ()
    run = firmware.run(API, stage.address("api"), "/hello", *identity, options=COUNTING)
    if run.outcome["status"] != "OK":
        raise RuntimeError(f"no handshake: {run.outcome}")
    return round(run.costs["handshake"]["ticks"] / TICKS)


def settled(before: int | None, counts: Sequence[int]) -> int:
    """The figure for these counts: the one before, unless the mean has moved away from it."""
    found = mean(counts)
    if before is not None and abs(found - before) <= MOVED * before:
        return before
    return round(found / ROUNDING) * ROUNDING


def _rows(firmware: Firmware, stage: Stage, old: Sequence[Row]) -> Iterator[Row]:
    for what in HANDSHAKES:
        counts = [count_handshake(firmware, stage, what) for _ in range(RUNS)]
        new = where(firmware).row(what, instructions=0)
        same = (row for row in old if {**row, "instructions": 0} == new)
        before = next((row["instructions"] for row in same), None)
        yield {**new, "instructions": settled(before, counts)}


def handshake_rows(old: Sequence[Row]) -> list[Row]:
    """Measured now, with servers started for it: a minute."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder), lambda text: print(text, file=sys.stderr))
        try:
            stage.build()
            stage.start()
            bundle = stage.folder / "bundle"
            rootlet("bundle", "--maker", str(stage.maker), "--out", str(bundle))
            rows: list[Row] = []
            for name in VARIANTS:
                for one_file in (False, True) if name in ONE_FILE_BOARDS else (False,):
                    output = stage.folder / f"{name}-{one_file}.elf"
                    firmware = link(
                        BOARDS[name], output, bundle=bundle, one_file=one_file, metered=True
                    )
                    rows += _rows(firmware, stage, old)
        finally:
            stage.stop()
    return rows


def main(arguments: Sequence[str]) -> int:
    """Measure, and do what was asked."""
    if command := missing():
        print(f"run: {command}", file=sys.stderr)
        return MISSING
    old = read_rows()
    rows = handshake_rows(old)
    if "--write" in arguments:
        write([*(row for row in old if row["what"] not in HANDSHAKES), *rows])
    else:
        print(json.dumps(rows, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
