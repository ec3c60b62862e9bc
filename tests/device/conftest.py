from __future__ import annotations

import pytest

from support.authority import Authority


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.today()
