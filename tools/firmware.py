"""Builds the device of the demo as firmware, and runs it in an emulator.

    python -m tools.firmware                          instructions of each primitive
    python -m tools.firmware --bundle DIR --out FILE  the device with a maker's bundle, Cortex-M3

The library, lwIP and the port are compiled once per board into build/firmware/; a maker's bundle is
compiled and linked in seconds behind that. Firmware reaches the loopback of this machine, nothing
else is asked of the network.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.amalgamate import PARTS, amalgamate
from tools.lwip_source import LWIP, fetch

from rootlet.demo.firmware import emulator_command

__all__ = [
    "BOARDS",
    "COUNTING",
    "ONE_FILE_BOARDS",
    "VARIANTS",
    "Board",
    "Firmware",
    "Run",
    "count_instructions",
    "link",
    "need_tools",
]

TREE = Path(__file__).resolve().parents[1]
DEVICE = TREE / "device"
PORTS = DEVICE / "ports"
COMMON = PORTS / "common"
CORTEX_M = PORTS / "cortex-m"
MPS2 = PORTS / "mps2-an385"
LM3S = PORTS / "lm3s6965evb"
OUTPUT = TREE / "build" / "firmware"
WORKERS = 2
RUN_SECONDS = 60
"""A device that hangs is a failure, not a wait."""

TICKS = 1.6
"""Of the board's timer for each instruction, with -icount shift=6."""
COUNTING = ("-icount", "shift=6")
"""Time passes by instructions, so that ticks in the library count them. Awaiting the network the
emulator sleeps, as without."""

PREFIX = "arm-none-eabi-"
PACKAGES = {f"{PREFIX}gcc": "gcc-arm-none-eabi", "qemu-system-arm": "qemu-system-arm"}

FLAGS = (
    *("-mthumb", "-std=c11", "-Os", "-ffreestanding", "-ffunction-sections", "-fdata-sections"),
    "-fno-tree-loop-distribute-patterns",
)
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
INCLUDES = (
    *(COMMON, CORTEX_M, CORTEX_M / "libc", LWIP / "src" / "include"),
    *(DEVICE / "include", DEVICE / "src"),
)

PROGRAMS = {
    "demo_device": DEVICE / "examples" / "demo_device.c",
    **{name: CORTEX_M / f"{name}.c" for name in ("faults", "kernels", "primitives", "secrets")},
}
"""Files with a main."""
METER = CORTEX_M / "meter.c"
"""Measures the demo's device, see there."""

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
    port: Path = MPS2
    """What is its own: start of its clock, driver, and limits for the linker."""
    options: tuple[str, ...] = ()
    """Of the library."""

    @property
    def objects(self) -> Path:
        """Where its objects are, with those of all boards of the same core and options."""
        return OUTPUT / f"{self.core}{''.join(self.options)}"


BOARDS = {
    board.name: board
    for board in (
        Board("mps2-an385", "mps2-an385", "cortex-m3"),
        Board(
            *("mps2-an385-quick", "mps2-an385", "cortex-m3"), options=("-DROOTLET_X25519_QUICK=1",)
        ),
        Board("mps2-an385-m0plus", "mps2-an385", "cortex-m0plus"),
        Board("mps2-an386", "mps2-an386", "cortex-m4"),
        Board("lm3s6965evb", "lm3s6965evb", "cortex-m3", LM3S),
    )
}

VARIANTS = tuple(name for name, board in BOARDS.items() if board.port == MPS2)
"""Boards that between them run every build of the library, each once."""
ONE_FILE_BOARDS = ("mps2-an385", "mps2-an385-m0plus")
"""Boards for which the library is compiled as one file, too."""


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
    one_file: bool = False
    """Whether the library in it was compiled as one file."""

    def command(self, *arguments: str, options: Sequence[str] = ()) -> list[str]:
        """How to run it: the arguments are the firmware's, the options the emulator's."""
        return emulator_command(self.board.machine, self.path, arguments, options)

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
        """Run the demo's device, metered, to its end, and read its two lines."""
        start = time.monotonic()
        done = self.finish(*arguments, options=options)
        seconds = time.monotonic() - start
        lines = done.stdout.splitlines()
        if len(lines) < 2:
            raise RuntimeError(f"code {done.returncode}: {done.stdout}{done.stderr}")
        return Run(done.returncode, json.loads(lines[-2]), json.loads(lines[-1]), seconds)


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
    options = (f"-mcpu={board.core}", *board.options, *FLAGS, *own, *include, *more)
    _call(f"{PREFIX}gcc", *options, "-c", str(source), "-o", str(target))


