"""The upstream leg: resolve, check, connect, reuse.

A connection is reused only if the answer before was complete and framed, the request before was
sent whole, nothing came after it, and it has not been idle for long. Names are looked up here and
the connection goes to an address that was checked, while the certificate is checked against the
name. Proxy settings in the environment are not looked at; nothing here follows a redirect.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Protocol, cast

from rootlet.gateway.addresses import is_public
from rootlet.gateway.http_deadline import Deadline, Wait
from rootlet.gateway.model import Limits, Route
from rootlet.gateway.readers import ResponseReader, ResponseSink
from rootlet.gateway.refusals import Refusal, RefusedMessage

__all__ = ["Answering", "Pool", "Resolver", "UpstreamConnection", "resolve"]

Resolver = Callable[[str, int], Awaitable[list[str]]]
"""Host and port to addresses in numbers, best first."""


async def resolve(host: str, port: int) -> list[str]:
    """Look a name up with the system's resolver."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Answering(ResponseSink, Protocol):
    """Who waits for an upstream's answer."""

    def response_end(self) -> None:
        """The answer is complete; the connection is no longer ours."""

    def upstream_failed(self, refusal: Refusal, *, untouched: bool) -> None:
        """The connection is gone; ``untouched``: not a byte of an answer had come."""

    def upstream_full(self, full: bool) -> None:
        """Whether the upstream takes no more body for now."""

    def flush(self) -> None:
        """All that had arrived has been read."""


