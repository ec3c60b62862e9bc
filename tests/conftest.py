"""What tests of several parts share; one set of certificates and servers for each worker."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from threading import Thread

import pytest

from rootlet.cli import main
from rootlet.pki import sealing
from support.authority import Authority
from support.commands import Done, Run
from support.nginx import Echo
from support.postgres import Cluster, cluster
from support.processes import LOOPBACK
from support.tls_servers import Farm

ROUNDS = sealing.ROUNDS
FEW_ROUNDS = 1000


@pytest.fixture(scope="session", autouse=True)
def few_rounds() -> Iterator[None]:
    """Keys under a passphrase cost less to make and to open than they should: it is done often.
    Commands that are run as processes pay the whole price."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "ROUNDS", FEW_ROUNDS)
        yield


@pytest.fixture
def all_rounds(few_rounds: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a test that pays it."""
    monkeypatch.setattr(sealing, "ROUNDS", ROUNDS)


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.today()


@pytest.fixture(scope="session")
def farm(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with Farm(tmp_path_factory.mktemp("servers"), authority) as servers:
        yield servers


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    with cluster() as started:
        yield started


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: object) -> Done:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Done(code, *capsys.readouterr())

    return command


@pytest.fixture(scope="module")
def application() -> Iterator[str]:
    """An application that says who it was told is asking; its plain http URL."""
    with ThreadingHTTPServer((LOOPBACK, 0), Echo) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://{LOOPBACK}:{server.server_port}"
        server.shutdown()
        thread.join()
