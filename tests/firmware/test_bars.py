"""What the device promises to take, held against firmware: instructions and RAM."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tools.firmware import COUNTING, PREFIX, Firmware, Run, count_instructions
from tools.handshake import TOLERANCE, count_handshake, where
from tools.size_report import OTHER_COMPILER, read_rows, same_compilers
from tools.size_rows import HANDSHAKES, value

from rootlet.demo.stage import API, SENSOR, Stage

RAM_BYTES = 4096
TIME_RAM_BYTES = 2560
POLICY_BYTES = 256
"""Of the port: what it remembers of several servers."""
WHOLE_FLASH, WHOLE_RAM = 64 * 1024, 40 * 1024
"""Of the program with lwIP, its buffers and the stack, as docs/device.md has it."""

CONNECTION = ("tls", "config", "in", "out", "handshake")
MEASUREMENT = ("roughtime_head", "roughtime_response", "roughtime_sample")

MILLION = 1_000_000
HANDSHAKE = {
    "mps2-an385": 18 * MILLION,
    "mps2-an385-quick": 12 * MILLION,
    "mps2-an385-m0plus": 45 * MILLION,
    "mps2-an386": 9 * MILLION,
    "lm3s6965evb": 18 * MILLION,
}
"""Most instructions of a handshake with chain [leaf, issuing], by board."""

SYMMETRIC = {"chacha20poly1305_kib": 80_000, "sha256_kib": 70_000}
PRIMITIVES = {
    "mps2-an385": SYMMETRIC | {"x25519": 4_700_000, "ed25519_verify": 2_600_000},
    "mps2-an385-quick": SYMMETRIC | {"x25519": 1_700_000, "ed25519_verify": 2_600_000},
    "mps2-an385-m0plus": {
        "chacha20poly1305_kib": 180_000,
        "sha256_kib": 130_000,
        "x25519": 6_500_000,
        "ed25519_verify": 10_000_000,
    },
    "mps2-an386": SYMMETRIC | {"x25519": 1_250_000, "ed25519_verify": 2_600_000},
    "lm3s6965evb": SYMMETRIC | {"x25519": 4_700_000, "ed25519_verify": 2_600_000},
}

Ask = Callable[..., Run]


@pytest.fixture
def ask(firmware: Firmware, stage: Stage) -> Ask:
    def run(*identity: str) -> Run:
        done = firmware.run(API, stage.address("api"), "/hello", *identity, options=COUNTING)
        assert done.outcome["status"] == "OK"
        return done

    return run


def test_handshake_instructions(firmware: Firmware, stage: Stage) -> None:
    """Signatures cost a hundredth more or less, by their bits: one that is over the bar is counted
    twice more, and the one in the middle has to be below."""
    counted = {what: count_handshake(firmware, stage, what) for what in HANDSHAKES}
    most = HANDSHAKE[firmware.board.name]
    if counted["handshake"] > most:
        more = [count_handshake(firmware, stage, "handshake") for _ in range(2)]
        counted["handshake"] = sorted([counted["handshake"], *more])[1]
    assert counted["handshake"] <= most
    rows, about = read_rows(), where(firmware)
    tolerance = TOLERANCE if same_compilers() else OTHER_COMPILER
    assert counted == {
        what: pytest.approx(
            value(rows, about.cpu, what, "instructions", about.options), rel=tolerance
        )
        for what in HANDSHAKES
    }


def test_handshake_ram(ask: Ask, stage: Stage) -> None:
    for identity in ((), stage.identity(SENSOR)):
        costs = ask(*identity).costs
        memory = sum(costs["memory"][name] for name in CONNECTION)
        assert memory + costs["connection"]["stack"] <= RAM_BYTES


def test_measurement_ram(ask: Ask) -> None:
    costs = ask().costs
    memory = sum(costs["memory"][name] for name in MEASUREMENT)
    assert memory + costs["measurement"]["stack"] <= TIME_RAM_BYTES
    assert costs["memory"]["roughtime_in_all"] - memory <= POLICY_BYTES


def test_primitives_instructions(firmware: Firmware, tmp_path: Path) -> None:
    counts = count_instructions(firmware.board, tmp_path)
    bars = PRIMITIVES[firmware.board.name]
    assert {name: counts[name] for name in bars if counts[name] > bars[name]} == {}


def test_the_whole_program_fits(firmware: Firmware) -> None:
    command = (f"{PREFIX}size", str(firmware.path))
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    text, data, bss = map(int, done.stdout.splitlines()[1].split()[:3])
    assert text + data <= WHOLE_FLASH
    assert data + bss <= WHOLE_RAM
