"""The policy of the ports, compiled once."""

from __future__ import annotations

from types import ModuleType

import pytest

from support.measuring import build_policy


@pytest.fixture(scope="session")
def policy(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return build_policy(tmp_path_factory.mktemp("policy"))
