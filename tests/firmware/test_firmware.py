"""The device as firmware in an emulator: real servers, a network stack, and what it costs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tools.firmware import Firmware, Run, count_instructions
from tools.size_report import read_rows
from tools.size_rows import EVERYTHING, ONE_FILE, value

from rootlet.demo.liars import Liar, forger, liar_by
from rootlet.demo.stage import API, SENSOR, Stage
from rootlet.demo.story import twice
from rootlet.roughtime import key_from_text, load_key, report_of, verify_report
from support.firmware_servers import Server, cut_after, silent

HELLO = "/hello"
LIVE_SECONDS = 2
"""Longest run, from the emulator's start to its end."""

TLS_BYTES = 4096
TIME_BYTES = 2560
AGREEMENT = 0.9
"""Of the bound, at least: nearly all of its frames are really on one chain."""
HELPER_BYTES = 64
"""Stack of what the compiler calls by itself; the size report does not count it."""

TOLERANCE_SECONDS = 10
SILENCE = ("--timeout", "300")
SOON = ("--time-timeout", "300")
"""Milliseconds, of either, that loopback does not need."""


def ask(firmware: Firmware, stage: Stage, server: str, *options: str) -> Run:
    identity = stage.identity(SENSOR)
    return firmware.run(API, stage.address(server), HELLO, *identity, *options)


@pytest.fixture(scope="module")
def answered(firmware: Firmware, stage: Stage) -> Run:
    return ask(firmware, stage, "api")


def test_learns_the_time_and_is_answered(answered: Run) -> None:
    outcome, now = answered.outcome, time.time()
    assert (answered.code, outcome["clock"], outcome["status"]) == (0, "OK", "OK")
    assert outcome["earliest"] - TOLERANCE_SECONDS <= now <= outcome["latest"] + TOLERANCE_SECONDS
    assert (outcome["http"], outcome["body"]) == (200, "hello, device")
    assert answered.seconds < LIVE_SECONDS


def test_connection_fits_in_memory(answered: Run) -> None:
    memory, handshake = answered.costs["memory"], answered.costs["handshake"]
    buffers = sum(memory[name] for name in ("tls", "config", "in", "out", "handshake"))
    assert buffers + handshake["stack"] <= TLS_BYTES


def test_stack_stays_below_the_bound(answered: Run, firmware: Firmware) -> None:
    rows = read_rows()
    variant = (ONE_FILE,) if firmware.one_file else EVERYTHING
    for phase in ("connection", "measurement"):
        bound = value(rows, firmware.board.core, phase, "stack", variant)
        used = answered.costs[phase]["library_stack"]
        assert AGREEMENT * bound <= used <= bound + HELPER_BYTES


def test_many_connections(firmware: Firmware, stage: Stage) -> None:
    run = ask(firmware, stage, "api", "--connections", "4")
    assert (run.code, run.outcome["connections"]) == (0, 4)


def test_a_device_without_certificate_is_turned_away(firmware: Firmware, stage: Stage) -> None:
    run = firmware.run(API, stage.address("api"), HELLO)
    assert (run.outcome["status"], run.outcome["http"]) == ("OK", 400)


@pytest.mark.parametrize(
    ("server", "status"),
    [
        ("rival", "ERR_X509_UNKNOWN_ISSUER"),
        ("expired", "ERR_X509_EXPIRED"),
        ("other-name", "ERR_X509_NAME"),
        ("old-version", "ERR_TLS_ALERT_RECEIVED"),
        ("other-suite", "ERR_TLS_ALERT_RECEIVED"),
    ],
)
def test_refuses_a_server(firmware: Firmware, stage: Stage, server: str, status: str) -> None:
    run = ask(firmware, stage, server)
    assert (run.code, run.outcome["clock"], run.outcome["status"]) == (1, "OK", status)
    assert run.outcome["http"] == 0
    assert run.seconds < LIVE_SECONDS


def test_refuses_every_date_without_a_clock(firmware: Firmware, stage: Stage) -> None:
    run = ask(firmware, stage, "api", "--no-clock")
    assert (run.code, run.outcome["status"]) == (1, "ERR_X509_NOT_YET_VALID")


