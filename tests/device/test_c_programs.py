"""The C test programs of device/test, built here and run under valgrind and the sanitizers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

TREE = Path(__file__).parents[2]
DEVICE = TREE / "device"
VECTORS = TREE / "vectors" / "crypto"
WARNINGS = [
    *("-std=c11", "-g", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"),
    *("-Wstrict-prototypes", "-Wmissing-prototypes", "-fno-tree-loop-distribute-patterns"),
    *(f"-I{DEVICE / 'include'}", f"-I{DEVICE / 'src'}"),
]
LIBRARY = [path for part in ("base", "crypto") for path in (DEVICE / "src" / part).glob("*.c")]
UNIT = [*DEVICE.glob("test/unit/crypto*.c"), DEVICE / "test/unit/vectors.c"]
SECRETS = [DEVICE / "test/ct/crypto.c"]
FOUND_BY_VALGRIND = 99
VALGRIND = ["valgrind", "--quiet", f"--error-exitcode={FOUND_BY_VALGRIND}"]


def build(folder: Path, sources: list[Path], *options: str) -> str:
    """Compiles sources with the library's base and crypto."""
    program = folder / "program"
    command = ["gcc", *WARNINGS, *options, "-o", str(program), *map(str, sources + LIBRARY)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return str(program)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def valgrind() -> list[str]:
    assert shutil.which("valgrind"), "apt-get install -y --no-install-recommends valgrind"
    return VALGRIND


def assert_all_passed(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^[1-9]\d{3} passed, 0 failed$", done.stdout, re.MULTILINE), done.stdout


def test_vectors_under_valgrind(tmp_path: Path, valgrind: list[str]) -> None:
    assert_all_passed(run(*valgrind, build(tmp_path, UNIT, "-Os"), str(VECTORS)))


@pytest.mark.parametrize("kernels", [0, 1])
def test_vectors_with_sanitizers(tmp_path: Path, kernels: int) -> None:
    options = ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    program = build(tmp_path, UNIT, *options, f"-DROOTLET_TWO_KERNELS={kernels}")
    assert_all_passed(run(program, str(VECTORS)))


def test_a_wrong_vector_fails(tmp_path: Path) -> None:
    shutil.copytree(VECTORS, tmp_path / "vectors")
    wrong = tmp_path / "vectors" / "sha256.txt"
    wrong.write_text(wrong.read_text().replace("ba7816bf", "ba7816be"))
    done = run(build(tmp_path, UNIT, "-O1"), str(wrong.parent))
    assert done.returncode == 1
    assert "failed: sha256.txt abc" in done.stdout


@pytest.mark.parametrize("kernels", [0, 1])
@pytest.mark.parametrize("level", ["-O0", "-Os", "-O2"])
def test_no_branch_or_address_depends_on_a_secret(
    tmp_path: Path, valgrind: list[str], level: str, kernels: int
) -> None:
    options = (level, f"-DROOTLET_TWO_KERNELS={kernels}", "-Wl,--wrap=rootlet_equal")
    program = build(tmp_path, SECRETS, *options)
    done = run(*valgrind, program)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "done\n"


def test_a_branch_on_a_secret_is_caught(tmp_path: Path, valgrind: list[str]) -> None:
    program = build(tmp_path, SECRETS, "-Os", "-Wl,--wrap=rootlet_equal")
    done = run(*valgrind, program, "control")
    assert done.returncode == FOUND_BY_VALGRIND
    assert "depends on uninitialised value" in done.stderr
