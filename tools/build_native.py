"""The cffi description of the device library, read from its own headers.

The declarations are the C headers run through the preprocessor, so the binding cannot drift from
them. Used by setup.py; the module built is the top-level ``_rootlet_device``.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
from pathlib import Path

from cffi import FFI

TREE = Path(__file__).resolve().parents[1]
DEVICE = TREE / "device"
HEADERS = (
    "rootlet/rootlet.h",
    "base/bytes.h",
    "base/der.h",
    "base/reader.h",
    "x509/certificate.h",
    "x509/host.h",
    "x509/time.h",
)
"""The public ones, and the internal ones that have tests of their own."""
STANDARD_HEADERS = ("stdbool.h", "stddef.h", "stdint.h")
"""Left empty while preprocessing: cffi knows their types itself."""

FLAGS = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-fno-tree-loop-distribute-patterns"]


NUMBER = re.compile(r"^#define (ROOTLET_[A-Z0-9_]+) (?=[0-9(R])", re.MULTILINE)
"""A macro that stands for a number, as ``cc -dM`` prints it."""


def declarations() -> str:
    """The public headers (and base's, for its tests) as declarations and numbers."""
    with tempfile.TemporaryDirectory() as folder:
        for name in STANDARD_HEADERS:
            (Path(folder) / name).touch()
        includes = "".join(f'#include "{name}"\n' for name in HEADERS)
        command = [
            *shlex.split(os.environ.get("CC", "cc")),
            *("-std=c11", "-nostdinc", "-E", "-P", "-D__attribute__(x)="),
            *(f"-I{folder}", f"-I{DEVICE / 'include'}", f"-I{DEVICE / 'src'}"),
            *("-x", "c", "-"),
        ]

        def preprocess(*options: str) -> str:
            return subprocess.run(
                [*command, *options], input=includes, text=True, check=True, capture_output=True
            ).stdout

        numbers = NUMBER.findall(preprocess("-dM"))
        return preprocess() + "".join(f"#define {name} ...\n" for name in sorted(numbers))


def _relative(path: Path) -> str:
    return str(path.relative_to(TREE))


sources = sorted(_relative(path) for path in (DEVICE / "src").rglob("*.c"))
headers = sorted(_relative(path) for path in DEVICE.rglob("*.h"))

ffi = FFI()
ffi.cdef(declarations())
ffi.set_source(
    "_rootlet_device",
    "".join(f'#include "{name}"\n' for name in HEADERS),
    sources=sources,
    depends=[*sources, *headers],
    include_dirs=["device/include", "device/src"],
    extra_compile_args=FLAGS,
)
