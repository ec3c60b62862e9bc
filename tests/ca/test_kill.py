"""kill -9 and full disks while the CA issues: nothing that left is forgotten, and it goes on.

A short version of ``make soak-kill``.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rootlet.ca import DeviceRequest, init_ca, open_authority, open_records
from rootlet.errors import Environment, RootletError
from rootlet.maker import Maker
from support.kill_ca import Outcome, kill_often, require_whole
from support.limits import filled, small_disk
from support.makers import PASSPHRASE, deliver_device, shared_maker
from support.postgres import Cluster, cluster

TIMES = 10
ROOM = 300 << 10
"""Bytes: some batches fit, and what does not fit is not the first thing that is written."""


@pytest.fixture(scope="module")
def durable() -> Iterator[Cluster]:
    """One that syncs as a server in use does, and that may be stopped."""
    with cluster(durable=True) as own:
        yield own


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_left_is_recorded_however_often_the_ca_is_killed(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("durable") if kind == "postgresql" else None
    maker = shared_maker(tmp_path / "mine", server.database() if server else "")
    init_ca(maker, PASSPHRASE, now=datetime.now(UTC))
    outcome = kill_often(maker, TIMES, chance=random.Random())
    assert outcome.kills == TIMES
    assert len(outcome.serials) >= TIMES
    if server:
        server.stop()
        server.start(durable=True)
    recorded = require_whole(maker, outcome)
    deliver_device(maker, "sensor-after")
    assert require_whole(maker, outcome) == recorded + 1


def test_a_server_that_was_started_anew_is_used_again(tmp_path: Path, durable: Cluster) -> None:
    maker = shared_maker(tmp_path / "mine", durable.database())
    init_ca(maker, PASSPHRASE, now=datetime.now(UTC))
    with open_records(maker) as records:
        durable.stop()
        try:
            with pytest.raises(Environment, match="cannot connect") as error:
                records.all()
            assert "server runs" in error.value.hint
        finally:
            durable.start(durable=True)
        assert len(records.all()) == 3


def issue_until_refused(maker: Maker, disk: Path, outcome: Outcome) -> RootletError:
    """Fill the disk and issue batches until the CA refuses to; what left is in ``outcome``."""
    with open_authority(maker, verify=None) as authority, filled(disk, room=ROOM):
        for number in range(10_000):
            wanted = [DeviceRequest(f"full-{number}-{each}") for each in range(20)]
            try:
                issued = authority.issue_devices(wanted, now=datetime.now(UTC))
            except RootletError as error:
                return error
            outcome.serials += [each.record.serial for each in issued]
    raise AssertionError("the disk is not full")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_full_disk_is_refused_cleanly_and_nothing_is_lost(tmp_path: Path, kind: str) -> None:
    with contextlib.ExitStack() as stack:
        disk = tmp_path / "mine"
        disk.mkdir()
        if kind == "postgresql":
            server = stack.enter_context(cluster(disk=128))
            maker, disk = shared_maker(disk, server.database()), server.folder
        else:
            stack.enter_context(small_disk(disk, 2))
            maker = shared_maker(disk, "")
        init_ca(maker, PASSPHRASE, now=datetime.now(UTC))
        outcome = Outcome()
        error = issue_until_refused(maker, disk, outcome)
        assert isinstance(error, Environment)
        assert "make room" in error.hint, (error.message, error.hint)
        assert outcome.serials
        recorded = require_whole(maker, outcome)
        assert recorded == 3 + len(outcome.serials)
        deliver_device(maker, "sensor-after")
        assert require_whole(maker, outcome) == recorded + 1
