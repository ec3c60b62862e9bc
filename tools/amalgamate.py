"""Makes one C file and one header of the device library: rootlet.c and rootlet.h.

    python -m tools.amalgamate FOLDER

What only the library's own files call of each other becomes static, so that the compiler sees all
there is to know: half a kilobyte less on a Cortex-M. So do the primitives of rootlet/crypto.h,
unless both files are compiled with -DROOTLET_EXPORT_PRIMITIVES=1. FOLDER/rootlet/ has the public
headers by their names, for files that include them so, such as a bundle. A device that replaces
the profile's operations by its own (PSA Crypto, a secure element) takes device/src instead.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["amalgamate", "main"]

DEVICE = Path(__file__).resolve().parents[1] / "device"
PARTS = ("base", "crypto", "x509", "roughtime", "tls")
PUBLIC = ("rootlet.h", "bundle.h")
"""Headers that include all others."""
USAGE = 2

TABLE = re.compile(r"^const \w+ \w+(\[.*\])? =", re.M)
INCLUDE = re.compile(r'#include "(.+)"')
NOT_A_FUNCTION = re.compile(r"#|/\*| |\}|\{|$|typedef|static|extern|enum|struct|_Static_assert")

HEAD = """\
/*
 * Rootlet's device library in one {what}, made by tools/amalgamate.py of the files named in it.
 * {more}
 */
"""
CHOICE = """\
/* 1: the primitives of crypto.h can be called from outside, and are all kept. */
#ifndef ROOTLET_EXPORT_PRIMITIVES
#define ROOTLET_EXPORT_PRIMITIVES 0
#endif
#if ROOTLET_EXPORT_PRIMITIVES
#define ROOTLET_PRIMITIVE
#elif defined(ROOTLET_LIBRARY)
#define ROOTLET_PRIMITIVE ROOTLET_INTERNAL
#endif
"""
STATIC = """\
#define ROOTLET_LIBRARY
#if defined(__GNUC__)
#define ROOTLET_INTERNAL static __attribute__((unused))
#else
#define ROOTLET_INTERNAL static
#endif
"""


def _marked(lines: list[str], mark: str) -> Iterator[str]:
    """Header lines, with the mark in front of each function's declaration."""
    inside = ""
    for line in lines:
        if inside:
            yield line
            if line.endswith(inside):
                inside = ""
        elif line.startswith("/*"):
            yield line
            inside = "" if line.endswith("*/") else "*/"
        elif NOT_A_FUNCTION.match(line):
            yield line
        else:
            yield f"{mark} {line}"
            inside = "" if line.endswith(";") else ";"


def _read(path: Path) -> list[str]:
    return path.read_text(encoding="ascii").splitlines()


class _Joined:
    """Files joined in the order in which they include each other, each header once."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.seen: set[Path] = set()

    def add(self, path: Path, lines: list[str]) -> None:
        """Adds a file behind what it includes; what is public is included already."""
        self.lines.append(f"/* {path.relative_to(DEVICE).as_posix()} */")
        for line in lines:
            match = INCLUDE.match(line)
            if match is None:
                self.lines.append(line)
            elif (header := self._find(path, match[1])) not in self.seen:
                self.seen.add(header)
                self.add(header, self._header_lines(header))

    @staticmethod
    def _find(path: Path, name: str) -> Path:
        places = (path.parent, DEVICE / "src", DEVICE / "include")
        return next(place / name for place in places if (place / name).is_file()).resolve()

    @staticmethod
    def _header_lines(header: Path) -> list[str]:
        if header.parent.name != "rootlet":
            # Tables are defined before they are used, see _sources.
            kept = (line for line in _read(header) if not line.startswith("extern "))
            return list(_marked(list(kept), "ROOTLET_INTERNAL"))
        lines = _read(header)
        if header.name != "crypto.h":
            return lines
        first = next(i for i, line in enumerate(lines) if line.startswith("void "))
        return [
            *lines[: first - 1],
            "#if defined(ROOTLET_PRIMITIVE)",
            *_marked(lines[first - 1 : -1], "ROOTLET_PRIMITIVE"),
            "#endif",
            *lines[-1:],
        ]

    def text(self) -> str:
        """All lines, without empty ones that repeat."""
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self.lines)) + "\n"


def _sources() -> list[Path]:
    """Those that define tables for others come first."""
    sources = [path for part in PARTS for path in sorted((DEVICE / "src" / part).glob("*.c"))]
    return sorted(sources, key=lambda path: not TABLE.search(path.read_text("ascii")))


def _source_lines(path: Path) -> list[str]:
    """A source whose tables are static, and whose macros end with it."""
    lines = [TABLE.sub(r"static \g<0>", line) for line in _read(path)]
    macros = dict.fromkeys(
        match[1] for line in lines if (match := re.match(r"#define (\w+)", line))
    )
    return [*lines, *(f"#undef {name}" for name in macros)]


def _forward(folder: Path) -> None:
    """A folder rootlet/ for files that include the public headers by their own names."""
    (folder / "rootlet").mkdir(exist_ok=True)
    for header in (DEVICE / "include" / "rootlet").glob("*.h"):
        (folder / "rootlet" / header.name).write_text('#include "../rootlet.h"\n', "ascii")


def amalgamate(folder: Path) -> tuple[Path, Path]:
    """Writes rootlet.h and rootlet.c into a folder; gives their paths."""
    _forward(folder)
    header, source = _Joined(), _Joined()
    header.lines += ["#ifndef ROOTLET_ONE_HEADER", "#define ROOTLET_ONE_HEADER", CHOICE]
    for name in PUBLIC:
        path = DEVICE / "include" / "rootlet" / name
        if path not in header.seen:
            header.seen.add(path)
            header.add(path, _read(path))
    header.lines.append("#endif")
    source.seen = set(header.seen)
    for path in _sources():
        source.add(path, _source_lines(path))
    paths = folder / "rootlet.h", folder / "rootlet.c"
    more = "Compile rootlet.c beside it; options as in docs/device.md, the same for all files."
    paths[0].write_text(HEAD.format(what="header", more=more) + header.text(), encoding="ascii")
    start = f'{STATIC}#include "rootlet.h"\n'
    more = "See rootlet.h."
    paths[1].write_text(
        HEAD.format(what="file", more=more) + start + source.text(), encoding="ascii"
    )
    return paths


def main(arguments: list[str]) -> int:
    """The command."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print(__doc__, file=sys.stderr)
        return USAGE
    for path in amalgamate(Path(arguments[0])):
        print(f"{path}: {path.stat().st_size:,} bytes")
    print("Compile rootlet.c with your firmware, with this folder on the include path.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
