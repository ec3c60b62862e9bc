"""Flash, RAM and stack of the device library on each core.

python -m tools.size_report            print the tables
python -m tools.size_report --json     print the numbers as JSON
python -m tools.size_report --write    write docs/size.md and docs/size.json
python -m tools.size_report --check    exit 1 when those two are not up to date

All that a device calls is linked (device/test/size/everything.c), without a libc.
Exit code 3 when a compiler is missing.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from tools.device_build import CORES, FLAGS, PARTS, Core, build, compiler_version
from tools.stack_depth import CallGraph

DOCS = Path(__file__).resolve().parents[1] / "docs"
MISSING = 3

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
"""Functions whose deepest stack is reported."""

LARGEST_FRAMES = 6
"""How many single functions are listed by their own frame."""

CONNECTION = (
    "tls_context",
    "tls_receive_buffer",
    "tls_send_buffer",
    "tls_handshake_buffer",
)
"""What a caller sets aside for one connection."""


def measure(core: Core) -> dict[str, Any]:
    """All numbers of one core."""
    with tempfile.TemporaryDirectory() as folder:
        built = build(core, Path(folder))
    graph = CallGraph(built.graphs, built.pointed_at)
    if graph.unbounded:
        raise SystemExit(f"frames without a fixed size: {sorted(graph.unbounded)}")
    depths = {name: graph.deepest(name) for name in STACK_ROOTS}
    frames = sorted(graph.frames.items(), key=lambda item: (-item[1], item[0]))
    connection = sum(built.contexts[name] for name in CONNECTION)
    deepest = max(depth for name, (depth, _) in depths.items() if "_tls_" in name)
    return {
        "compiler": compiler_version(core),
        "flash": built.flash | {"total": sum(built.flash.values())},
        "static_ram": built.static_ram,
        "contexts": built.contexts,
        "connection": {"memory": connection, "stack": deepest, "total": connection + deepest},
        "stack": {name: depth for name, (depth, _) in depths.items()},
        "deepest_chain": list(max(depths.values(), key=lambda found: found[0])[1]),
        "largest_frames": {name.rpartition("/")[2]: size for name, size in frames[:LARGEST_FRAMES]},
    }


def tables(numbers: dict[str, Any]) -> list[tuple[str, list[list[str]]]]:
    """Title and rows of each table; the first row is its head."""
    cores = list(numbers["cores"].values())
    names = list(numbers["cores"])

    def row(label: str, *path: str) -> list[str]:
        values = []
        for core in cores:
            value = core
            for key in path:
                value = value[key]
            values.append(f"{value:,}")
        return [label, *values]

    connection = [("memory", "memory"), ("stack", "deepest stack"), ("total", "in all")]
    return [
        (
            "Flash",
            [
                ["part", *names],
                *(row(part, "flash", part) for part in (*PARTS, "helpers", "padding", "total")),
            ],
        ),
        (
            "RAM of one TLS connection, certificate check included",
            [
                ["", *names],
                *(row(label, "connection", key) for key, label in connection),
                row("static variables", "static_ram"),
            ],
        ),
        (
            "Memory the caller provides",
            [["object", *names], *(row(name, "contexts", name) for name in cores[0]["contexts"])],
        ),
        (
            "Deepest stack",
            [["function", *names], *(row(name, "stack", name) for name in STACK_ROOTS)],
        ),
    ]


def markdown(numbers: dict[str, Any]) -> str:
    """docs/size.md."""
    lines = [
        "# Size of the device library",
        "",
        "Bytes, made by `make size`; do not edit. Linked is all that a device calls (TLS with",
        "client authentication, certificate chains, Roughtime) and the cryptography below, without",
        "a libc; not the texts of `rootlet_status_name` and `rootlet_status_text`. Helpers are",
        "what the compiler calls by itself: libgcc, and memcpy on riscv32. Profile c25519.",
        "",
        f"Flags: `{numbers['flags']}`.",
    ]
    for title, rows in tables(numbers):
        lines += ["", f"## {title}", "", f"| {' | '.join(rows[0])} |"]
        lines += ["|" + "---|" + "--:|" * (len(rows[0]) - 1)]
        lines += [f"| {' | '.join(row)} |" for row in rows[1:]]
    lines += [
        "",
        "The stack is a bound: the deepest chain in the compiler's call graph, frames added up; a",
        "call through a table counts as one of each function in it. Helpers (up to 40 bytes) are",
        "not in it. Compilers:",
        "",
    ]
    versions = {core["compiler"] for core in numbers["cores"].values()}
    return "\n".join([*lines, *(f"- {version}" for version in sorted(versions)), ""])


def show(numbers: dict[str, Any]) -> None:
    """The tables on the terminal."""
    console = Console()
    for title, rows in tables(numbers):
        table = Table(title=title, title_justify="left", box=SIMPLE)
        for i, head in enumerate(rows[0]):
            table.add_column(head, justify="right" if i else "left", no_wrap=True)
        for row in rows[1:]:
            table.add_row(*row)
        console.print(table)


def main(arguments: list[str]) -> int:
    """Measures all cores and does what was asked."""
    for core in CORES:
        if shutil.which(f"{core.prefix}gcc") is None:
            print(
                f"{core.prefix}gcc is missing: apt-get install -y --no-install-recommends "
                f"{core.package}",
                file=sys.stderr,
            )
            return MISSING
    numbers = {"flags": " ".join(FLAGS), "cores": {core.name: measure(core) for core in CORES}}
    files = {
        DOCS / "size.md": markdown(numbers),
        DOCS / "size.json": json.dumps(numbers, indent=2) + "\n",
    }
    if "--check" in arguments:
        old = [p for p, text in files.items() if not p.exists() or p.read_text("utf-8") != text]
        for path in old:
            print(f"{path.name} is not up to date: run `make size` and commit it", file=sys.stderr)
        return 1 if old else 0
    if "--write" in arguments:
        for path, text in files.items():
            path.write_text(text, encoding="utf-8")
    if "--json" in arguments:
        print(json.dumps(numbers, indent=2))
    else:
        show(numbers)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