@pytest.mark.parametrize("kept", [0, 60, 500])
def test_notices_a_cut_connection(firmware: Firmware, stage: Stage, kept: int) -> None:
    with Server(cut_after(stage.ports["api"], kept)) as server:
        run = firmware.run(API, server.address, HELLO, *stage.identity(SENSOR))
    assert (run.code, run.outcome["status"]) == (1, "ERR_TLS_TRUNCATED")
    assert run.outcome["http"] == 0


def test_gives_up_on_a_silent_server(firmware: Firmware, stage: Stage) -> None:
    with Server(silent) as server:
        run = firmware.run(API, server.address, HELLO, *SILENCE)
    assert (run.code, run.outcome["status"]) == (1, "ERR_TLS_TRUNCATED")
    assert run.seconds < LIVE_SECONDS


def test_trusts_nobody_without_the_time(firmware: Firmware, stage: Stage) -> None:
    key = key_from_text(stage.keys["time-a"])
    liar = Liar(forger(key))
    run = ask(firmware, stage, "api", *twice(liar), *SOON)
    liar.stop()
    assert (run.code, run.outcome["clock"]) == (1, "ERR_ROUGHTIME_DELEGATION")
    assert (run.outcome["status"], run.outcome["connections"]) == ("none", 0)


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_one_time_server_of_three_lies(
    firmware: Firmware, stage: Stage, tmp_path: Path, seconds: int
) -> None:
    """It is outvoted, and what was kept of it is proof."""
    kept = tmp_path / "kept.bin"
    liar = Liar(liar_by(seconds, load_key(stage.maker / "time" / "time-a.key")))
    run = ask(firmware, stage, "api", "--time-server", liar.address, "--evidence", str(kept))
    liar.stop()
    outcome, now = run.outcome, time.time()
    assert (run.code, outcome["clock"], outcome["asked"], outcome["agreed"]) == (0, "OK", 3, 2)
    assert outcome["earliest"] - 1 <= now <= outcome["latest"] + 1
    assert outcome["latest"] - outcome["earliest"] <= TOLERANCE_SECONDS
    assert outcome["contradiction"]
    proof = verify_report(report_of(kept.read_bytes()))
    liars = {key_from_text(stage.keys["time-a"])}
    assert all(liars & {proof.public_keys[i], proof.public_keys[j]} for i, j in proof.pairs)


def test_the_time_does_not_go_back_over_a_reset(
    firmware: Firmware, stage: Stage, tmp_path: Path
) -> None:
    record = tmp_path / "record.bin"
    first = ask(firmware, stage, "api", "--record", str(record))
    assert first.outcome["clock"] == "OK"
    assert int.from_bytes(record.read_bytes()[:8], "little") == first.outcome["earliest"]
    liars = [
        Liar(liar_by(-3600, load_key(stage.maker / "time" / f"{name}.key")))
        for name in ("time-a", "time-b", "time-c")
    ]
    addresses = [word for liar in liars for word in ("--time-server", liar.address)]
    back = ask(firmware, stage, "api", *addresses, "--record", str(record))
    for liar in liars:
        liar.stop()
    assert (back.code, back.outcome["clock"]) == (1, "ERR_ROUGHTIME_INCONSISTENT")
    again = ask(firmware, stage, "api", "--record", str(record))
    assert again.outcome["clock"] == "OK"
    assert again.outcome["milliseconds"] >= 1000, "a second after the first failure"
    assert again.outcome["earliest"] >= first.outcome["earliest"]


def test_a_time_server_that_is_not_there(firmware: Firmware, stage: Stage) -> None:
    run = ask(firmware, stage, "api", *("--time-server", "127.0.0.1:1") * 2, *SOON)
    assert (run.code, run.outcome["clock"]) == (1, "ERR_ROUGHTIME_DELAY")
    run = ask(firmware, stage, "api", "--time-server", "127.0.0.1:1", *SOON)
    assert (run.code, run.outcome["agreed"]) == (0, 2)


def test_says_what_it_takes(firmware: Firmware) -> None:
    run = firmware.finish("only-a-host")
    assert run.returncode == 2
    assert run.stdout.startswith("usage: ")


def test_counts_the_same_instructions_every_time(firmware: Firmware, tmp_path: Path) -> None:
    first = count_instructions(firmware.board, tmp_path)
    assert first == count_instructions(firmware.board, tmp_path)
    assert first["x25519"] < first["ed25519_sign"]
