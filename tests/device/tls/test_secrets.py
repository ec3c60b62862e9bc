"""The client in recorded sessions, its keys marked as secrets to valgrind."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[3]
DEVICE = TREE / "device"
VECTORS = TREE / "vectors" / "tls"
PROGRAM = DEVICE / "test" / "ct" / "tls.c"
PARTS = [DEVICE / "src" / part for part in ("base", "crypto", "x509", "tls")]
SOURCES = [
    *(DEVICE / "test" / "unit" / name for name in ("tls_replay.c", "vectors.c")),
    *(
        path
        for part in ("base", "crypto", "x509", "tls")
        for path in DEVICE.glob(f"src/{part}/*.c")
    ),
]
TEXT = PROGRAM.read_text(encoding="utf-8")
WRAPPED = sorted(set(re.findall(r"\b__wrap_(\w+)\(", TEXT)))
FLAGS = [
    *("-std=c11", "-g", "-Wall", "-Wextra", "-Wconversion", "-Werror"),
    *(f"-I{DEVICE / name}" for name in ("include", "src", "test", "test/unit")),
]
FOUND_BY_VALGRIND = 99

SESSIONS = ["plain.txt", "everything.txt", "tampered.txt", "alerted.txt", "tolerated.txt"]
"""With and without a certificate of the device's own, new keys, and a Finished that is wrong."""

KEPT = {
    "share": "certificate_verify.c",
    "agree": "handshake.c",
    "equal": "finished.c",
    "open": "record.c",
    "sent": "tls_replay.c",
    "read": "tls_replay.c",
}
"""What can be kept secret on purpose, and the file in which that must be reported."""


def build(folder: Path, *options: str) -> Path:
    target = folder / "tls"
    wraps = [f"-Wl,--wrap={name}" for name in WRAPPED]
    command = ["gcc", *FLAGS, *options, *wraps, *map(str, [PROGRAM, *SOURCES]), "-o", str(target)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return target


def replay(
    program: Path, sessions: list[str], **environment: str
) -> subprocess.CompletedProcess[str]:
    assert shutil.which("valgrind"), "apt-get install -y --no-install-recommends valgrind"
    command = ["valgrind", "--quiet", f"--error-exitcode={FOUND_BY_VALGRIND}", str(program)]
    return subprocess.run(
        [*command, str(VECTORS), *sessions],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("secrets"), "-O1", "-fno-inline")


@pytest.mark.parametrize("kernels", [0, 1])
@pytest.mark.parametrize("level", ["-O0", "-Os", "-O2"])
def test_no_branch_or_address_depends_on_a_secret(tmp_path: Path, level: str, kernels: int) -> None:
    built = build(tmp_path, level, f"-DROOTLET_TWO_KERNELS={kernels}")
    done = replay(built, SESSIONS)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"[1-9]\d+ passed, 0 failed\n", done.stdout), done.stdout


def test_nor_in_middlebox_mode(tmp_path: Path) -> None:
    built = build(tmp_path, "-Os", "-DROOTLET_TLS_MIDDLEBOX=1")
    done = replay(built, ["middlebox-everything.txt"])
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"[1-9]\d+ passed, 0 failed\n", done.stdout), done.stdout


@pytest.mark.parametrize("what", KEPT)
def test_what_is_not_made_known_is_reported(program: Path, what: str) -> None:
    """A control: the secrets arrive at each place that is watched."""
    done = replay(program, ["plain.txt"], KEEP_SECRET=what)
    assert done.returncode == FOUND_BY_VALGRIND
    assert "depends on uninitialised value" in done.stderr
    assert f"({KEPT[what]}:" in done.stderr


def test_the_program_says_what_it_makes_known() -> None:
    assert set(re.findall(r'make_known\("(\w+)"', TEXT)) | {"sent", "read"} == set(KEPT)
