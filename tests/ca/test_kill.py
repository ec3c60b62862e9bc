"""kill -9 while the CA issues: nothing that left is forgotten, and it goes on by itself.

A short version of ``make soak-kill``.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rootlet.ca import init_ca
from support.kill_ca import kill_often, require_whole
from support.makers import PASSPHRASE, deliver_device, shared_maker
from support.postgres import Cluster, cluster

TIMES = 10


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> Iterator[Cluster | None]:
    if request.param == "sqlite":
        yield None
        return
    with cluster(durable=True) as own:  # one that syncs as a server in use does
        yield own


def test_what_left_is_recorded_however_often_the_ca_is_killed(
    tmp_path: Path, server: Cluster | None
) -> None:
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
