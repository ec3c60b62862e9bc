"""Where a record may be kept: what is tested with ``place`` is tested on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.postgres import Cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    if request.param == "sqlite":
        return tmp_path / "ca.sqlite"
    postgres = request.getfixturevalue("postgres")
    assert isinstance(postgres, Cluster)
    return postgres.database()
