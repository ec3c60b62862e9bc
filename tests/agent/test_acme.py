"""The agent against our own ACME server and a real nginx."""

from __future__ import annotations

from pathlib import Path

import pytest

from rootlet.agent.schedule import Health
from rootlet.profile import PROFILE_NAMES
from support.agent_acme import World, world
from support.agent_rig import wait_until


def served(all_of_it: World) -> str:
    serial = all_of_it.rig.serial()
    return "" if serial is None else f"{serial:x}"


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
        assert len(ca.events("issued")) == 2
        assert not renewed.alarm
