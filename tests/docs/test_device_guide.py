"""docs/device.md: its code compiles, and no status is left without advice."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
GUIDE = (TREE / "docs" / "device.md").read_text(encoding="utf-8")
HEADER = (TREE / "device" / "include" / "rootlet" / "status.h").read_text(encoding="utf-8")


def test_every_status_has_advice_once() -> None:
    listed = re.findall(r"X\((\w+), \d+, \w+,", HEADER)
    rows = [row for row in GUIDE.splitlines() if row.startswith(("| `OK`", "| `ERR_"))]
    advised = Counter(name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1]))
    assert advised == Counter(listed)


SNIPPETS = re.findall(r"^```c\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("code", SNIPPETS, ids=["clock", "pump"])
def test_the_code_compiles(tmp_path: Path, code: str) -> None:
    source = tmp_path / "pump.c"
    source.write_text(code, encoding="utf-8")
    warnings = ("-Wall", "-Wextra", "-Wconversion", "-Werror")
    folders = [TREE / "device" / name for name in ("include", "ports/common", "ports/posix")]
    command = ["gcc", "-std=c11", *warnings, *(f"-I{path}" for path in folders), "-c", str(source)]
    done = subprocess.run(
        [*command, "-o", str(tmp_path / "pump.o")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_its_constants_exist() -> None:
    headers = "".join(
        path.read_text(encoding="utf-8") for path in (TREE / "device" / "include").rglob("*.h")
    )
    for name in set(re.findall(r"ROOTLET_[A-Z0-9_]*_BYTES", GUIDE)):
        assert f"#define {name} " in headers, name
