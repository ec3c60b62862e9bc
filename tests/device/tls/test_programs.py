"""The C programs of the TLS client: recorded sessions and the key schedule, under checkers."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[3]
VECTORS = TREE / "vectors" / "tls"
UNIT = TREE / "device" / "test" / "unit"
FLAGS = [
    *("-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Wconversion", "-Werror"),
    *(f"-I{TREE / 'device' / name}" for name in ("include", "src", "test/unit")),
]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
MIDDLEBOX = "-DROOTLET_TLS_MIDDLEBOX=1"
VALGRIND = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full"]
PROGRAM_SECONDS = 120

Build = Callable[..., Path]


def tool(name: str) -> str:
    path = shutil.which(name)
    assert path, f"{name} is missing: apt-get install -y {name}"
    return path


def compile_to(target: Path, program: str, *options: str) -> Path:
    parts = ("base", "crypto", "x509", "tls")
    sources = [path for part in parts for path in (TREE / "device/src" / part).glob("*.c")]
    sources += [UNIT / "vectors.c", UNIT / f"{program}.c"]
    command = [tool("gcc"), *FLAGS, *options, *map(str, sources), "-o", str(target)]
    subprocess.run(command, check=True)
    return target


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return lambda program, *options: compile_to(
        tmp_path_factory.mktemp(program) / program, program, *options
    )


def run(*command: str | Path) -> None:
    """The program passes and has counted something."""
    result = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        timeout=PROGRAM_SECONDS,
        check=False,
        env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.endswith(" passed, 0 failed\n")
    assert not result.stdout.startswith("0 ")


def sessions(*, middlebox: bool) -> list[str]:
    names = sorted(path.name for path in VECTORS.glob("*.txt") if path.stem != "rfc8448")
    found = [name for name in names if name.startswith("middlebox") == middlebox]
    assert found
    return found


def test_sessions_repeat_under_the_sanitizers(build: Build) -> None:
    run(build("tls_replay", *SANITIZERS), VECTORS, *sessions(middlebox=False))


def test_sessions_repeat_in_middlebox_mode(build: Build) -> None:
    run(build("tls_replay", *SANITIZERS, MIDDLEBOX), VECTORS, *sessions(middlebox=True))


def test_sessions_repeat_under_valgrind(build: Build) -> None:
    tool("valgrind")
    run(*VALGRIND, build("tls_replay"), VECTORS, *sessions(middlebox=False))


def test_a_session_of_the_other_build_does_not_repeat(build: Build) -> None:
    program = build("tls_replay", MIDDLEBOX)
    result = subprocess.run([program, VECTORS, "plain.txt"], capture_output=True, check=False)
    assert result.returncode == 1


def test_the_key_schedule_is_that_of_rfc_8448(build: Build) -> None:
    run(build("tls_schedule", *SANITIZERS), VECTORS)
