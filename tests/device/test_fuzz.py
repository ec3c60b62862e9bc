"""Every fuzzing target, for a short time; a failure shows its input and what did not hold."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tools.fuzz import OUTPUT, SOURCE, TARGETS, build, fuzz, missing

SECONDS = 8
LEAST_INPUTS = 100


@pytest.fixture(scope="module", autouse=True)
def _tools() -> None:
    command = missing()
    assert not command, f"run: {command}"


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_is_found(target: str) -> None:
    result = fuzz(target, SECONDS, OUTPUT / "test")
    assert not result.failed, result.log[-4000:]
    assert result.executions > LEAST_INPUTS


@pytest.mark.parametrize("target", TARGETS)
def test_the_corpus_reaches_what_matters(target: str, tmp_path: Path) -> None:
    """A control: built to fail there, it does, and the failure is noticed."""
    program = build(target, tmp_path, "-DFUZZ_CONTROL")
    command = [str(program), str(SOURCE / "corpus" / target), "-runs=0"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "does not hold" in done.stderr
