"""The library as one file: complete, clean, and no name of its inside outside."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tools.amalgamate import USAGE, amalgamate, main

TREE = Path(__file__).parents[2]
DEVICE = TREE / "device"
UNIT = DEVICE / "test" / "unit"
TLS_VECTORS = TREE / "vectors" / "tls"
FLAGS = [
    *("-std=c11", "-Os", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"),
    *("-fno-tree-loop-distribute-patterns", "-ffreestanding"),
]
PRIMITIVES = "-DROOTLET_EXPORT_PRIMITIVES=1"
OPTIONS = [
    (),
    (PRIMITIVES,),
    ("-DROOTLET_TLS_MIDDLEBOX=1",),
    ("-DROOTLET_TLS_CLIENT_AUTH=0", "-DROOTLET_TLS_KEY_UPDATE=0", "-DROOTLET_TLS_ALPN=0"),
    ("-DROOTLET_TWO_KERNELS=1", "-DROOTLET_HALVES=1"),
]
PROGRAM_SECONDS = 120


def output(*command: str | Path) -> str:
    """What a command prints; it must succeed."""
    words = list(map(str, command))
    assert shutil.which(words[0]), f"{words[0]} is missing: make setup-test"
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=PROGRAM_SECONDS
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where both files are."""
    place = tmp_path_factory.mktemp("one_file")
    amalgamate(place)
    return place


def declared(*headers: Path) -> set[str]:
    """Functions of headers."""
    found = set()
    for header in headers:
        code = re.sub(r"/\*.*?\*/", "", header.read_text("ascii"), flags=re.DOTALL)
        found |= set(re.findall(r"\b(rootlet_\w+)\(", code))
    return found


def defined(program: Path) -> set[str]:
    """Names that another file can use."""
    return set(re.findall(r" [A-Z] (\w+)$", output("nm", "-g", "--defined-only", program), re.M))


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
@pytest.mark.parametrize("compiler", ["gcc", "arm-none-eabi-gcc"])
def test_what_is_public_can_be_used_and_nothing_else(
    folder: Path, tmp_path: Path, compiler: str, options: tuple[str, ...]
) -> None:
    core = ("-mthumb", "-mcpu=cortex-m3") if compiler.startswith("arm") else ()
    program = tmp_path / "rootlet.o"
    output(compiler, *core, *FLAGS, *options, "-c", folder / "rootlet.c", "-o", program)
    headers = set((DEVICE / "include" / "rootlet").glob("*.h"))
    if PRIMITIVES not in options:
        headers -= {DEVICE / "include" / "rootlet" / "crypto.h"}
    assert defined(program) == declared(*headers)


@pytest.mark.parametrize("name", ["examples/hello_tls.c", "ports/common/blocking_tls.c"])
def test_its_headers_are_enough_for_a_program(folder: Path, tmp_path: Path, name: str) -> None:
    ports = (f"-I{DEVICE / 'ports' / port}" for port in ("common", "posix"))
    include = (f"-I{folder}", *ports, "-D_POSIX_C_SOURCE=200809L")
    output("gcc", "-std=c11", *include, "-c", DEVICE / name, "-o", tmp_path / "program.o")


def test_recorded_sessions(folder: Path, tmp_path: Path) -> None:
    program = tmp_path / "tls_replay"
    sanitizers = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    sources = (folder / "rootlet.c", UNIT / "vectors.c", UNIT / "tls_replay.c")
    include = (f"-I{DEVICE / 'include'}", f"-I{UNIT}")
    output("gcc", "-std=c11", "-O1", "-g", *sanitizers, *include, *sources, "-o", program)
    names = sorted(path.name for path in TLS_VECTORS.glob("*.txt"))
    sessions = [name for name in names if not name.startswith(("middlebox", "rfc8448"))]
    assert re.search(r"^[1-9]\d* passed, 0 failed", output(program, TLS_VECTORS, *sessions), re.M)


def test_the_command_wants_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == USAGE
    assert main([str(tmp_path / "none")]) == USAGE
    assert "python -m tools.amalgamate FOLDER" in capsys.readouterr().err
    assert main([str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"rootlet", "rootlet.c", "rootlet.h"}
