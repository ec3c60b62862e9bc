"""Builds the device of the demo as firmware, and runs it in an emulator.

The library, lwIP and the port are compiled once per board into build/firmware/; a maker's bundle is
compiled and linked in seconds behind that. Firmware reaches the loopback of this machine, nothing
else is asked of the network.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.lwip_source import LWIP, fetch

__all__ = ["BOARDS", "Board", "Firmware", "Run", "link", "need_tools"]

TREE = Path(__file__).resolve().parents[1]
DEVICE = TREE / "device"
PORT = DEVICE / "ports" / "mps2-an385"
OUTPUT = TREE / "build" / "firmware"
WORKERS = 2
RUN_SECONDS = 60
"""A device that hangs is a failure, not a wait."""

PREFIX = "arm-none-eabi-"
PACKAGES = {f"{PREFIX}gcc": "gcc-arm-none-eabi", "qemu-system-arm": "qemu-system-arm"}

FLAGS = (
    *("-mthumb", "-std=c11", "-Os", "-ffreestanding", "-ffunction-sections", "-fdata-sections"),
    "-fno-tree-loop-distribute-patterns",
)
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
INCLUDES = (PORT, PORT / "libc", LWIP / "src" / "include", DEVICE / "include", DEVICE / "src")

LWIP_FILES = (
    *(
        f"core/{name}.c"
        for name in ("def", "inet_chksum", "init", "ip", "mem", "memp", "netif", "pbuf")
    ),
    *(f"core/{name}.c" for name in ("tcp", "tcp_in", "tcp_out", "timeouts", "udp")),
    *(f"core/ipv4/{name}.c" for name in ("etharp", "icmp", "ip4", "ip4_addr", "ip4_frag")),
    "netif/ethernet.c",
)


@dataclass(frozen=True)
class Board:
    """An emulated board and the core the code is compiled for."""

    name: str
    machine: str
    """As the emulator calls it."""
    core: str
    """As the compiler calls it."""
    script: str
    """Of the linker."""


BOARDS = {
    board.name: board
    for board in (
        Board("mps2-an385", "mps2-an385", "cortex-m3", "mps2-an385.ld"),
        Board("mps2-an385-m0plus", "mps2-an385", "cortex-m0plus", "mps2-an385.ld"),
    )
}


@dataclass(frozen=True)
class Run:
    """What one run of the firmware left behind."""

    code: int
    """Exit code of the emulator, given by the firmware."""
    outcome: dict[str, Any]
    """Fields of rootlet.demo's Outcome."""
    costs: dict[str, dict[str, int]]
    """Bytes of memory and stack, and ticks, per phase."""
    seconds: float
    """From the emulator's start to its end."""


@dataclass(frozen=True)
class Firmware:
    """A linked image."""

    board: Board
    path: Path

    def command(self, *arguments: str, options: Sequence[str] = ()) -> list[str]:
        """How to run it: the arguments are the firmware's, the options the emulator's."""
        words = ",".join(f"arg={word}" for word in (self.path.name, *arguments))
        return [
            *("qemu-system-arm", "-M", self.board.machine, "-nodefaults", "-display", "none"),
            *("-semihosting-config", f"enable=on,target=native,{words}", "-nic", "user"),
            *(*options, "-kernel", str(self.path)),
        ]

    def finish(
        self, *arguments: str, options: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end, whatever it prints."""
        return subprocess.run(
            self.command(*arguments, options=options),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )

    def run(self, *arguments: str, options: Sequence[str] = ()) -> Run:
        """Run it to its end, and read its two lines."""
        start = time.monotonic()
        done = self.finish(*arguments, options=options)
        seconds = time.monotonic() - start
        lines = done.stdout.splitlines()
        if len(lines) < 2:
            raise RuntimeError(f"code {done.returncode}: {done.stdout}{done.stderr}")
        return Run(done.returncode, json.loads(lines[-1]), json.loads(lines[-2]), seconds)


def need_tools() -> None:
    """Raise when the compiler or the emulator is missing; the text is what installs them."""
    missing = sorted(package for tool, package in PACKAGES.items() if shutil.which(tool) is None)
    if missing:
        raise RuntimeError(f"run: apt-get install -y --no-install-recommends {' '.join(missing)}")


def _call(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")


def _compile(board: Board, source: Path, target: Path, *more: str) -> None:
    own = () if LWIP in source.parents else WARNINGS
    include = (f"-I{folder}" for folder in INCLUDES)
    options = (f"-mcpu={board.core}", *FLAGS, *own, *include, *more)
    _call(f"{PREFIX}gcc", *options, "-c", str(source), "-o", str(target))


def _sources() -> list[Path]:
    return [
        *(LWIP / "src" / name for name in LWIP_FILES),
        *sorted((DEVICE / "src").rglob("*.c")),
        *sorted(PORT.glob("*.c")),
        *sorted((PORT / "libc").glob("*.c")),
    ]


def _digest() -> str:
    """Of everything that objects are made from."""
    digest = hashlib.sha256(repr((FLAGS, WARNINGS)).encode())
    headers = [*DEVICE.rglob("*.h"), Path(__file__)]
    for path in sorted({*_sources(), *headers}):
        digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()


def _objects(board: Board) -> list[Path]:
    """Objects of all that does not depend on the maker, compiled unless they are there."""
    fetch()
    sources = _sources()
    folder = OUTPUT / board.name
    targets = [folder / f"{path.parent.name}_{path.stem}.o" for path in sources]
    stamp = folder / "sources.sha256"
    digest = _digest()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == digest:
        return targets
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with ThreadPoolExecutor(WORKERS) as pool:
        jobs = zip(sources, targets, strict=True)
        list(pool.map(lambda job: _compile(board, *job), jobs))
    stamp.write_text(digest, encoding="ascii")
    return targets


def link(board: Board, bundle: Path, output: Path) -> Firmware:
    """The firmware with the bundle of folder ``bundle``."""
    need_tools()
    objects = _objects(board)
    trust = output.with_suffix(".bundle.o")
    _compile(board, bundle / "rootlet_bundle.c", trust, f"-I{bundle}")
    _call(
        *(f"{PREFIX}gcc", "-mthumb", f"-mcpu={board.core}", "-nostdlib", "-Wl,--gc-sections"),
        *("-Wl,--no-warn-rwx-segments", f"-L{PORT}", "-T", str(PORT / board.script)),
        *(f"-Wl,-Map={output.with_suffix('.map')}", "-o", str(output)),
        *(str(path) for path in (*objects, trust)),
        "-lgcc",
    )
    return Firmware(board, output)
