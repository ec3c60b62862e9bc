"""Servers that several tests ask; each profile's is started once for a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.acme_rig import Rig, rig


@pytest.fixture(scope="module")
def p256(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    yield from rig(tmp_path_factory.mktemp("p256"), "p256")


@pytest.fixture(scope="module")
def c25519(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    yield from rig(tmp_path_factory.mktemp("c25519"), "c25519")
