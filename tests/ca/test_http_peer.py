"""The certificate of a TLS client reaches the application, and only one that was checked."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from rootlet.ca import Authority
from rootlet.ca.est.http_est import CLIENT_CERTIFICATE
from rootlet.ca.http_peer import PeerProtocol
from rootlet.pki import chain_to_pem, key_to_pem
from support.makers import authority_of

NAME = "api.example.test"
REQUEST = f"GET / HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode()


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the certificate, or nothing; twice on a connection that stays open."""
    assert scope["type"] == "http"
    request = Request(scope, receive)
    await request.body()
    await Response(scope[CLIENT_CERTIFICATE] or b"")(scope, receive, send)


@dataclass
class Place:
    folder: Path
    authority: Authority
    other: Authority

    def pair(self, name: str, authority: Authority) -> tuple[Path, Path, bytes]:
        now = datetime.now(UTC)
        if "." in name:
            issued = authority.issue_server([name], now=now)
        else:
            issued = authority.issue_device(name, now=now)
        assert issued.key is not None
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate.write_bytes(chain_to_pem(issued.chain))
        key.write_bytes(key_to_pem(issued.key))
        return certificate, key, issued.certificate.public_bytes(Encoding.DER)

    @contextmanager
    def serving(self) -> Iterator[int]:
        certificate, key, _ = self.pair(NAME, self.authority)
        clients = self.folder / "clients.pem"
        clients.write_bytes(chain_to_pem((self.authority.issuing, self.authority.root)))
        config = uvicorn.Config(
            echo,
            host="127.0.0.1",
            port=0,
            http=PeerProtocol,
            lifespan="off",
            log_level="error",
            ssl_certfile=str(certificate),
            ssl_keyfile=str(key),
            ssl_ca_certs=str(clients),
            ssl_cert_reqs=ssl.CERT_OPTIONAL,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
            yield server.servers[0].sockets[0].getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()

    def ask(self, port: int, pair: tuple[Path, Path, bytes] | None) -> bytes:
        root = self.folder / "root.pem"
        root.write_bytes(chain_to_pem((self.authority.root,)))
        context = ssl.create_default_context(cafile=root)
        if pair is not None:
            context.load_cert_chain(pair[0], pair[1])

        async def exchange() -> bytes:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=context, server_hostname=NAME
            )
            writer.write(REQUEST)
            answer = await reader.read()
            writer.close()
            if not answer.startswith(b"HTTP/1.1 200 "):
                raise ConnectionError("no answer")
            return answer.partition(b"\r\n\r\n")[2]

        return asyncio.run(exchange())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    now = datetime.now(UTC)
    return Place(tmp_path, authority_of(now=now)[0], authority_of(now=now)[0])


def test_the_clients_certificate_is_told(place: Place) -> None:
    device = place.pair("sensor-1", place.authority)
    with place.serving() as port:
        assert place.ask(port, None) == b""
        assert place.ask(port, device) == device[2]
        assert place.ask(port, None) == b""


def test_a_certificate_of_someone_else_ends_the_handshake(place: Place) -> None:
    stranger = place.pair("sensor-1", place.other)
    with place.serving() as port:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            place.ask(port, stranger)
        assert place.ask(port, None) == b""
