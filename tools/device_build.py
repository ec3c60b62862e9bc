"""Builds the device library for the cores of the size report, and reads sizes from the result."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.amalgamate import PARTS, amalgamate

__all__ = ["CORES", "FLAGS", "PARTS", "ROWS", "WHOLE", "Build", "Core", "build", "compiler_version"]

DEVICE = Path(__file__).resolve().parents[1] / "device"
ROWS = (*PARTS, "bundle", "helpers", "padding")
"""All that flash is counted for."""
WHOLE = "library"
"""What the parts are together where the library is one file."""
FLAGS = (
    *("-std=c11", "-Os", "-ffreestanding", "-ffunction-sections", "-fdata-sections"),
    "-fno-tree-loop-distribute-patterns",
)
EXPORTED = "-DROOTLET_EXPORT_PRIMITIVES=1"
FLASH = re.compile(r"\.(s?rodata|text|s?data|ARM\.ex)")
RAM = re.compile(r"\.(s?data|s?bss|COMMON)")
WORKERS = 2
HARNESS = "everything.o"
BUNDLE = "bundle.o"


@dataclass(frozen=True)
class Core:
    """A core and how to compile for it."""

    name: str
    """As the report calls it."""
    prefix: str
    """Of the compiler's tools."""
    options: tuple[str, ...]
    """That choose the core."""
    package: str
    """Debian's package of the compiler."""


CORES = (
    *(
        Core(name, "arm-none-eabi-", ("-mthumb", f"-mcpu={name}"), "gcc-arm-none-eabi")
        for name in ("cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m33")
    ),
    Core(
        "riscv32",
        "riscv64-unknown-elf-",
        ("-march=rv32imac", "-mabi=ilp32"),
        "gcc-riscv64-unknown-elf",
    ),
)


@dataclass(frozen=True)
class Build:
    """What one core's compiler made."""

    flash: dict[str, int]
    """Bytes per part of the library, "bundle", "helpers" (libgcc, memcpy) and "padding". The parts
    are one, "library", where it is one file."""
    static_ram: int
    """Bytes of variables the library itself defines."""
    contexts: dict[str, int]
    """Bytes of each object of device/test/size/contexts.c."""
    graphs: tuple[str, ...]
    """The call graph of each source, as the compiler writes it."""
    pointed_at: frozenset[str]
    """Names that constant data points at: the functions an indirect call can reach."""


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def compiler_version(core: Core) -> str:
    """The compiler's first line of --version."""
    return _output(f"{core.prefix}gcc", "--version").splitlines()[0]


def _compile(core: Core, source: Path, target: Path, options: Sequence[str] = ()) -> None:
    """Compiles one file, to target and its call graph beside it. Most options change few files, so
    what a file comes to after the preprocessor is compiled once only, and where an option is not
    even named the preprocessor is not asked either."""
    include = (f"-I{DEVICE / 'include'}", f"-I{DEVICE / 'src'}", f"-I{source.parent}")
    command = (f"{core.prefix}gcc", *core.options, *FLAGS)
    known = (*command, str(source), *_named(source, options))
    if known not in _texts:
        _texts[known] = _output(*command, *options, *include, "-E", "-P", str(source))
    key = (*command, str(source), _texts[known])
    graph = target.with_suffix(".ci")
    if key not in _compiled:
        options = (*options, *include, "-fcallgraph-info=su")
        _output(*command, *options, "-c", str(source), "-o", str(target))
        _compiled[key] = (target.read_bytes(), graph.read_bytes())
    else:
        for path, content in zip((target, graph), _compiled[key], strict=True):
            path.write_bytes(content)


_texts: dict[tuple[str, ...], str] = {}
_compiled: dict[tuple[str, ...], tuple[bytes, bytes]] = {}


def _named(source: Path, options: Sequence[str]) -> list[str]:
    """The options without those for macros that neither the file nor a header names, but for the
    one that gives them their defaults."""
    words = _words(source) | _words_of_headers()
    return [
        option
        for option in options
        if not option.startswith("-D") or option[2:].partition("=")[0] in words
    ]


@cache
def _words_of_headers() -> frozenset[str]:
    headers = (path for path in DEVICE.rglob("*.h") if path.name != "config.h")
    return frozenset().union(*map(_words, headers))


@cache
def _words(path: Path) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", path.read_text(encoding="utf-8")))


def _objects(core: Core, folder: Path, options: Sequence[str]) -> list[Path]:
    """The library compiled: PART__FILE.o, each with its call graph beside it."""
    sources = [path for part in PARTS for path in sorted((DEVICE / "src" / part).glob("*.c"))]
    targets = [folder / f"{path.parent.name}__{path.stem}.o" for path in sources]
    with ThreadPoolExecutor(WORKERS) as pool:
        jobs = zip(sources, targets, strict=True)
        list(pool.map(lambda pair: _compile(core, pair[0], pair[1], options), jobs))
    return targets


