"""What firmware must never do to memory really ends it, with an exit code that tells why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tools.firmware import BOARDS, Firmware, link

MEMORY_FAULT, UNALIGNED_FAULT = 96, 97
"""Exit codes, as board.h of the ports has them."""

INSTRUCTION_ACCESS, DATA_ACCESS, STACKING, ADDRESS_VALID = 1 << 0, 1 << 1, 1 << 4, 1 << 7
UNALIGNED = 1 << 24
"""Bits of the processor's CFSR: ARMv7-M Architecture Reference Manual, B3.2.15."""

REFUSED = {
    "code-write": DATA_ACCESS | ADDRESS_VALID,
    "constant-write": DATA_ACCESS | ADDRESS_VALID,
    "null-read": DATA_ACCESS | ADDRESS_VALID,
    "null-write": DATA_ACCESS | ADDRESS_VALID,
    "null-member": DATA_ACCESS | ADDRESS_VALID,
    "null-call": INSTRUCTION_ACCESS,
    "below-null": DATA_ACCESS | ADDRESS_VALID,
    "unmapped-read": DATA_ACCESS | ADDRESS_VALID,
    "data-call": INSTRUCTION_ACCESS,
}
ALLOWED = ("code-read", "data-write")
ADDRESSES = {"null-read": 0, "null-write": 0, "null-member": 1020, "below-null": 0xFFFFFFFC}


@pytest.fixture(scope="module", params=BOARDS)
def faults(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Firmware:
    folder: Path = tmp_path_factory.mktemp("faults")
    return link(BOARDS[request.param], folder / "faults.elf", program="faults")


def outcome(firmware: Firmware, what: str) -> tuple[int, dict[str, int]]:
    done = firmware.finish(what)
    if done.returncode == 0:
        assert done.stdout == "no fault\n"
        return 0, {}
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("what", REFUSED)
def test_the_memory_protection_refuses(faults: Firmware, what: str) -> None:
    code, seen = outcome(faults, what)
    assert (code, seen.get("fault")) == (MEMORY_FAULT, REFUSED[what])
    assert what not in ADDRESSES or seen["address"] == ADDRESSES[what]


@pytest.mark.parametrize("what", ALLOWED)
def test_what_a_program_needs_is_let_through(faults: Firmware, what: str) -> None:
    assert outcome(faults, what) == (0, {})


def test_an_overflow_of_the_stack_is_reported(faults: Firmware) -> None:
    """There is no room for the exception's frame, either."""
    code, seen = outcome(faults, "stack-overflow")
    assert code == MEMORY_FAULT
    assert seen["fault"] & STACKING


@pytest.mark.parametrize("what", ["unaligned-read", "unaligned-write"])
def test_unaligned_accesses_fault_where_the_core_has_none(faults: Firmware, what: str) -> None:
    code, seen = outcome(faults, what)
    if faults.board.core == "cortex-m0plus":
        assert (code, seen.get("fault")) == (UNALIGNED_FAULT, UNALIGNED)
    else:
        assert code == 0