class UpstreamConnection(asyncio.Protocol):
    """One connection to an upstream, carrying one request at a time."""

    def __init__(self, pool: Pool, limits: Limits) -> None:
        self._pool = pool
        self._limits = limits
        self._deadline = Deadline(asyncio.get_running_loop(), self._expired)
        self._transport: asyncio.Transport | None = None
        self._answering: Answering | None = None
        self._reader: ResponseReader | None = None
        self._untouched = True
        self._request_sent = False
        self._paused = False
        self.idle_since = 0.0
        """When it was put back, loop time."""

    def begin(self, answering: Answering, *, head_request: bool) -> None:
        """Take this connection for one request."""
        self._deadline.pause()
        self._answering = answering
        self._reader = ResponseReader(answering, self._limits, head_request=head_request)
        self._untouched = True
        self._request_sent = False

    def send(self, data: bytes, *, last: bool) -> None:
        """Send a part of the request; ``last``: nothing more follows."""
        self._request_sent = last
        assert self._transport is not None
        self._transport.write(data)

    def pause(self, full: bool) -> None:
        """Stop reading while the device takes no more of its answer."""
        assert self._transport is not None
        if full == self._paused or self._transport.is_closing():
            return
        self._paused = full
        if full:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def drop(self) -> None:
        """Cut the connection; whoever waited is not told. An unfinished body never gets its end."""
        self._answering = None
        if self._transport is not None:
            self._transport.abort()

    def keep(self, seconds: float) -> None:
        """Close by itself after being idle for so long."""
        self.idle_since = asyncio.get_running_loop().time()
        self._deadline.set(Wait.IDLE, seconds)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        answering, reader = self._answering, self._reader
        if answering is None or reader is None:
            # Bytes that nobody asked for: the next request must not take them for its answer.
            self.close()
            return
        self._untouched = False
        clean = True
        try:
            reader.feed(data)
        except RefusedMessage as refused:
            clean = False
            if not reader.ended:
                self.drop()
                answering.upstream_failed(refused.refusal, untouched=False)
                return
        if self._answering is None:
            return  # given up because of what had just arrived
        if reader.ended:
            self._finish(reusable=clean and reader.keep_alive and self._request_sent)
        else:
            answering.flush()

    def eof_received(self) -> None:
        """Called by the loop, which then closes."""
        self._pool.forget(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        self._deadline.clear()
        self._pool.forget(self)
        answering, reader = self._answering, self._reader
        if answering is None or reader is None:
            return
        try:
            if exc is not None:
                raise RefusedMessage(Refusal.UPSTREAM_LOST)
            reader.eof()
        except RefusedMessage as refused:
            self._answering = None
            answering.upstream_failed(refused.refusal, untouched=self._untouched)
        else:
            self._finish(reusable=False)

    def pause_writing(self) -> None:
        """Called by the loop."""
        if self._answering is not None:
            self._answering.upstream_full(True)

    def resume_writing(self) -> None:
        """Called by the loop."""
        if self._answering is not None:
            self._answering.upstream_full(False)

    def close(self) -> None:
        """Close in the orderly way."""
        self._pool.forget(self)
        if self._transport is not None:
            self._transport.close()

    def _finish(self, *, reusable: bool) -> None:
        answering, self._answering, self._reader = self._answering, None, None
        if reusable:
            self.pause(False)
            self._pool.put(self)
        else:
            self.close()
        if answering is not None:
            answering.response_end()

    def _expired(self, wait: Wait) -> None:
        assert wait is Wait.IDLE
        self.close()


class Pool:
    """The connections to one route's upstream; never shared between routes."""

    def __init__(
        self,
        route: Route,
        limits: Limits,
        *,
        tls: ssl.SSLContext | None,
        roots: bytes = b"",
        resolver: Resolver = resolve,
    ) -> None:
        self.route = route
        self._limits = limits
        self.tls = tls
        self.roots = roots
        """The file that ``tls`` was made with."""
        self._resolve = resolver
        self._idle: list[UpstreamConnection] = []
        self.opened = 0
        """Connections opened so far."""
        self._retired = False

    def take(self, *, fresh: bool) -> UpstreamConnection | None:
        """An idle connection; ``fresh``: only one that was in use a moment ago."""
        if not self._idle:
            return None
        idle = asyncio.get_running_loop().time() - self._idle[-1].idle_since
        if fresh and idle > self._limits.fresh_seconds:
            return None
        return self._idle.pop()

    def put(self, connection: UpstreamConnection) -> None:
        """Give a healthy connection back."""
        if self._retired or len(self._idle) >= self._limits.pooled:
            connection.close()
            return
        self._idle.append(connection)
        connection.keep(self._limits.pooled_seconds)

    def forget(self, connection: UpstreamConnection) -> None:
        """It is closing."""
        if connection in self._idle:
            self._idle.remove(connection)

    def retire(self) -> None:
        """Requests under way end as they began; no connection is kept after them."""
        self._retired = True
        self.close()

    def close(self) -> None:
        """Close all idle connections."""
        for connection in tuple(self._idle):
            connection.close()

    async def open(self) -> UpstreamConnection:
        """A new connection, to an address that was checked; ``RefusedMessage`` says why not."""
        addresses = await self._addresses()
        refusal = Refusal.UPSTREAM_UNREACHABLE
        for address in addresses:
            try:
                async with asyncio.timeout(self.route.timeout_seconds / len(addresses)):
                    return await self._connect(address)
            except ssl.SSLCertVerificationError:
                refusal = Refusal.UPSTREAM_NOT_TRUSTED
            except ssl.SSLError:
                refusal = Refusal.UPSTREAM_TLS_FAILED
            except TimeoutError:
                refusal = Refusal.UPSTREAM_TIMEOUT
            except OSError:
                refusal = Refusal.UPSTREAM_UNREACHABLE
        raise RefusedMessage(refusal)

    async def _addresses(self) -> list[str]:
        upstream = self.route.upstream
        try:
            found = await self._resolve(upstream.host, upstream.port)
        except (OSError, UnicodeError):
            raise RefusedMessage(Refusal.UPSTREAM_UNRESOLVED) from None
        if self.route.allow_private:
            return found
        checked = [address for address in found if is_public(address)]
        if not checked:
            raise RefusedMessage(Refusal.UPSTREAM_ADDRESS_REFUSED)
        return checked

    async def _connect(self, address: str) -> UpstreamConnection:
        loop = asyncio.get_running_loop()
        upstream = self.route.upstream
        connection = UpstreamConnection(self, self._limits)
        try:
            await loop.create_connection(
                lambda: connection,
                address,
                upstream.port,
                ssl=self.tls,
                server_hostname=upstream.host if self.tls else None,
            )
        except BaseException:
            # Cancelled in the moment of success, nobody else would know of the connection.
            connection.drop()
            raise
        self.opened += 1
        return connection
