from __future__ import annotations

import pytest

from support.authority import Authority
from support.conversation import device
from support.tls.points import Points, Start
from support.tls.rig import STATES, Rig
from support.tls.server import Credentials


@pytest.fixture(scope="session")
def credentials(authority: Authority) -> Credentials:
    """A server whose certificate the root itself issued: the shortest chain."""
    leaf = authority.server(issuer=authority.root)
    return Credentials((leaf.der,), leaf.key)


@pytest.fixture(scope="session")
def start(authority: Authority, credentials: Credentials) -> Start:
    """Starts a connection; arguments are TlsClient's."""
    return lambda **changes: Rig(device(authority, **changes), credentials)


@pytest.fixture(scope="session")
def points(start: Start) -> Points:
    """Connections of a device without a certificate."""
    return Points(start)


@pytest.fixture(params=sorted(STATES))
def state(request: pytest.FixtureRequest) -> str:
    """Each state in which a device listens."""
    name: str = request.param
    return name