def _one_object(core: Core, folder: Path, options: Sequence[str]) -> list[Path]:
    """The library compiled as one file."""
    _, source = amalgamate(folder)
    target = folder / f"{WHOLE}__rootlet.o"
    _compile(core, source, target, options)
    return [target]


def _link(
    core: Core, objects: list[Path], folder: Path, bundle: Path, options: Sequence[str]
) -> str:
    """Links everything the public headers offer and the bundle; gives the linker's map."""
    extra = [folder / "everything.o", folder / "memory.o", folder / BUNDLE]
    for target in extra[:2]:
        _compile(core, DEVICE / "test" / "size" / f"{target.stem}.c", target, options)
    _compile(core, bundle, extra[2], options)
    link_map = folder / "map"
    _output(
        *(f"{core.prefix}gcc", *core.options, "-nostdlib", "-Wl,--gc-sections"),
        *("-Wl,--entry=rootlet_everything", "-Wl,--undefined=rootlet_everything_trusted"),
        *(f"-Wl,-Map={link_map}", "-o", str(folder / "everything.elf")),
        *map(str, [extra[0], *objects, *extra[1:]]),
        "-lgcc",
    )
    return link_map.read_text(encoding="utf-8")


def _pieces(link_map: str) -> list[tuple[str, int, str]]:
    """Section, size and file of everything that was kept."""
    kept = link_map.partition("Linker script and memory map")[2]
    line = re.compile(r"^ (\*fill\*|\.?[\w.$-]+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+)(?: (\S+))?", re.M)
    found = []
    output_section = ""
    # A long section name stands on a line of its own: join it with the next.
    joined = re.sub(r"^( \.\S+)\n\s+", r"\1 ", kept, flags=re.M)
    for row in joined.splitlines():
        if re.match(r"\.\S", row):
            output_section = row.split()[0]
        if match := line.match(row):
            section = output_section if match[1] == "*fill*" else match[1]
            found.append((section, int(match[2], 16), match[3] or ""))
    return found


def _part(file: str) -> str:
    """To which part of the report a linked file belongs."""
    if not file:
        return "padding"
    name = Path(file).name
    part, separator, _ = name.partition("__")
    if separator or name == HARNESS:
        return part
    return "bundle" if name == BUNDLE else "helpers"


def _sizes(link_map: str) -> tuple[dict[str, int], int]:
    """Flash per part, and static RAM."""
    flash: Counter[str] = Counter()
    ram = 0
    for section, size, file in _pieces(link_map):
        part = _part(file)
        if part == HARNESS:
            continue
        if FLASH.match(section):
            flash[part] += size
        if file and RAM.match(section):
            ram += size
    return dict(flash), ram


def _contexts(core: Core, folder: Path, options: Sequence[str]) -> dict[str, int]:
    """Sizes of the caller's objects, from the symbol table, in the order of the source. Where the
    library is one file, its header in the folder is the one that is included, with the primitives
    whose contexts are among the objects."""
    source, target = DEVICE / "test" / "size" / "contexts.c", folder / "contexts.o"
    _compile(core, source, target, [*options, EXPORTED, f"-I{folder}"])
    rows = (row.split() for row in _output(f"{core.prefix}nm", "-S", str(target)).splitlines())
    sizes = {row[3]: int(row[1], 16) for row in rows if len(row) == 4}
    text = source.read_text(encoding="utf-8")
    return {name: sizes[name] for name in sorted(sizes, key=text.index)}


def _pointed_at(core: Core, objects: list[Path]) -> frozenset[str]:
    """Names in relocations of constant and other data."""
    names = set()
    for table in _output(f"{core.prefix}objdump", "-r", *map(str, objects)).split("RELOCATION"):
        if re.match(r" RECORDS FOR \[\.(s?rodata|s?data)", table):
            # A static function may be named by its section.
            names |= set(re.findall(r"^[0-9a-f]+ \S+\s+(?:\.text\.)?(\w+)", table, re.M))
    return frozenset(names)


def build(
    core: Core, folder: Path, bundle: Path, options: Sequence[str] = (), *, one_file: bool = False
) -> Build:
    """Compiles and links the whole library and a bundle for one core in an empty folder."""
    objects = (_one_object if one_file else _objects)(core, folder, options)
    flash, ram = _sizes(_link(core, objects, folder, bundle, options))
    graphs = tuple(path.with_suffix(".ci").read_text(encoding="utf-8") for path in objects)
    contexts = _contexts(core, folder, options)
    return Build(flash, ram, contexts, graphs, _pointed_at(core, objects))
