"""What the device library is meant to take, against what it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tools.size_rows import EVERYTHING, SERVER_ONLY, Row, value

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


def _ram(rows: Sequence[Row], cpu: str, what: str) -> int:
    return value(rows, cpu, what, "context") + value(rows, cpu, what, "stack")


def bars(rows: Sequence[Row]) -> list[list[str]]:
    """The table of all limits."""
    found = []
    for cpu in (M3, M0):
        total = value(rows, cpu, "total", "flash", EVERYTHING)
        without = value(rows, cpu, "total", "flash", ("no Roughtime",))
        keys = value(rows, cpu, "bundle", "flash") - value(
            rows, cpu, "bundle", "flash", ("no Roughtime",)
        )
        server_only = value(rows, cpu, "total", "flash", SERVER_ONLY)
        found += [
            Bar("flash, everything with its bundle", cpu, FLASH[cpu], total),
            Bar("flash, server authentication only", cpu, SERVER_ONLY_FLASH[cpu], server_only),
            Bar(
                "flash, Roughtime without its keys",
                cpu,
                ROUGHTIME_FLASH[cpu],
                total - without - keys,
            ),
            Bar("RAM of a connection", cpu, CONNECTION_RAM, _ram(rows, cpu, "connection")),
            Bar("RAM of a measurement", cpu, MEASUREMENT_RAM, _ram(rows, cpu, "measurement")),
        ]
    head = ["what", "core", "limit", "figure", ""]
    return [head, *(bar.line() for bar in found)]
