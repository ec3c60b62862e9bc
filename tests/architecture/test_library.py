"""The compiled device library: builds everywhere, no heap, no mutable globals, no libc."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
SOURCES = sorted((TREE / "device" / "src").rglob("*.c"))

FLAGS = [
    *("-std=c11", "-Os", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wstrict-prototypes"),
    *("-Wmissing-prototypes", "-Werror", "-fno-tree-loop-distribute-patterns", "-ffreestanding"),
    *(f"-I{TREE / 'device' / 'include'}", f"-I{TREE / 'device' / 'src'}"),
]
THUMB = ["arm-none-eabi-gcc", "-mthumb"]
CORES = {
    # Without -fno-pic a const table of functions counts as data: it is relocated at start.
    "x86-64": ["gcc", "-fno-pic"],
    "cortex-m0plus": [*THUMB, "-mcpu=cortex-m0plus"],
    "cortex-m3": [*THUMB, "-mcpu=cortex-m3"],
    "cortex-m4": [*THUMB, "-mcpu=cortex-m4"],
    "cortex-m33": [*THUMB, "-mcpu=cortex-m33"],
    "riscv32": ["riscv64-unknown-elf-gcc", "-march=rv32imac", "-mabi=ilp32"],
}
PACKAGES = {
    "arm-none-eabi-gcc": "gcc-arm-none-eabi",
    "riscv64-unknown-elf-gcc": "gcc-riscv64-unknown-elf",
}

LIBC_ALLOWED = {"memcpy", "memmove", "memset", "memcmp"}
"""What a C compiler may call by itself (GCC manual, "Standards")."""

COMPILER_HELPERS = ("__aeabi_", "__mul", "__ashl", "__lshr", "__ashr", "__gnu_thumb1_case", "__clz")
"""libgcc: shifts and multiplies wider than the core's, switch tables on ARMv6-M."""


def tool(name: str) -> str:
    path = shutil.which(name)
    assert path, f"{name} is missing: apt-get install -y {PACKAGES.get(name, name)}"
    return path


def compiled(core: str, folder: Path, *options: str) -> Path:
    """All sources compiled for a core and joined into one object."""
    compiler, *flags = CORES[core]
    objects = []
    for source in SOURCES:
        target = folder / (str(source.relative_to(TREE)).replace("/", "_") + ".o")
        command = [tool(compiler), *flags, *FLAGS, *options, "-c", str(source), "-o", str(target)]
        subprocess.run(command, check=True)
        objects.append(str(target))
    joined = folder / "library.o"
    subprocess.run(
        [tool(compiler), *flags, "-nostdlib", "-r", "-o", str(joined), *objects], check=True
    )
    return joined


def symbols(core: str, library: Path) -> list[tuple[str, str]]:
    """(kind, name) of each symbol, as nm has them."""
    nm = tool(CORES[core][0].replace("gcc", "nm"))
    lines = subprocess.run([nm, str(library)], capture_output=True, text=True, check=True).stdout
    return [(line.split()[-2], line.split()[-1]) for line in lines.splitlines()]


@pytest.mark.parametrize("core", CORES)
def test_builds_without_a_warning_and_stands_alone(core: str, tmp_path: Path) -> None:
    """One compilation for each core; all that its symbols tell."""
    found = symbols(core, compiled(core, tmp_path))
    undefined = {name for kind, name in found if kind == "U"}
    foreign = {
        name
        for name in undefined - LIBC_ALLOWED - {"_GLOBAL_OFFSET_TABLE_"}
        if not name.startswith(COMPILER_HELPERS)
    }
    assert not foreign
    assert not undefined & {"malloc", "calloc", "realloc", "free"}
    mutable = [name for kind, name in found if kind in "bBdDcCsSgG"]
    assert not mutable
    exported = [name for kind, name in found if kind in "TRD"]
    assert "rootlet_tls_init" in exported
    assert not [name for name in exported if not name.startswith("rootlet_")]


@pytest.mark.parametrize("option", ["-DROOTLET_TLS_MIDDLEBOX=1"])
def test_builds_with_each_option(option: str, tmp_path: Path) -> None:
    compiled("cortex-m3", tmp_path, option)
