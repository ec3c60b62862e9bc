"""The import arrows of both halves, and what keeps the tree readable."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
PACKAGE = TREE / "src" / "rootlet"
DEVICE = TREE / "device" / "src"

BASE = {"errors", "profile", "maker", "maker_ca", "files"}
PARTS = {"ca", "bundle", "servers", "roughtime", "gateway", "device"}
PYTHON_MAY_USE = {
    **dict.fromkeys(BASE, BASE),
    "pki": BASE,
    **dict.fromkeys(PARTS, BASE | {"pki"}),
    "agent": BASE | {"pki", "servers"},
    "demo": BASE | {"pki"} | PARTS,
    "cli": BASE | {"pki", "agent", "demo"} | PARTS,
    "__init__": set(),
    "__main__": {"cli"},
}
"""Which part may import which; a part may always import itself."""

C_MAY_USE = {
    "base": set(),
    "crypto": {"base"},
    "x509": {"base", "crypto"},
    "roughtime": {"base", "crypto"},
    "tls": {"base", "crypto", "x509"},
}
C_PUBLIC = {
    "base": {"status", "config", "wipe"},
    "crypto": {"status", "config", "crypto"},
    "x509": {"status", "config", "crypto", "x509"},
    "roughtime": {"status", "config", "crypto", "x509", "roughtime"},
    "tls": {"status", "config", "crypto", "x509", "tls"},
}
"""Public headers each C part may include; roughtime takes only the time type from x509.h."""

DOING_IO = {"socket", "ssl", "asyncio", "subprocess", "uvloop", "sqlalchemy", "http"}
IO_FILES = re.compile(r"http|udp|serve|store|migrations")
"""Inside a part only files named for it do I/O."""

LONGEST_FILE = 400
LONGEST_FUNCTION = 60


def python_files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written out in full"
            assert node.module
            if node.module == "rootlet":
                yield from (f"rootlet.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.mark.parametrize("path", python_files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_python_arrows(path: Path) -> None:
    part = part_of(path)
    used = {
        name.split(".")[1]
        for name in imported(ast.parse(path.read_text(encoding="utf-8")))
        if name.startswith("rootlet.") and not name.endswith("__version__")
    }
    assert used - {part} <= PYTHON_MAY_USE[part]


@pytest.mark.parametrize("part", sorted(PARTS | {"pki", "agent"}))
def test_only_files_named_for_it_do_io(part: str) -> None:
    for path in (PACKAGE / part).rglob("*.py"):
        names = {
            name.split(".")[0] for name in imported(ast.parse(path.read_text(encoding="utf-8")))
        }
        inside = str(path.relative_to(PACKAGE / part))
        assert not names & DOING_IO or IO_FILES.search(inside), path


def test_every_public_name_is_listed_and_exists() -> None:
    for path in python_files():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        listed = [
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == "__all__"
        ]
        if path.stem in {"__main__"} or "migrations" in path.parts or not tree.body[1:]:
            continue
        assert listed, f"{path} has no __all__"
        assert len(set(listed[0])) == len(listed[0])


@pytest.mark.parametrize("path", sorted(DEVICE.rglob("*.[ch]")), ids=lambda p: p.name)
def test_c_arrows(path: Path) -> None:
    part = path.relative_to(DEVICE).parts[0]
    for include in re.findall(r'#include "([^"]+)"', path.read_text(encoding="utf-8")):
        folder, _, name = include.rpartition("/")
        if folder == "rootlet":
            assert name.removesuffix(".h") in C_PUBLIC[part], include
        else:
            assert (folder or part) in C_MAY_USE[part] | {part}, include


@pytest.mark.parametrize("path", sorted(DEVICE.rglob("*.[ch]")), ids=lambda p: p.name)
def test_c_takes_nothing_from_a_libc(path: Path) -> None:
    system = re.findall(r"#include <([^>]+)>", path.read_text(encoding="utf-8"))
    assert set(system) <= {"stdbool.h", "stddef.h", "stdint.h"}


def sources() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.c", "*.h"],
        cwd=TREE,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return [TREE / name for name in listed]


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(TREE)))
def test_files_are_short(path: Path) -> None:
    if "limits_" not in path.name:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", python_files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_python_functions_are_short(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < LONGEST_FUNCTION, f"{path}:{node.lineno}"


@pytest.mark.parametrize("path", sorted(DEVICE.rglob("*.c")), ids=lambda p: p.name)
def test_c_functions_are_short(path: Path) -> None:
    start = 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            assert number - start < LONGEST_FUNCTION, f"{path}:{start}"
