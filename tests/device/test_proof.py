"""The proof that the parsers have no run-time error, and that a wrong one would be noticed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from tools.prove import DEVICE, PARTS, functions_of, missing, prove

SHORT = (
    *("base/bytes", "base/load", "base/status", "base/reader", "x509/time"),
    *("roughtime/request", "roughtime/hash", "roughtime/join", "tls/finished"),
)
"""Proved in seconds each. All together take several minutes: make prove."""

QUICK = 2
"""Seconds for a goal that is false."""


@pytest.fixture(scope="module", autouse=True)
def _tools() -> None:
    command = missing()
    assert not command, f"run: {command}"


@pytest.mark.parametrize("part", SHORT)
def test_what_is_proved_in_seconds(part: str) -> None:
    result = prove(part)
    assert not result.unproved, "\n".join(result.unproved)
    assert result.goals


def test_what_is_not_tried_is_told() -> None:
    told = (DEVICE.parent / "docs" / "proof.md").read_text(encoding="utf-8")
    for part, row in PARTS.items():
        assert f"`{part}`" in told
        assert all(f"`{name}`" in told for name in row.later)


@pytest.mark.parametrize("part", PARTS)
def test_no_function_is_overlooked(part: str) -> None:
    source = (DEVICE / "src" / f"{part}.c").read_text(encoding="utf-8")
    assert len(functions_of(source)) == len(re.findall(r"^\{$", source, flags=re.MULTILINE))


# What is changed, and a goal of that function which else is proved in a moment.
CONTROLS = {
    "one byte too many is read": (
        *("base/reader", "rootlet_read_bytes", "ensures"),
        *("length > reader->left)", "length > reader->left + 1)"),
    ),
    "a loop goes one too far": (
        *("base/reader", "rootlet_read_be", "assert_rte_mem_access"),
        *("i < width; i++", "i <= width; i++"),
    ),
    "an element may end behind its parent": (
        *("base/der", "rootlet_der_enter", "ensures"),
        *("!expected || length > reader->left", "!expected"),
    ),
    "an integer may be empty": (
        *("base/der", "rootlet_der_integer", "assert_rte_mem_access_2"),
        *("number->left == 0 || (number->left > 1 && ", "((void)0, "),
    ),
    "a signature's bits are not looked for": (
        *("x509/certificate", "rootlet_x509_read", "assert_rte_mem_access_3"),
        *(" || bits.left == 0 || ", " || "),
    ),
    "a message may be longer than its buffer": (
        *("tls/handshake", "begin_message", "ensures"),
        *("length > tls->buffers.handshake_length", "length > tls->buffers.handshake_length + 1"),
    ),
    "a month's table is read behind its end": (
        *("x509/time", "read_digits", "assert_rte_index_bound"),
        *("i < FIELDS; i++", "i <= FIELDS; i++"),
    ),
}


@pytest.mark.parametrize("control", CONTROLS)
def test_what_is_wrong_is_not_proved(control: str, tmp_path: Path) -> None:
    part, function, goal, right, wrong = CONTROLS[control]
    device = copy_with(tmp_path, part, right, wrong)
    assert f"typed_{function}_{goal}" in prove(part, device, [function], QUICK).unproved


@pytest.mark.parametrize(
    ("contract", "complaint"),
    [
        (r"/\*@ loop[^/]*variant[^/]*\*/\s*(?=for \(size_t i = 0; i < oid)", "a loop"),
        (r"(?<=\n)/\*@[^/]*\*/\n(?=void rootlet_der_oid)", "no contract"),
    ],
)
def test_what_has_no_contract_is_noticed(contract: str, complaint: str, tmp_path: Path) -> None:
    device = tmp_path / "device"
    shutil.copytree(DEVICE, device)
    for path in (device / "src/base/der.c", device / "src/base/der.h"):
        path.write_text(re.sub(contract, "", path.read_text(encoding="utf-8")), encoding="utf-8")
    unproved = prove("base/der", device, ["rootlet_der_oid"], QUICK).unproved
    assert any(line.startswith(f"rootlet_der_oid: {complaint}") for line in unproved)


def copy_with(folder: Path, part: str, right: str, wrong: str) -> Path:
    """The library with one thing changed."""
    device = folder / "device"
    shutil.copytree(DEVICE, device)
    path = device / "src" / f"{part}.c"
    source = path.read_text(encoding="utf-8")
    assert source.count(right) == 1
    path.write_text(source.replace(right, wrong), encoding="utf-8")
    return device
