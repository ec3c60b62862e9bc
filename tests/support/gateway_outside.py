"""Someone else's service: records what reaches it, and behaves as a test chooses."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

__all__ = ["OK", "Behaviour", "Outside", "Request"]


@dataclass(frozen=True)
class Request:
    """A request as it reached the service."""

    head: str
    headers: list[tuple[str, str]]
    body: bytes
    whole: bool
    """False where the connection broke off inside the body."""

    @property
    def line(self) -> str:
        """Method, target and version."""
        return self.head.split("\r\n")[0]

    def values(self, name: str) -> list[str]:
        """All values of a header."""
        return [value for known, value in self.headers if known.lower() == name.lower()]


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello"

Behaviour = Callable[[Request, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _hello(_: Request, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)


@dataclass
class Outside:
    """Someone else's service: records what it gets, answers as the test says."""

    behaviour: Behaviour = _hello
    reads_body: bool = True
    """False: the behaviour is asked as soon as the head is there."""
    connections: int = 0
    requests: list[Request] = field(default_factory=list)

    def answers(self, *raw: bytes) -> None:
        """Answer each request with the same bytes, one write per piece."""

        async def behave(
            _: Request, __: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            for piece in raw:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.01)

        self.behaviour = behave

    def closes_after(self, raw: bytes) -> None:
        """Answer with these bytes and close."""

        async def behave(
            _: Request, __: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            writer.write(raw)
            await writer.drain()
            writer.close()

        self.behaviour = behave

    def reset(self) -> None:
        """Forget everything."""
        self.behaviour, self.reads_body, self.connections = _hello, True, 0
        self.requests.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            while not writer.is_closing():
                got = await self._read(reader)
                self.requests.append(got)
                if not got.whole:
                    break
                await self.behaviour(got, reader, writer)
        writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Request:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        headers = [
            (name, value)
            for name, value in (line.split(": ", 1) for line in head.split("\r\n")[1:-2])
        ]
        given = {name.lower(): value for name, value in headers}
        body, whole = b"", True
        if self.reads_body:
            try:
                if given.get("transfer-encoding") == "chunked":
                    while size := int(await reader.readuntil(b"\r\n"), 16):
                        body += (await reader.readexactly(size + 2))[:-2]
                    assert await reader.readexactly(2) == b"\r\n"
                else:
                    body = await reader.readexactly(int(given.get("content-length", "0")))
            except asyncio.IncompleteReadError as error:
                body, whole = body + error.partial, False
        return Request(head, headers, body, whole)