def _sources() -> list[Path]:
    return [
        *(LWIP / "src" / name for name in LWIP_FILES),
        *sorted((DEVICE / "src").rglob("*.c")),
        PROGRAMS["demo_device"],
        *(
            source
            for folder in (COMMON, CORTEX_M, CORTEX_M / "libc", MPS2, LM3S)
            for source in sorted(folder.glob("*.c"))
        ),
    ]


def _object(source: Path) -> str:
    return f"{source.parent.name}_{source.stem}.o"


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
    folder = board.objects
    targets = [folder / _object(path) for path in sources]
    stamp = folder / "sources.sha256"
    digest = _digest()
    with _alone(board):
        if stamp.is_file() and stamp.read_text(encoding="ascii") == digest:
            return targets
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with ThreadPoolExecutor(WORKERS) as pool:
            jobs = zip(sources, targets, strict=True)
            list(pool.map(lambda job: _compile(board, *job), jobs))
        stamp.write_text(digest, encoding="ascii")
    return targets


@contextmanager
def _alone(board: Board) -> Iterator[None]:
    """No other process compiles for this board meanwhile."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    with (OUTPUT / f"{board.objects.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _one_file(board: Board, output: Path) -> Path:
    """The library compiled as one file."""
    folder = output.with_suffix(".library")
    folder.mkdir(exist_ok=True)
    _, source = amalgamate(folder)
    _compile(board, source, folder / "rootlet.o")
    return folder / "rootlet.o"


def _metered(board: Board) -> list[str]:
    """The linker's options that put the meter's functions in place of others."""
    command = (f"{PREFIX}nm", "-u", str(board.objects / _object(METER)))
    undefined = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [f"-Wl,--wrap={name}" for name in re.findall(r"__real_(\w+)", undefined)]


def link(
    board: Board,
    output: Path,
    *,
    bundle: Path | None = None,
    program: str = "demo_device",
    one_file: bool = False,
    metered: bool = False,
) -> Firmware:
    """One of the programs, with the bundle of folder ``bundle`` where it takes one; those that call
    the inside of the library cannot have it as one file. Metered is the demo's device only."""
    need_tools()
    others = {_object(path) for name, path in PROGRAMS.items() if name != program}
    others |= {_object(path) for port in {MPS2, LM3S} - {board.port} for path in port.glob("*.c")}
    if not metered:
        others.add(_object(METER))
    objects = [path for path in _objects(board) if path.name not in others]
    if one_file:
        objects = [path for path in objects if path.stem.partition("_")[0] not in PARTS]
        objects.append(_one_file(board, output))
    if bundle is not None:
        objects.append(output.with_suffix(".bundle.o"))
        _compile(board, bundle / "rootlet_bundle.c", objects[-1], f"-I{bundle}")
    _call(
        *(f"{PREFIX}gcc", "-mthumb", f"-mcpu={board.core}", "-nostdlib", "-Wl,--gc-sections"),
        *("-Wl,--no-warn-rwx-segments", f"-L{CORTEX_M}"),
        *(_metered(board) if metered else ()),
        *("-T", str(board.port / f"{board.port.name}.ld")),
        *(f"-Wl,-Map={output.with_suffix('.map')}", "-o", str(output)),
        *map(str, objects),
        "-lgcc",
    )
    return Firmware(board, output, one_file)


def count_instructions(board: Board, folder: Path) -> dict[str, int]:
    """Instructions of each primitive, exactly: the emulator's clock counts them."""
    firmware = link(board, folder / f"{board.name}-primitives.elf", program="primitives")
    done = firmware.finish(options=("-icount", "shift=6,sleep=off"))
    if done.returncode != 0:
        raise RuntimeError(f"code {done.returncode}: {done.stdout}{done.stderr}")
    ticks: dict[str, int] = json.loads(done.stdout)
    return {name: round(count / TICKS) for name, count in ticks.items()}


def main(arguments: Sequence[str]) -> int:
    """Build the device for a bundle, or print the instructions of each primitive on each board."""
    if arguments:
        options = dict(zip(arguments[::2], arguments[1::2], strict=True))
        link(BOARDS["mps2-an385"], Path(options["--out"]), bundle=Path(options["--bundle"]))
        return 0
    for board in map(BOARDS.__getitem__, VARIANTS):
        counts = count_instructions(board, OUTPUT)
        cells = "  ".join(f"{name} {count:,}" for name, count in counts.items() if name != "empty")
        print(f"{board.name}, instructions: {cells}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
