"""What the device library is meant to take, against what it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tools.size_rows import ONE_FILE, SERVER_ONLY, Row, value

__all__ = ["bars"]

M3, M0 = "cortex-m3", "cortex-m0plus"

FLASH = {M3: 14_336, M0: 15_872}
"""Everything, bundle included: half of the smallest client that checks certificates."""
SERVER_ONLY_FLASH = {M3: 12_288, M0: 13_568}
ROUGHTIME_FLASH = {M3: 1_536, M0: 1_792}
CONNECTION_RAM = 4_096
"""Contexts, buffers and stack of a whole handshake: the promise on the README's first page."""
MEASUREMENT_RAM = 2_560


@dataclass(frozen=True)
class Bar:
    """A limit and where its figure is."""

    what: str
    cpu: str
    limit: int
    figure: int

    def line(self) -> list[str]:
        """One line of the table."""
        verdict = "ok" if self.figure <= self.limit else f"over by {self.figure - self.limit:,}"
        return [self.what, self.cpu, f"{self.limit:,}", f"{self.figure:,}", verdict]


Variant = tuple[str, ...]


def _flash(rows: Sequence[Row], cpu: str, build: Variant) -> list[Bar]:
    def total(*options: str, what: str = "total") -> int:
        return value(rows, cpu, what, "flash", (*build, *options))

    text = "".join(f"{name}: " for name in build)
    keys = total(what="bundle") - total("no Roughtime", what="bundle")
    roughtime = total() - total("no Roughtime") - keys
    server_only = total(*SERVER_ONLY)
    return [
        Bar(f"{text}flash, everything with its bundle", cpu, FLASH[cpu], total()),
        Bar(f"{text}flash, server authentication only", cpu, SERVER_ONLY_FLASH[cpu], server_only),
        Bar(f"{text}flash, Roughtime without its keys", cpu, ROUGHTIME_FLASH[cpu], roughtime),
    ]


def _ram(rows: Sequence[Row], cpu: str, build: Variant) -> list[Bar]:
    def both(what: str) -> int:
        stack = value(rows, cpu, what, "stack", build)
        return value(rows, cpu, what, "context", build) + stack

    text = "".join(f"{name}: " for name in build)
    return [
        Bar(f"{text}RAM of a connection", cpu, CONNECTION_RAM, both("connection")),
        Bar(f"{text}RAM of a measurement", cpu, MEASUREMENT_RAM, both("measurement")),
    ]


def bars(rows: Sequence[Row]) -> list[list[str]]:
    """The table of all limits."""
    builds: tuple[Variant, ...] = ((ONE_FILE,), ())
    found = [
        bar
        for build in builds
        for cpu in (M3, M0)
        for bar in (*_flash(rows, cpu, build), *_ram(rows, cpu, build))
    ]
    head = ["what", "core", "limit", "figure", ""]
    return [head, *(bar.line() for bar in found)]
