"""The agent against our own ACME server and a real nginx."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from rootlet.agent import AgentConfig, AgentLog, once, parse_config
from rootlet.agent.keeper import Keeper
from rootlet.agent.report import exit_code_of
from rootlet.agent.schedule import Health
from rootlet.cli import main
from rootlet.errors import Environment
from rootlet.files import versions_of
from rootlet.profile import PROFILE_NAMES
from support.agent_acme import World, world
from support.agent_rig import NAME, wait_until
from support.processes import LOOPBACK, listening

HOUR = timedelta(hours=1)


def served(made: World) -> str:
    serial = made.rig.serial()
    return "" if serial is None else f"{serial:x}"


def replaced(made: World) -> list[str | None]:
    """What each order said that it replaces."""
    engine = create_engine(f"sqlite:///{made.maker.folder / 'ca/ca.sqlite'}")
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT replaces FROM acme_orders ORDER BY made_at"))
        return [row[0] for row in rows]


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_from_nothing_to_a_renewed_certificate(tmp_path: Path, profile: str) -> None:
    with world(tmp_path, profile) as made, made.serving() as ca:
        first = made.once(confirm_seconds="1")
        assert first.failure is not None
        assert first.failure.status == "not-answered"
        made.rig.start()
        confirmed = made.once(force=True)
        assert confirmed.failure is None
        assert confirmed.health is Health.FRESH
        assert confirmed.serial == first.serial == served(made)
        assert len(ca.events("issued")) == 1

        renewed = made.once(force=True)
        assert renewed.failure is None
        assert renewed.serial != first.serial
        wait_until(lambda: served(made) == renewed.serial)
        assert not renewed.alarm
        before, after = replaced(made)
        assert before is None
        assert after is not None

        # The CA is asked when, and what it says is in the report.
        made.once()
        asked = made.once()
        assert asked.window
        assert asked.serial == renewed.serial
        assert 0.4 < (asked.due - datetime.now(UTC)) / timedelta(hours=48) < 0.56


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as prepared:
        yield prepared


def issued_here(made: World) -> None:
    """nginx with a certificate that did not come by ACME, as rootlet ca issue makes it."""
    pair = made.rig.pair()
    made.rig.store().offer(pair)
    made.rig.place.symlink_to(Path(".versions", NAME, pair.version))
    made.rig.start()
    made.rig.store().forget()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One CA and one nginx for the tests that need no others."""
    with world(tmp_path_factory.mktemp("shared")) as prepared, prepared.serving():
        issued_here(prepared)
        yield prepared


@pytest.fixture
def live(shared: World) -> World:
    """The same, with nothing remembered of the test before."""
    for file in (shared.rig.folder / "state").glob("*"):
        file.unlink()
    return shared


def test_one_that_did_not_come_by_acme_is_replaced_all_the_same(live: World) -> None:
    before, orders = served(live), len(replaced(live))
    pair = live.rig.install()
    report = live.once(force=True)
    assert report.failure is None
    assert report.serial not in {before, pair.version}
    assert replaced(live)[orders:] == [None]  # "replaces" was said, refused, and left out


def later(keeper: Keeper, by: timedelta) -> Keeper:
    """The same keeper, by a clock that far ahead."""
    return replace(keeper, clock=lambda: datetime.now(UTC) + by, chance=lambda: 0.5)


def test_a_ca_that_is_away_for_most_of_a_life_is_survived(made: World) -> None:
    issued_here(made)
    before, keeper = served(made), made.keeper()
    assert later(keeper, 20 * HOUR).turn().failures == 0  # not due: only asked, in vain
    assert made.logged("not_told_when")

    report = later(keeper, 25 * HOUR).turn()
    assert (report.failures, report.health, report.alarm) == (1, Health.DUE, "")
    assert report.failure is not None
    assert report.failure.status == "ca-away"
    assert "Connection refused" in report.failure.message
    assert exit_code_of([report]) == 4

    now, tries = timedelta(hours=25), 1
    while now < 47 * HOUR:
        now += timedelta(minutes=10)
        report = later(keeper, now).turn()
        if report.failures > tries:
            tries = report.failures
        assert bool(report.alarm) == (now >= 36 * HOUR), now
    assert 20 < tries < 130
    assert report.health is Health.LATE
    assert exit_code_of([report]) == 6
    assert made.logged("alarm")[-1]["level"] == "error"

    with made.serving():
        report = later(keeper, 47.5 * HOUR).turn()
    assert (report.failures, report.failure, report.alarm) == (0, None, "")
    assert report.serial != before
    wait_until(lambda: served(made) == report.serial)


def test_a_clock_that_is_ahead_keeps_what_is_installed(live: World) -> None:
    before = served(live)
    report = later(live.keeper(), 100 * HOUR).turn()
    assert report.failure is not None
    assert report.failure.status == "clock"
    assert report.health is Health.EXPIRED
    assert served(live) == before


def test_a_clock_that_is_behind_is_noticed_when_the_ca_is_asked(live: World) -> None:
    report = later(live.keeper(), -6 * HOUR).turn()
    assert "behind the CA's" in report.alarm
    assert abs(report.clock_behind - 6 * HOUR) < timedelta(minutes=1)
    report = later(live.keeper(), -6 * HOUR).turn(force=True)
    assert report.failure is not None
    assert report.failure.status == "clock"


