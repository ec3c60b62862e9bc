"""Where the processor's time of a rootlet command goes, over all of its threads.

    python -m tools.where FILE ca serve ...

runs the command under cProfile and writes what it found to FILE at its end ("-": runs it only).
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path

from rootlet.cli import main as rootlet

__all__ = ["grouped", "main", "profiled"]

MOST = 25
"""Functions that are named one by one."""

PARTS = (
    ("sqlite3", "SQLite: statements and commits"),
    ("sqlalchemy", "SQLAlchemy: building and running statements"),
    ("rootlet/device", "the device's own verifier"),
    ("joserfc", "JOSE: signatures of requests"),
    ("cryptography", "X.509 and signatures"),
    ("hazmat", "X.509 and signatures"),
    ("uvicorn", "HTTP: uvicorn and Starlette"),
    ("starlette", "HTTP: uvicorn and Starlette"),
    ("anyio", "HTTP: threads (anyio)"),
    ("asyncio", "event loop, TLS"),
    ("uvloop", "event loop, TLS"),
    ("ssl", "event loop, TLS"),
    ("structlog", "log"),
    ("json", "JSON"),
    ("rootlet/ca", "the CA's own code"),
    ("rootlet", "the CA's own code"),
)
"""The first word that stands in a function's file or name says what it belongs to."""


def _run(target: Path, arguments: list[str]) -> int:
    profiles: list[cProfile.Profile] = []

    def begin(*_: object) -> None:
        profile = cProfile.Profile(time.thread_time)
        profiles.append(profile)
        profile.enable()

    threading.setprofile(begin)
    main_profile = cProfile.Profile(time.thread_time)
    code = main_profile.runcall(rootlet, arguments)
    stats = pstats.Stats(main_profile)
    for profile in profiles:
        profile.create_stats()
        stats.add(profile)
    stats.dump_stats(target)
    return code


def profiled(target: Path) -> pstats.Stats:
    """What a run wrote."""
    return pstats.Stats(str(target))


def grouped(stats: pstats.Stats) -> str:
    """Shares by part of the program, then the functions that take most themselves."""
    parts: dict[str, float] = defaultdict(float)
    rows = []
    for (file, line, name), (_, calls, own, _, _) in stats.stats.items():  # type: ignore[attr-defined]
        where = f"{file} {name}"
        part = next((words for word, words in PARTS if word in where), "Python and the rest")
        parts[part] += own
        rows.append((own, calls, f"{Path(file).name}:{line} {name}"))
    total = sum(parts.values())
    lines = ["share of the server's time by part (under a profiler, which favours C code):"]
    for part, own in sorted(parts.items(), key=lambda item: -item[1]):
        lines.append(f"  {own / total:6.1%}  {part}")
    lines.append("functions that take most themselves:")
    most = sorted(rows, reverse=True)[:MOST]
    lines += [f"  {own / total:6.1%} {calls:8}  {what}" for own, calls, what in most]
    return "\n".join(lines)


def main() -> int:
    """Run a command; profile it unless the file is "-"."""
    target, *arguments = sys.argv[1:]
    return rootlet(arguments) if target == "-" else _run(Path(target), arguments)


if __name__ == "__main__":
    sys.exit(main())
