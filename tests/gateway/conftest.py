"""One gateway per test file, its service's behaviour set back before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.gateway_rig import Rig


@pytest.fixture(scope="module")
def shared_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("maker")) as rig:
        yield rig
        assert rig.faults == [], "something failed inside the gateway's loop"


@pytest.fixture
def rig(shared_rig: Rig) -> Rig:
    shared_rig.reset()
    return shared_rig
