"""Flash, RAM, stack and instructions of the device library on each core.

python -m tools.size_report            print the tables
python -m tools.size_report --json     print the rows as JSON
python -m tools.size_report --write    write docs/size.md and docs/size.json
python -m tools.size_report --check    exit 1 with the differences when those two are out of date
python -m tools.size_report --bars     what is promised, and what docs/size.json says

All that a device calls is linked (device/test/size/everything.c), without a libc, with a trust
bundle of one root and three time servers. Instructions of whole handshakes are not measured here
but by tools.handshake, which needs servers: they stay as docs/size.json has them. Exit code 3 when
a compiler or the emulator is missing.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from tools.device_build import CORES, FLAGS, ROWS, compiler_version
from tools.firmware import BOARDS, VARIANTS
from tools.size_bars import bars
from tools.size_rows import (
    EVERYTHING,
    FLAGS_OF,
    HANDSHAKES,
    ONE_FILE,
    SERVER_ONLY,
    STACK_ROOTS,
    Row,
    all_rows,
    options_of,
    value,
)

__all__ = [
    "OTHER_COMPILER",
    "differences",
    "main",
    "missing",
    "read_rows",
    "same_compilers",
    "write",
]

DOCS = Path(__file__).resolve().parents[1] / "docs"
MISSING = 3
NAMES = [core.name for core in CORES]
COUNTED = [(board.core, options_of(board)) for board in map(BOARDS.__getitem__, VARIANTS)]

OTHER_COMPILER = 0.1
"""How far apart the figures of two compilers may be."""

LOG_WIDTH = 130
"""Columns where there is no terminal to ask."""

Lines = list[list[str]]


def _flash(rows: Sequence[Row]) -> Lines:
    table = [["part", *NAMES]]
    for what in (*ROWS, "total"):
        table.append([what, *(f"{value(rows, name, what, 'flash'):,}" for name in NAMES)])
    return table


def _variants(rows: Sequence[Row]) -> Lines:
    table = [["variant", *NAMES]]
    alone = ((name,) for name in (*FLAGS_OF, ONE_FILE))
    for options in (*alone, SERVER_ONLY, (ONE_FILE, *SERVER_ONLY)):
        totals = [value(rows, name, "total", "flash", options) for name in NAMES]
        whole = [value(rows, name, "total", "flash") for name in NAMES]
        cells = [f"{a:,} ({a - b:+,})" for a, b in zip(totals, whole, strict=True)]
        table.append([", ".join(options), *cells])
    return table


def _ram(rows: Sequence[Row]) -> Lines:
    table = [["", *NAMES]]
    for what in ("connection", "measurement"):
        memory = [value(rows, name, what, "context") for name in NAMES]
        table.append([f"{what}: memory", *(f"{a:,}" for a in memory)])
        for options, text in ((EVERYTHING, ""), ((ONE_FILE,), ", one file")):
            stack = [value(rows, name, what, "stack", options) for name in NAMES]
            table.append([f"{what}{text}: deepest stack", *(f"{a:,}" for a in stack)])
            both = zip(memory, stack, strict=True)
            table.append([f"{what}{text}: in all", *(f"{a + b:,}" for a, b in both)])
    static = (f"{value(rows, name, 'total', 'static_ram'):,}" for name in NAMES)
    return [*table, ["static variables", *static]]


def _by_name(rows: Sequence[Row], head: str, figure: str, names: Sequence[str]) -> Lines:
    table = [[head, *NAMES]]
    for what in names:
        table.append([what, *(f"{value(rows, name, what, figure):,}" for name in NAMES)])
    return table


def _instructions(rows: Sequence[Row]) -> Lines:
    counted = (row["what"] for row in rows if row["instructions"])
    names = dict.fromkeys(what for what in counted if what not in HANDSHAKES)
    table = [["primitive", *(", ".join((cpu, *options)) for cpu, options in COUNTED)]]
    for what in names:
        cells = (value(rows, cpu, what, "instructions", options) for cpu, options in COUNTED)
        table.append([what, *(f"{cell:,}" for cell in cells)])
    return table


def _handshakes(rows: Sequence[Row]) -> Lines:
    found = [row for row in rows if row["what"] in HANDSHAKES]
    builds = dict.fromkeys((row["cpu"], tuple(row["options"])) for row in found)
    table = [["handshake", *(", ".join((cpu, *options)) for cpu, options in builds)]]
    for what, text in zip(HANDSHAKES, ("of the server", "of both sides"), strict=True):
        cells = (value(rows, cpu, what, "instructions", options) for cpu, options in builds)
        table.append([f"authentication {text}", *(f"{cell:,}" for cell in cells)])
    return table


def tables(rows: Sequence[Row]) -> list[tuple[str, Lines]]:
    """Title and lines of each table; the first line is its head."""
    # One file takes the same memory of the caller: tests/test_size_report.py.
    plain = (row for row in rows if row["cpu"] == NAMES[0] and row["options"] == list(EVERYTHING))
    contexts = [row["what"] for row in plain if row["context"] and row["stack"] is None]
    return [
        ("Flash", _flash(rows)),
        ("Flash of each variant, and the difference", _variants(rows)),
        ("RAM, certificate check included", _ram(rows)),
        ("Memory the caller provides", _by_name(rows, "object", "context", contexts)),
        ("Deepest stack", _by_name(rows, "function", "stack", STACK_ROOTS)),
        ("Instructions", _instructions(rows)),
        ("Instructions of a whole handshake", _handshakes(rows)),
    ]


def markdown(rows: Sequence[Row]) -> str:
    """docs/size.md."""
    lines = [
        "# Size of the device library",
        "",
        "Bytes, made by `make size`; do not edit. Linked is all that a device calls (TLS with",
        "client authentication, certificate chains, Roughtime), the cryptography below, and a",
        "trust bundle of one root and three time servers; without a libc and without the texts of",
        "`rootlet_status_name` and `rootlet_status_text`. Helpers are what the compiler calls by",
        "itself: libgcc, and memcpy on riscv32. Profile c25519. One file is the library as",
        "`python -m tools.amalgamate` makes it, compiled with the same flags.",
        "",
        f"Flags: `{' '.join(FLAGS)}`.",
    ]
    for title, table in tables(rows):
        lines += ["", f"## {title}", "", f"| {' | '.join(table[0])} |"]
        lines += ["|" + "---|" + "--:|" * (len(table[0]) - 1)]
        lines += [f"| {' | '.join(line)} |" for line in table[1:]]
    lines += [
        "",
        "The stack is a bound: the deepest chain in the compiler's call graph, frames added up; a",
        "call through a table counts as one of each function in it. Helpers (up to 40 bytes) are",
        "not in it. Instructions are counted in an emulator: those of primitives exactly; those of",
        "handshakes in the library alone, with live servers and a chain of two certificates. These",
        "are means, rounded: a verification's additions depend on the signature. Compilers:",
        "",
    ]
    versions = {compiler_version(core) for core in CORES}
    return "\n".join([*lines, *(f"- {version}" for version in sorted(versions)), ""])


def show(lines: list[tuple[str, Lines]]) -> None:
    """Tables on the terminal."""
    console = Console()
    if not console.is_terminal:
        console.width = LOG_WIDTH
    for title, rows in lines:
        table = Table(title=title, title_justify="left", box=SIMPLE)
        for i, head in enumerate(rows[0]):
            table.add_column(head, justify="right" if i else "left", no_wrap=True)
        for row in rows[1:]:
            table.add_row(*row)
        console.print(table)


def _key(row: Row) -> tuple[str, ...]:
    return (row["profile"], ", ".join(row["options"]), row["cpu"], row["what"])


def differences(old: Sequence[Row], new: Sequence[Row]) -> list[str]:
    """One line for each row that is not what it was."""
    before, after = ({_key(row): row for row in rows} for rows in (old, new))
    found = []
    for key in before.keys() | after.keys():
        was, now = before.get(key), after.get(key)
        if was != now:
            cells = [
                " ".join(f"{k} {v}" for k, v in (row or {}).items() if isinstance(v, int))
                for row in (was, now)
            ]
            name = " ".join(filter(None, key[1:]))
            found.append(f"{name}: {cells[0] or 'nothing'} -> {cells[1] or 'nothing'}")
    return sorted(found)


def read_rows() -> list[Row]:
    """docs/size.json as it is."""
    rows: list[Row] = json.loads((DOCS / "size.json").read_text(encoding="utf-8"))
    return rows


def write(rows: Sequence[Row]) -> None:
    """docs/size.json and docs/size.md."""
    text = markdown(rows)
    body = ",\n".join(f" {json.dumps(row)}" for row in rows)
    (DOCS / "size.json").write_text(f"[\n{body}\n]\n", encoding="utf-8")
    (DOCS / "size.md").write_text(text, encoding="utf-8")


def missing() -> str:
    """What to install, or nothing."""
    wanted = {f"{core.prefix}gcc": core.package for core in CORES}
    wanted["qemu-system-arm"] = "qemu-system-arm"
    packages = sorted({package for tool, package in wanted.items() if shutil.which(tool) is None})
    return f"apt-get install -y --no-install-recommends {' '.join(packages)}" if packages else ""


def same_compilers() -> bool:
    """Whether docs/size.md was made by those of this machine."""
    text = (DOCS / "size.md").read_text(encoding="utf-8")
    return all(f"- {compiler_version(core)}\n" in text for core in CORES)


def _far_apart(old: Sequence[Row], new: Sequence[Row]) -> list[str]:
    """What another compiler than the recorded one makes: alike, not the same."""
    found = []
    for name in NAMES:
        was, now = (value(rows, name, "total", "flash") for rows in (old, new))
        if abs(now - was) > OTHER_COMPILER * was:
            found.append(f"{name} total: flash {was} -> {now}, by another compiler")
    return found


def _check(rows: list[Row]) -> int:
    if not same_compilers():
        print("another compiler than that of docs/size.md: compared roughly", file=sys.stderr)
        return int(bool(_far_apart(read_rows(), rows)))
    found = differences(read_rows(), rows)
    if not found and (DOCS / "size.md").read_text(encoding="utf-8") != markdown(rows):
        found = ["docs/size.md does not show what docs/size.json says"]
    for line in found:
        print(line)
    if found:
        print("run `make size` and commit docs/size.md and docs/size.json", file=sys.stderr)
    return int(bool(found))


def main(arguments: Sequence[str]) -> int:
    """Measure everything and do what was asked."""
    if "--bars" in arguments:
        show([("What is promised", bars(read_rows()))])
        return 0
    if command := missing():
        print(f"run: {command}", file=sys.stderr)
        return MISSING
    rows = [*all_rows(), *(row for row in read_rows() if row["what"] in HANDSHAKES)]
    if "--check" in arguments:
        return _check(rows)
    if "--write" in arguments:
        write(rows)
    if "--json" in arguments:
        print(json.dumps(rows, indent=1))
    else:
        show(tables(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
