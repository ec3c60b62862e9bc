"""Who is slow, or says nothing, is not waited for; and nonces after a crash of the database."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from rootlet.ca import RecordStore, http_patience
from rootlet.ca.acme import http_routes
from rootlet.ca.acme.nonce_store import BATCH, SharedNonces
from rootlet.ca.acme.tables_store import NONCES
from support.acme_client import server_in_process
from support.postgres import Cluster
from support.processes import LOOPBACK

SOON = 0.3
"""Seconds; in its place a server that waits for ever would be caught by WAIT."""
WAIT = 20.0


@contextlib.contextmanager
def serving() -> Iterator[int]:
    """uvicorn with the protocol under test; its port."""

    async def slow(_: Request) -> Response:
        await asyncio.sleep(2 * SOON)
        return PlainTextResponse("done")

    config = uvicorn.Config(
        Starlette(routes=[Route("/", slow)]),
        http=http_patience.PatientProtocol,
        log_config=None,
        timeout_keep_alive=60,
    )
    server = uvicorn.Server(config)
    listener = socket.create_server((LOOPBACK, 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


def ended(connection: socket.socket) -> bool:
    """Whether the other side ends it, and does not just say nothing."""
    connection.settimeout(WAIT)
    with contextlib.suppress(ConnectionError):
        return connection.recv(1) == b""
    return True


REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def test_heads_that_do_not_come_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_patience, "HEAD_SECONDS", SOON)
    with serving() as port:
        with socket.create_connection((LOOPBACK, port)) as silent:
            assert ended(silent)
        with socket.create_connection((LOOPBACK, port)) as half:
            half.sendall(REQUEST[:-2])
            assert ended(half)
        with socket.create_connection((LOOPBACK, port)) as second:
            second.sendall(REQUEST)
            second.settimeout(WAIT)
            answer = b""
            while b"done" not in answer:  # longer under way than a head may be
                more = second.recv(4096)
                assert more, answer
                answer += more
            second.sendall(REQUEST[:-2])
            assert ended(second)


def test_a_body_that_comes_drop_by_drop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(http_routes, "BODY_SECONDS", SOON)
    sent: list[Any] = []
    with server_in_process(tmp_path / "ca.sqlite") as server:

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0.01)
            return {"type": "http.request", "body": b"x", "more_body": True}

        async def send(message: Any) -> None:
            sent.append(message)

        kind = (b"content-type", b"application/jose+json")
        scope = {"type": "http", "method": "POST", "path": "/acme/new-order", "query_string": b""}
        scope |= {"headers": [kind], "client": ("192.0.2.9", 4), "root_path": "", "scheme": "https"}
        scope["server"] = ("ca.example.test", 443)
        asyncio.run(asyncio.wait_for(server.app(scope, receive, send), WAIT))
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


def test_nonces_after_the_database_forgot_them(postgres: Cluster) -> None:
    """PostgreSQL empties an unlogged table after a crash; the batch in hand goes with it."""
    with RecordStore(postgres.database(), create=True) as records:
        nonces = SharedNonces(records.database, lambda: 1e9)
        assert nonces.use(nonces.issue())
        with records.database.transaction() as connection:
            assert connection.execute(NONCES.delete()).rowcount == BATCH - 1
        assert not nonces.use(nonces.issue())
        assert nonces.use(nonces.issue())
