"""Asks an ASGI application something without sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp

__all__ = ["Answer", "ask"]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(
    app: ASGIApp,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    client: str = "127.0.0.1",
    host: str = "localhost:8443",
    scheme: str = "https",
) -> Answer:
    """One request from ``client``, in one piece, and its whole answer."""
    given = {"host": host, **{name.lower(): value for name, value in (headers or {}).items()}}
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": scheme,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in given.items()],
        "client": (client, 40000),
        "server": ("127.0.0.1", 8443),
    }
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def run() -> None:
        await app(scope, receive, send)

    asyncio.run(run())
    start = next(m for m in sent if m["type"] == "http.response.start")
    content = b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
    names: dict[str, str] = {}
    for n, v in start["headers"]:  # what stands there twice is joined (RFC 9110 section 5.3)
        name, value = n.decode("latin-1"), v.decode("latin-1")
        names[name] = f"{names[name]}, {value}" if name in names else value
    return Answer(start["status"], names, content)
