"""Secrets leave no trace in which instructions run and which memory is touched, on ARM itself."""

from __future__ import annotations

import random

import pytest
from tools.firmware import BOARDS, VARIANTS, link
from tools.secret_trace import OPERATIONS, Trace, build_plugin, watch

Traces = list[dict[str, Trace]]

SECRETS = [
    bytes(32),
    b"\xff" * 32,
    bytes(31) + b"\x01",
    b"\x01" + bytes(31),
    bytes(3) + b"\x80" * 29,
    bytes.fromhex("0000ffff" * 8),
    bytes.fromhex("00010000ffffffff" * 4),
    *(random.Random(seed).randbytes(32) for seed in range(4)),
]
"""All zero, all one, few bits, small words that end a multiplication early, and any others."""

BLOCK_INSTRUCTIONS = 1000
"""A block of ChaCha20 takes more: 80 quarter rounds of 12 operations, RFC 8439 section 2.3."""

CONTROLS = [name for name in OPERATIONS if name.startswith("control_")]
SECRETIVE = [name for name in OPERATIONS if name not in CONTROLS]


@pytest.fixture(scope="module", params=VARIANTS)
def board(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def traces(board: str, tmp_path_factory: pytest.TempPathFactory) -> Traces:
    folder = tmp_path_factory.mktemp("trace")
    plugin = build_plugin(folder)
    firmware = link(BOARDS[board], folder / "secrets.elf", program="secrets")
    return [watch(firmware, plugin, secret) for secret in SECRETS]


@pytest.mark.parametrize("operation", SECRETIVE)
def test_every_secret_leaves_the_same_trace(traces: Traces, operation: str) -> None:
    assert len({trace[operation] for trace in traces}) == 1
    assert traces[0][operation].instructions > 100


def test_only_a_finished_that_matches_is_followed_by_new_keys(traces: Traces) -> None:
    good, bad, keys = (traces[0][name] for name in ("finished_good", "finished_bad", "next_keys"))
    assert good.instructions > bad.instructions + keys.instructions


def test_only_a_record_that_is_genuine_is_decrypted(traces: Traces) -> None:
    good, bad = (traces[0][name] for name in ("record_open", "record_open_bad"))
    assert good.instructions > bad.instructions + BLOCK_INSTRUCTIONS


@pytest.mark.parametrize("control", [name for name in CONTROLS if name != "control_address"])
def test_a_branch_on_a_secret_is_told_apart(traces: Traces, control: str) -> None:
    assert len({trace[control].addresses for trace in traces}) > 1


def test_an_address_made_of_a_secret_is_told_apart(traces: Traces) -> None:
    assert len({trace["control_address"].addresses for trace in traces}) == 1
    assert len({trace["control_address"].accesses for trace in traces}) > 1


def test_no_secret_is_multiplied_in_a_time_that_tells_of_it(traces: Traces, board: str) -> None:
    """A Cortex-M3's long multiplication ends early; UMAAL of a Cortex-M4 does not."""
    used = {name for name in SECRETIVE if traces[0][name].long_multiplications}
    if board == "mps2-an386":
        assert {"x25519", "ed25519_sign", "seal", "record_seal", "handshake_keys"} <= used
    else:
        quick = {"x25519", "x25519_public", "handshake_keys"}
        assert used == (quick if board == "mps2-an385-quick" else set())
    if BOARDS[board].core != "cortex-m0plus":
        assert traces[0]["control_verify"].long_multiplications
