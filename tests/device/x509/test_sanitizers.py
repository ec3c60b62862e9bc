"""The chain check under the address and undefined behaviour sanitizers: vectors and damage."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from rootlet.device import status_name
from rootlet.errors import Refused
from support.x509.case import NOW, OK, Case
from support.x509.draft import ISSUING, LEAF
from support.x509.vectors import read_vectors

TREE = Path(__file__).resolve().parents[3]
SOURCES = [
    TREE / "device/test/unit/x509_chains.c",
    *(
        path
        for part in ("base", "crypto", "x509")
        for path in (TREE / "device/src" / part).glob("*.c")
    ),
]
FLAGS = [
    *("-std=c11", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    *(f"-I{TREE / 'device/include'}", f"-I{TREE / 'device/src'}"),
]
DAMAGED = 3000
"""Chains with changed bytes."""

PROGRAM_SECONDS = 120


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("gcc")
    assert compiler, "gcc is missing: apt-get install -y gcc"
    target = tmp_path_factory.mktemp("sanitizers") / "x509_chains"
    subprocess.run([compiler, *FLAGS, *map(str, SOURCES), "-o", str(target)], check=True)
    return target


def statuses(program: Path, cases: list[Case]) -> list[str]:
    result = subprocess.run(
        [str(program)],
        input=b"".join(case.record() for case in cases),
        env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},
        capture_output=True,
        timeout=PROGRAM_SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stderr.decode()
    return [status_name(int(line)) for line in result.stdout.split()]


def plain_status(case: Case) -> str:
    try:
        case.check()
    except Refused as refused:
        return str(refused.status)
    return OK


def test_the_vectors(program: Path) -> None:
    cases = read_vectors()
    assert statuses(program, cases) == [case.status for case in cases]


def damaged() -> list[Case]:
    """Chains cut, extended and changed; the same every time."""
    chosen = random.Random(NOW)
    cases = []
    base = Case(0, "", OK)
    for _ in range(DAMAGED):
        chain = [LEAF.der(), ISSUING.der()]
        der = bytearray(chain.pop(place := chosen.randrange(2)))
        for _ in range(chosen.randrange(1, 4)):
            at = chosen.randrange(len(der))
            der[at] = chosen.choice([der[at] ^ 1 << chosen.randrange(8), 0, 0x7F, 0x80, 0x82, 0xFF])
        if chosen.randrange(4) == 0:
            del der[chosen.randrange(len(der)) :]
        chain.insert(place, bytes(der))
        cases.append(replace(base, chain=tuple(chain)))
    return cases


def test_damaged_chains(program: Path) -> None:
    cases = damaged()
    found = statuses(program, cases)
    assert found == [plain_status(case) for case in cases]
    assert set(found) >= {"ERR_X509_ENCODING", "ERR_X509_SIGNATURE", "ERR_X509_EXTENSION"}