def test_a_ca_restored_from_before_the_account_was_made(made: World) -> None:
    record = made.maker.folder / "ca/ca.sqlite"
    backup = record.with_name("backup.sqlite")
    shutil.copy(record, backup)
    issued_here(made)
    keeper = made.keeper()
    with made.serving():
        assert keeper.turn(force=True).failure is None
    for end in ("-wal", "-shm"):
        record.with_name(record.name + end).unlink(missing_ok=True)
    backup.replace(record)
    with made.serving():
        assert keeper.turn(force=True).failure is None


def test_what_was_received_is_not_ordered_again(live: World) -> None:
    good, orders = live.rig.config.read_text(), len(replaced(live))
    live.rig.config.write_text(good.replace("server_name", "server_nam"))
    for _ in range(2):
        report = live.once(force=True)
        assert report.failure is not None
        assert report.failure.status == "server-config"
        assert report.under_way
    live.rig.config.write_text(good)
    report = live.once(force=True)
    assert (report.failure, report.under_way) == (None, False)
    assert len(replaced(live)) in {orders + 1, orders + 2}  # the second without "replaces"


def test_accounts_that_need_a_binding(tmp_path: Path) -> None:
    with world(tmp_path, more="external_account_required = true") as made, made.serving():
        issued_here(made)
        report = made.once(force=True)
        assert report.failure is not None
        assert "externalAccountRequired" in report.failure.message
        assert exit_code_of([report]) == 1

        file = made.rig.folder / "binding.json"
        folder = str(made.maker.folder)
        assert main(["ca", "acme", "key", "add", "web", "--out", str(file), "--maker", folder]) == 0
        made.top = ['binding = "binding.json"']
        assert made.once(force=True).failure is None
        file.unlink()  # needed for the first run only
        assert made.once(force=True).failure is None


def test_a_name_that_the_maker_does_not_allow_is_refused(live: World) -> None:
    report = live.once(force=True, names='["other.example.test"]')
    assert report.failure is not None
    assert "rejectedIdentifier" in report.failure.message


def test_a_web_root_answers_as_well(live: World) -> None:
    root, good = live.rig.folder / "webroot", live.rig.config.read_text()
    root.mkdir()
    plain = f"""http {{ server {{ listen 127.0.0.1:{live.challenge_port};
        location /.well-known/acme-challenge/ {{ root {root}; }} }}"""
    live.rig.config.write_text(good.replace("http {", plain, 1))
    try:
        live.rig.store().server.reload()
        wait_until(lambda: listening(live.challenge_port))
        report = live.once(force=True, listen="", webroot='"webroot"')
    finally:
        live.rig.config.write_text(good)
        live.rig.store().server.reload()
    assert report.failure is None, report.failure
    assert list((root / ".well-known/acme-challenge").iterdir()) == []
    wait_until(lambda: not listening(live.challenge_port))


def test_a_port_that_is_taken_is_said(live: World) -> None:
    with socket.create_server((LOOPBACK, live.challenge_port)):
        report = live.once(force=True)
    assert report.failure is not None
    assert report.failure.status == "challenge"
    assert "cannot answer the CA on" in report.failure.message


def forked(made: World) -> int:
    """A run of the agent in a process of its own; it ends with 0 when all went well."""
    if (child := os.fork()) == 0:
        try:
            os._exit(0 if made.once(force=True).failure is None else 1)
        finally:
            os._exit(2)
    return child


def test_killed_at_any_moment_nothing_is_lost(live: World) -> None:
    started = time.monotonic()
    live.once(force=True)
    usual = time.monotonic() - started
    for part in range(8):
        child = forked(live)
        time.sleep(usual * part / 7)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        # A whole pair is installed, and what is served is one that devices take.
        live.rig.installed()
        assert live.rig.serial() is not None
    report = live.once(force=True)
    assert (report.failure, report.under_way) == (None, False)
    wait_until(lambda: served(live) == report.serial)
    versions = versions_of(live.rig.place)
    assert len([path for path in versions.iterdir() if path.is_dir()]) == 2


def test_two_agents_at_once_take_turns(live: World) -> None:
    children = [forked(live) for _ in range(2)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    live.rig.installed()


def with_another_first(live: World, folder: Path) -> AgentConfig:
    """The configuration with another certificate before the usual one."""
    other = f"""
[[certificates]]
names = ["a.fleet.example.test"]
folder = "{folder}"
address = "{LOOPBACK}:1"
listen = "{LOOPBACK}:1"
"""
    both = parse_config(live.text() + other, live.rig.folder)
    return replace(both, certificates=both.certificates[::-1])


def test_a_folder_of_somebody_elses_is_left_alone(live: World, tmp_path: Path) -> None:
    before, orders = live.rig.installed().version, len(replaced(live))
    wrong, right = once(with_another_first(live, tmp_path), AgentLog(live.log).tell, force=True)
    assert wrong.failure is not None
    assert "not one of ours" in wrong.failure.message
    assert right.failure is None
    assert right.serial != before
    assert len(replaced(live)) == orders + 1
    assert list(tmp_path.iterdir()) == []


def test_one_that_cannot_be_looked_at_does_not_keep_the_others(live: World, tmp_path: Path) -> None:
    (tmp_path / "cert.pem").mkdir()
    before = live.rig.installed().version
    with pytest.raises(Environment, match="Is a directory"):
        once(with_another_first(live, tmp_path), AgentLog(live.log).tell, force=True)
    assert live.rig.installed().version != before
