"""kill -9 while the CA issues: nothing that left is forgotten, and it goes on by itself.

A short version of ``make soak-kill``.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rootlet.ca import init_ca, open_records
from rootlet.errors import Environment
from support.kill_ca import kill_often, require_whole
from support.makers import PASSPHRASE, deliver_device, shared_maker
from support.postgres import Cluster, cluster

TIMES = 10


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
