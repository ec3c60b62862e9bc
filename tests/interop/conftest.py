from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.authority import Authority
from support.tls_servers import Farm


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.today()


@pytest.fixture(scope="session")
def farm(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with Farm(tmp_path_factory.mktemp("servers"), authority) as servers:
        yield servers
