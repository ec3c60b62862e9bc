"""Watches firmware work on secrets: which instructions it executes, which memory it touches."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.firmware import DEVICE, PREFIX, PROGRAMS, RUN_SECONDS, Firmware

__all__ = ["OPERATIONS", "Trace", "build_plugin", "watch"]

SOURCE = DEVICE / "test" / "ct" / "qemu_trace.c"
SECRETS = PROGRAMS["secrets"]

PUBLIC = "rootlet_sha2_lower"
"""Works on the round constants of SHA-512 alone."""

TABLE = re.compile(r"operations\[\]\)\(void\) = \{(.*?)\};", re.DOTALL)
OPERATIONS = tuple(re.findall(r"\w+", TABLE.findall(SECRETS.read_text(encoding="utf-8"))[0]))
"""What the program does, in its order."""


@dataclass(frozen=True)
class Trace:
    """What one operation did."""

    instructions: int
    addresses: str
    """Hash of the addresses of all instructions executed."""
    accesses: str
    """Hash of the addresses of all memory read and written."""
    long_multiplications: int
    """But for those of PUBLIC."""


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done


def build_plugin(folder: Path) -> Path:
    """Compiles the emulator's plugin with the host's compiler."""
    target = folder / "qemu_trace.so"
    warnings = ("-Wall", "-Wextra", "-Werror")
    _run(["gcc", "-std=c11", "-O2", *warnings, "-shared", "-fPIC", str(SOURCE), "-o", str(target)])
    return target


def _range(firmware: Firmware, symbol: str) -> tuple[str, str]:
    """A function's address, without the bit that stands for Thumb code, and its end."""
    table = _run([f"{PREFIX}nm", "-S", str(firmware.path)]).stdout
    found = re.search(rf"^([0-9a-f]+) ([0-9a-f]+) \w {symbol}$", table, re.M)
    if found is None:
        raise RuntimeError(f"no {symbol} in {firmware.path.name}")
    begin = int(found[1], 16) & ~1
    return hex(begin), hex(begin + int(found[2], 16))


def watch(firmware: Firmware, plugin: Path, secret: bytes) -> dict[str, Trace]:
    """Runs the program secrets on one secret of 32 bytes; every operation's trace."""
    begin, end, public = (_range(firmware, name) for name in ("trace_begin", "trace_end", PUBLIC))
    marks = f"begin={begin[0]},end={end[0]},public={public[0]},public_end={public[1]}"
    command = firmware.command(secret.hex(), options=("-plugin", f"{plugin},{marks}"))
    lines = re.findall(r"^trace (\d+) (\w+) (\w+) (\d+)$", _run(command).stderr, re.M)
    traces = [Trace(int(a), b, c, int(d)) for a, b, c, d in lines]
    return dict(zip(OPERATIONS, traces, strict=True))
