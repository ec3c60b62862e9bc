"""The rows of docs/size.json: what the library takes on each core, in each variant."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.device_build import CORES, PARTS, ROWS, WHOLE, Build, Core, build
from tools.firmware import BOARDS, OUTPUT, VARIANTS, Board, count_instructions
from tools.size_bundle import write_bundle
from tools.stack_depth import CallGraph

__all__ = [
    "EVERYTHING",
    "FLAGS_OF",
    "HANDSHAKES",
    "ONE_FILE",
    "SERVER_ONLY",
    "STACK_ROOTS",
    "Row",
    "Where",
    "all_rows",
    "options_of",
    "value",
]

Row = dict[str, Any]
"""profile, options, cpu, what, flash, static_ram, context, stack, instructions; None where a
figure does not apply."""

PROFILE = "c25519"

EVERYTHING: tuple[str, ...] = ()
SERVER_ONLY = ("no client authentication", "no Roughtime")
ONE_FILE = "one file"
"""The library as tools.amalgamate makes it."""

FLAGS_OF = {
    "no client authentication": "-DROOTLET_TLS_CLIENT_AUTH=0",
    "no Roughtime": "-DWITHOUT_ROUGHTIME",
    "no KeyUpdate": "-DROOTLET_TLS_KEY_UPDATE=0",
    "no ALPN": "-DROOTLET_TLS_ALPN=0",
    "middlebox": "-DROOTLET_TLS_MIDDLEBOX=1",
    "quick X25519": "-DROOTLET_X25519_QUICK=1",
}
"""How each variant is compiled."""

BUILDS = (
    *(EVERYTHING, *((name,) for name in FLAGS_OF), SERVER_ONLY),
    *((ONE_FILE,), (ONE_FILE, "no Roughtime"), (ONE_FILE, *SERVER_ONLY)),
)

STACK_ROOTS = (
    "rootlet_tls_init",
    "rootlet_tls_recv_done",
    "rootlet_tls_write_done",
    "rootlet_x509_check",
    "rootlet_roughtime_check",
    "rootlet_x25519",
    "rootlet_ed25519_verify",
    "rootlet_ed25519_sign",
    "rootlet_chacha20poly1305_open",
)
"""Functions whose deepest stack is reported; in one file the primitives cannot be called."""

CONNECTION = (
    *("tls_context", "tls_config", "tls_receive_buffer"),
    *("tls_send_buffer", "tls_handshake_buffer"),
)
MEASUREMENT = ("roughtime_request", "roughtime_response")
"""What a caller sets aside for a connection, and for a measurement."""

HANDSHAKES = ("handshake", "mutual_handshake")
"""Counted by tools.handshake, which needs servers: without and with a certificate of the device's
own."""


def options_of(board: Board) -> tuple[str, ...]:
    """What the library for an emulated board is called as a variant."""
    return tuple(name for name, flag in FLAGS_OF.items() if flag in board.options)


@dataclass(frozen=True)
class Where:
    """What a row is about."""

    options: tuple[str, ...]
    cpu: str

    def row(self, what: str, **figures: int) -> Row:
        """One row; figures that are not given do not apply."""
        names = ("flash", "static_ram", "context", "stack", "instructions")
        return {
            "profile": PROFILE,
            "options": list(self.options),
            "cpu": self.cpu,
            "what": what,
            **{name: figures.get(name) for name in names},
        }


def _memory(where: Where, built: Build) -> Iterator[Row]:
    """Contexts, stacks, and both added up for a connection and for a measurement."""
    graph = CallGraph(built.graphs, built.pointed_at)
    if graph.unbounded:
        raise SystemExit(f"frames without a fixed size: {sorted(graph.unbounded)}")
    roots = [name for name in STACK_ROOTS if name in graph.frames]
    stacks = {name: graph.deepest(name)[0] for name in roots}
    for name, size in built.contexts.items():
        yield where.row(name, context=size)
    for name, depth in stacks.items():
        yield where.row(name, stack=depth)
    for what, memory, root in (
        ("connection", CONNECTION, "rootlet_tls_"),
        ("measurement", MEASUREMENT, "rootlet_roughtime_"),
    ):
        context = sum(built.contexts[name] for name in memory)
        yield where.row(what, context=context, stack=max(v for k, v in stacks.items() if root in k))


def _core_rows(core: Core, options: tuple[str, ...]) -> Iterator[Row]:
    where = Where(options, core.name)
    one_file = ONE_FILE in options
    flags = [FLAGS_OF[name] for name in options if name != ONE_FILE]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        bundle = write_bundle(place, **({"time_servers": 0} if "no Roughtime" in options else {}))
        built = build(core, place, bundle, flags, one_file=one_file)
    for part in (WHOLE, *ROWS[len(PARTS) :]) if one_file else ROWS:
        yield where.row(part, flash=built.flash.get(part, 0))
    total = sum(built.flash.values())
    yield where.row("total", flash=total, static_ram=built.static_ram)
    if options in (EVERYTHING, (ONE_FILE,)):
        yield from _memory(where, built)


def _instruction_rows() -> Iterator[Row]:
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for board in map(BOARDS.__getitem__, VARIANTS):
        counts = count_instructions(board, OUTPUT)
        where = Where(options_of(board), board.core)
        for what, count in counts.items():
            if what != "empty":
                yield where.row(what, instructions=count)


def all_rows() -> list[Row]:
    """Everything but handshakes, measured now: about a minute."""
    rows = [row for core in CORES for options in BUILDS for row in _core_rows(core, options)]
    return [*rows, *_instruction_rows()]


def value(
    rows: Sequence[Row], cpu: str, what: str, figure: str, options: tuple[str, ...] = EVERYTHING
) -> int:
    """One figure out of the rows."""
    found = (row for row in rows if row["cpu"] == cpu and row["what"] == what)
    return int(next(row for row in found if row["options"] == list(options))[figure])
