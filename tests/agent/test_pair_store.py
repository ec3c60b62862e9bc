"""Installing into a real nginx: served, or the pair before served again, wherever it is cut off."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rootlet.agent.pair_store import Step
from rootlet.agent.server_control import SETTLE_SECONDS
from rootlet.errors import Environment, State
from rootlet.files import versions_of
from rootlet.profile import PROFILE_NAMES
from support.agent_rig import Rig, nginx_rig, started_rig, wait_until
from support.limits import files_up_to

USUAL = [
    Step.STAGED,
    Step.NOTED,
    Step.SWITCHED,
    Step.CHECKED,
    Step.RELOADED,
    Step.CONFIRMED,
    Step.FORGOTTEN,
]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with started_rig(tmp_path) as started:
        yield started


def assert_served(rig: Rig, serial: int) -> None:
    """A new pair is served, installed, and nothing is left under way."""
    assert serial == rig.installed().leaf.serial_number
    assert rig.store().note() is None
    wait_until(lambda: rig.serial() == serial)


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_a_new_pair_is_served_and_the_one_before_is_kept(tmp_path: Path, profile: str) -> None:
    with started_rig(tmp_path, profile) as rig:
        first = rig.installed()
        second = rig.install()
        assert rig.steps == USUAL
        assert_served(rig, second.leaf.serial_number)
        third = rig.install()
        assert_served(rig, third.leaf.serial_number)
        kept = {path.name for path in versions_of(rig.place).iterdir()}
        assert kept == {second.version, third.version}
        assert first.version not in kept
        key = rig.place / "key.pem"
        assert key.stat().st_mode & 0o777 == 0o600


def test_without_a_server_the_first_pair_waits_for_it(tmp_path: Path) -> None:
    rig = nginx_rig(tmp_path)
    pair = rig.pair()
    rig.store().offer(pair)
    with pytest.raises(Environment, match="no server shows it") as caught:
        rig.store(seconds=0.2).take_up(pair)
    assert caught.value.status == "not-answered"
    assert rig.installed() == pair
    rig.start()
    try:
        pending = rig.store().pending(rig.wanted, now=datetime.now(UTC))
        assert pending == pair
        rig.store().take_up(pair)
        assert_served(rig, pair.leaf.serial_number)
    finally:
        rig.stop()


def test_a_server_that_is_stopped_gets_the_new_pair_when_it_starts(rig: Rig) -> None:
    rig.stop()
    pair = rig.pair()
    rig.store().offer(pair)
    with pytest.raises(Environment) as caught:
        rig.store(seconds=0.2).take_up(pair)
    assert caught.value.status == "not-answered"
    rig.start()
    assert rig.serial() == pair.leaf.serial_number
    rig.store().take_up(pair)
    assert_served(rig, pair.leaf.serial_number)


@pytest.mark.parametrize("damaged", ["cert.pem", "key.pem"])
def test_a_damaged_pair_does_not_stand_in_the_way(rig: Rig, damaged: str) -> None:
    """nginx still serves it from memory, and would not start with it."""
    (rig.place / damaged).write_bytes(b"nothing of use")
    pair = rig.pair()
    rig.store().offer(pair)
    rig.store().take_up(pair)
    assert_served(rig, pair.leaf.serial_number)


def test_a_configuration_broken_by_someone_else_leaves_all_as_it_was(rig: Rig) -> None:
    before = rig.installed()
    pair = rig.pair()
    rig.store().offer(pair)
    rig.config.write_text(rig.config.read_text().replace("server_name", "server_nam"))
    with pytest.raises(Environment, match="before anything was changed") as caught:
        rig.store().take_up(pair)
    assert caught.value.status == "server-config"
    assert "server_nam" in caught.value.message
    assert Step.SWITCHED not in rig.steps
    assert before.leaf.serial_number == rig.installed().leaf.serial_number
    wait_until(lambda: rig.serial() == before.leaf.serial_number)

    rig.write_config()
    assert rig.store().pending(rig.wanted, now=datetime.now(UTC)) == pair
    rig.store().take_up(pair)
    assert_served(rig, pair.leaf.serial_number)


def test_a_pair_that_the_server_cannot_load_is_rolled_back(rig: Rig) -> None:
    before = rig.installed()
    pair = rig.pair()
    rig.store().offer(pair)
    key = versions_of(rig.place) / pair.version / "key.pem"
    key.write_bytes(before.contents()["key.pem"][0])  # as a failing disk might
    with pytest.raises(Environment, match="served again") as caught:
        rig.store().take_up(pair)
    assert caught.value.status == "rolled-back"
    assert "key values mismatch" in caught.value.message
    assert rig.steps[-1] is Step.BACK_SERVED
    assert before.leaf.serial_number == rig.installed().leaf.serial_number
    wait_until(lambda: rig.serial() == before.leaf.serial_number)
    assert rig.store().pending(rig.wanted, now=datetime.now(UTC)) is None  # it is of no use now
    assert_served(rig, rig.install().leaf.serial_number)


def test_a_server_that_keeps_the_old_certificate_is_rolled_back(rig: Rig) -> None:
    """nginx is told to reload through a configuration that names other files than it runs with."""
    before = rig.installed()
    elsewhere = rig.folder / "elsewhere"
    elsewhere.mkdir()
    for name, (content, _) in before.contents().items():
        (elsewhere / name).write_bytes(content)
    rig.config.write_text(rig.config.read_text().replace(f"{rig.place}/", f"{elsewhere}/"))
    pair = rig.pair()
    store = rig.store(seconds=0.5)
    store.offer(pair)
    with pytest.raises(Environment, match=r"within 0\.5 s: it serves serial") as caught:
        store.take_up(pair)
    assert caught.value.status == "rolled-back"
    assert before.leaf.serial_number == rig.installed().leaf.serial_number
    wait_until(lambda: rig.serial() == before.leaf.serial_number)


def test_when_even_the_pair_before_is_not_served_it_says_so_louder(rig: Rig) -> None:
    """Someone breaks the configuration while the agent is at work."""
    pair = rig.pair()

    def break_it(step: Step) -> None:
        if step is Step.SWITCHED:
            rig.config.write_text("nonsense")

    store = rig.store(break_it)
    store.offer(pair)
    with pytest.raises(State, match="does not show it") as caught:
        store.take_up(pair)
    assert caught.value.status == "not-rolled-back"
    rig.write_config()
    rig.store().take_up(pair)
    assert_served(rig, pair.leaf.serial_number)


def killed_after(rig: Rig, step: Step) -> None:
    """Renew in a process of its own that is killed as soon as ``step`` was done."""
    pair = rig.pair()

    def kill(done: Step) -> None:
        if done is step:
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        try:
            store = rig.store(kill)
            with store.locked():
                store.offer(pair)
                store.take_up(pair)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"not killed after {step}"


@pytest.mark.parametrize("step", USUAL)
def test_killed_after_any_step_the_next_run_mends_it(rig: Rig, step: Step) -> None:
    before = rig.installed()
    killed_after(rig, step)
    # Whatever happened: a whole pair is installed and the server still answers with a good one.
    rig.installed()
    assert rig.serial() is not None
    store = rig.store()
    with store.locked():
        pending = store.pending(rig.wanted, now=datetime.now(UTC))
        assert (pending is None) == (step in {Step.STAGED, Step.FORGOTTEN})
        if pending is not None:
            store.take_up(pending)
            assert_served(rig, pending.leaf.serial_number)
            assert pending != before
    after = rig.install()
    assert_served(rig, after.leaf.serial_number)
    assert len([path for path in versions_of(rig.place).iterdir() if path.is_dir()]) == 2


@pytest.mark.parametrize("step", [Step.BACK, Step.BACK_SERVED])
def test_killed_while_rolling_back_the_next_run_mends_it(rig: Rig, step: Step) -> None:
    marker = rig.folder / "moved"
    good = rig.config.read_text()

    def meddle(done: Step) -> None:
        if done is Step.SWITCHED:
            rig.config.write_text(good.replace("server_name", "server_nam"))
        if done is Step.BACK:
            rig.config.write_text(good)
        if done is step:
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    pair = rig.pair()
    if (child := os.fork()) == 0:
        try:
            store = rig.store(meddle)
            store.offer(pair)
            store.take_up(pair)
        finally:
            os._exit(1)
    os.waitpid(child, 0)
    assert marker.exists()
    rig.installed()
    assert rig.store().pending(rig.wanted, now=datetime.now(UTC)) == pair
    rig.store().take_up(pair)
    assert_served(rig, pair.leaf.serial_number)


def test_a_full_disk_leaves_what_is_installed(rig: Rig) -> None:
    before, pair = rig.installed(), rig.pair()
    with files_up_to(100), pytest.raises(Environment, match="cannot write"):
        rig.store().offer(pair)
    assert not (versions_of(rig.place) / pair.version).exists()
    assert rig.store().note() is None
    assert rig.installed() == before
    assert_served(rig, rig.install().leaf.serial_number)


def test_a_note_that_is_rubbish_is_none(rig: Rig) -> None:
    note = versions_of(rig.place) / "installing.json"
    for text in ["", "[]", "{}", '{"version": 1, "before": null}', '{"version": "../x"}']:
        note.write_text(text)
        assert rig.store().note() is None
    note.write_text('{"version": "../../x", "before": null}')
    assert rig.store().note() is None
    assert_served(rig, rig.install().leaf.serial_number)


def test_handshakes_never_fail_while_pairs_are_replaced(rig: Rig) -> None:
    """One look at the server after the other during renewals; once confirmed, no old serial."""
    rig.settle = SETTLE_SECONDS
    if (child := os.fork()) == 0:
        try:
            for _ in range(3):
                serial = rig.install().leaf.serial_number
                assert {rig.serial() for _ in range(5)} == {serial}
            os._exit(0)
        finally:
            os._exit(1)
    seen = []
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
        seen.append(rig.control().look())
        time.sleep(0.02)  # leaves the processor to the others
    assert ended[1] == 0
    assert [each.reason for each in seen if each.serial is None] == []
    assert len({each.serial for each in seen}) == 4
