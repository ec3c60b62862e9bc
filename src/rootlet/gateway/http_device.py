"""The device leg: one connection of one device, its identity taken from its certificate once.

    IDLE      nothing under way; closed when the idle deadline is over
    HEAD      a request has begun; its head must be complete by the header deadline
    EXCHANGE  a request is with its upstream
    FLUSH     the last answer is out but not yet taken: closed when it is
    LINGER    refused while the device was still sending: what comes is thrown away for a moment
    CLOSED    closing

A device that sends its next request before it has its answer gets that one answer and is then
disconnected: requests are never queued, so no two can be confused.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import cast

from rootlet.errors import RootletError
from rootlet.gateway.http_deadline import Deadline, Wait
from rootlet.gateway.http_exchange import Exchange
from rootlet.gateway.http_upstream import Pool
from rootlet.gateway.log import AccessLog
from rootlet.gateway.messages import RequestHead
from rootlet.gateway.metrics import GatewayMetrics
from rootlet.gateway.model import Limits
from rootlet.gateway.policy import Allowed, Denied, Policy
from rootlet.gateway.rates import Rates
from rootlet.gateway.readers import RequestReader
from rootlet.gateway.refusals import Refusal, RefusedMessage, refusal_answer

__all__ = ["DeviceConnection", "Hub", "Identities"]

_REMEMBERED_IDENTITIES = 16384
_UNREAD_BYTES = 65536
"""Answer bytes held for a slow device before the upstream is not read any more."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Identities:
    """Device ids by certificate; each certificate is parsed once."""

    def __init__(self, identify: Callable[[bytes], str]) -> None:
        """``identify`` turns a DER certificate into an id, or raises a ``RootletError``."""
        self._identify = identify
        self._known: dict[bytes, str | None] = {}

    def of(self, certificate: bytes) -> str | None:
        """The id; None where the certificate is not one of a device."""
        key = hashlib.sha256(certificate).digest()
        if key not in self._known:
            if len(self._known) >= _REMEMBERED_IDENTITIES:
                self._known.clear()
            try:
                self._known[key] = self._identify(certificate)
            except RootletError:
                self._known[key] = None
        return self._known[key]


@dataclass
class Hub:
    """What all connections of one gateway share."""

    policy: Policy
    pools: Mapping[str, Pool]
    """By alias."""
    limits: Limits
    identities: Identities
    rates: Rates
    suite: str
    """The profile's suite: connections that came to another are closed."""
    log: AccessLog
    metrics: GatewayMetrics
    draining: bool = False
    """The gateway is stopping: connections close after the answer under way."""
    connections: set[DeviceConnection] = field(default_factory=set)


class _Phase(Enum):
    IDLE = auto()
    HEAD = auto()
    EXCHANGE = auto()
    FLUSH = auto()
    LINGER = auto()
    CLOSED = auto()


class DeviceConnection(asyncio.Protocol):
    """One device's connection, after the handshake."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._loop = asyncio.get_running_loop()
        self._deadline = Deadline(self._loop, self._expired)
        self._reader = RequestReader(self, hub.limits)
        self._transport: asyncio.Transport | None = None
        self._phase = _Phase.IDLE
        self._device: str | None = None
        self._exchange: Exchange | None = None
        self._request: RequestHead | None = None
        self._alias = ""
        self._began = 0.0
        self._full = False
        self._paused = False

    # The loop calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The handshake is done, and the certificate verified."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_UNREAD_BYTES)
        hub = self._hub
        if len(hub.connections) >= hub.limits.connections:
            hub.log.event("too_many_connections", limit=hub.limits.connections)
            self._close()
            return
        tls = cast(ssl.SSLObject, transport.get_extra_info("ssl_object"))
        suite = tls.cipher()
        # Where the context could not be held to one suite, the choice is checked afterwards.
        if suite is None or suite[0] != hub.suite:
            hub.log.event("suite_refused", suite=suite[0] if suite else None)
            self._close()
            return
        hub.connections.add(self)
        self._device = hub.identities.of(tls.getpeercert(binary_form=True) or b"")
        self._deadline.set(Wait.IDLE, hub.limits.idle_seconds)

    def data_received(self, data: bytes) -> None:
        """The device sent something."""
        if self._phase in (_Phase.FLUSH, _Phase.LINGER, _Phase.CLOSED):
            return
        try:
            self._reader.feed(data)
        except RefusedMessage as refused:
            self._broken(refused.refusal)
        if self._exchange is not None:
            self._exchange.flush()
        elif self._phase is _Phase.IDLE and self._reader.in_head:
            self._phase = _Phase.HEAD
            self._began = self._loop.time()
            self._deadline.set(Wait.HEADER, self._hub.limits.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """The device is gone; a request it did not finish is never finished for it."""
        self._phase = _Phase.CLOSED
        self._deadline.clear()
        self._hub.connections.discard(self)
        if self._exchange is not None:
            self._exchange.stop()
            self._log(self._exchange.status, self._exchange, error="device_gone")
            self._exchange = None

    def pause_writing(self) -> None:
        """The device does not read fast enough."""
        self._full = True
        if self._exchange is not None:
            self._exchange.device_full(True)

    def resume_writing(self) -> None:
        """The device has caught up."""
        self._full = False
        if self._exchange is not None:
            self._exchange.device_full(False)
        elif self._phase is _Phase.FLUSH:
            self._close()

    # The reader calls these.

    def request_head(self, head: RequestHead) -> None:
        """Decide, and start what is allowed."""
        if self._phase is _Phase.IDLE:
            self._began = self._loop.time()
        self._phase = _Phase.EXCHANGE
        self._request, self._alias = head, ""
        if self._device is None:
            self._refuse(Refusal.NO_DEVICE_IDENTITY, finished=False)
            return
        decision = self._hub.policy.decide(self._device, head)
        if isinstance(decision, Denied):
            self._alias = decision.alias
            self._refuse(decision.refusal, finished=not head.has_body, allow=decision.allow)
            return
        self._alias = decision.route.alias
        seconds = self._hub.rates.take(self._alias, self._device, self._loop.time())
        if seconds:
            refusal = Refusal.TOO_MANY_REQUESTS
            self._refuse(refusal, finished=not head.has_body, retry_after=seconds)
            return
        self._start(decision, head)

    def request_body(self, data: bytes) -> None:
        """Hand on a piece of the body."""
        if self._exchange is not None:
            self._exchange.request_body(data)

    def request_end(self) -> None:
        """Hand on that the request is complete."""
        if self._exchange is not None:
            self._exchange.request_end()

    # The exchange calls these.

    def answer(self, data: bytes) -> None:
        """Send a part of the answer."""
        assert self._transport is not None
        self._transport.write(data)

    def pause(self, full: bool) -> None:
        """Stop reading the device's body, or go on."""
        assert self._transport is not None
        if full == self._paused or self._transport.is_closing():
            return
        self._paused = full
        if full:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def wait(self, wait: Wait, seconds: float) -> None:
        """Set the deadline."""
        self._deadline.set(wait, seconds)

    def may_keep_alive(self) -> bool:
        """Whether the connection stays open after this answer, as far as is known here."""
        return not self._hub.draining and not self._reader.pipelined

    def exchange_done(self, *, keep_alive: bool) -> None:
        """The answer is out."""
        exchange, self._exchange = self._exchange, None
        assert exchange is not None
        self._log(exchange.status, exchange)
        self._after_answer(keep_alive=keep_alive, finished=exchange.request_ended)

    def exchange_refused(self, refusal: Refusal) -> None:
        """The gateway answers itself."""
        exchange, self._exchange = self._exchange, None
        assert exchange is not None
        self._refuse(refusal, finished=exchange.request_ended, exchange=exchange)

    def exchange_cut(self, refusal: Refusal) -> None:
        """The answer broke off."""
        exchange, self._exchange = self._exchange, None
        assert exchange is not None
        self._log(exchange.status, exchange, error=refusal.error)
        self.abort()

    # The gateway calls these.

    def drain(self) -> None:
        """Close now if nothing is under way, otherwise after the answer."""
        if self._phase is _Phase.IDLE:
            self._close()

    def abort(self) -> None:
        """Close at once; an answer under way is cut off."""
        self._phase = _Phase.CLOSED
        if self._transport is not None:
            self._transport.abort()

    def _start(self, allowed: Allowed, head: RequestHead) -> None:
        hub = self._hub
        self._exchange = Exchange(self, head, allowed, hub.pools[self._alias], hub.limits)
        if head.expects_continue and head.has_body:
            self.answer(_CONTINUE)
        self._exchange.start(device_full=self._full)

    def _broken(self, refusal: Refusal) -> None:
        """What the device sent breaks a rule: nothing after it can be read."""
        if self._phase in (_Phase.IDLE, _Phase.HEAD):
            self._request, self._alias = None, ""
            self._refuse(refusal, finished=False)
        elif self._exchange is not None and self._reader.pipelined:
            self.pause(True)
        elif self._exchange is not None:
            self._exchange.fail(refusal)

    def _refuse(
        self,
        refusal: Refusal,
        *,
        finished: bool,
        allow: tuple[str, ...] = (),
        retry_after: int = 0,
        exchange: Exchange | None = None,
    ) -> None:
        """Answer ourselves; ``finished``: the device has nothing more of this request to send."""
        request = self._request
        keep_alive = (
            finished and request is not None and not request.close and self.may_keep_alive()
        )
        head_request = request is not None and request.method == b"HEAD"
        self.answer(
            refusal_answer(
                refusal,
                keep_alive=keep_alive,
                head_request=head_request,
                allow=allow,
                retry_after=retry_after,
            )
        )
        self._log(refusal.status, exchange, error=refusal.error)
        self._after_answer(keep_alive=keep_alive, finished=finished)

    def _after_answer(self, *, keep_alive: bool, finished: bool) -> None:
        if keep_alive and self.may_keep_alive():
            self._phase = _Phase.IDLE
            self._reader.release()
            self.pause(False)
            self._deadline.set(Wait.IDLE, self._hub.limits.idle_seconds)
        elif not finished or self._reader.pipelined:
            self._linger()
        elif self._full:
            self._phase = _Phase.FLUSH
            self._deadline.set(Wait.BODY, self._hub.limits.body_seconds)
        else:
            self._close()

    def _linger(self) -> None:
        """Close, but not before the device could read the answer: unread bytes would reset it."""
        self._phase = _Phase.LINGER
        self.pause(False)
        self._deadline.set(Wait.LINGER, self._hub.limits.linger_seconds)

    def _close(self) -> None:
        self._phase = _Phase.CLOSED
        if self._transport is not None:
            self._transport.close()

    def _expired(self, wait: Wait) -> None:
        if self._exchange is not None:
            self._exchange.expired(wait)
        elif wait is Wait.HEADER:
            self._request, self._alias = None, ""
            self._refuse(Refusal.HEADER_TIMEOUT, finished=False)
        else:
            self._close()

    def _log(self, status: int, exchange: Exchange | None, *, error: str | None = None) -> None:
        hub, milliseconds = self._hub, round((self._loop.time() - self._began) * 1000, 1)
        received, sent = (exchange.received, exchange.sent) if exchange else (0, 0)
        hub.log.request(
            device=self._device or "",
            route=self._alias,
            method=self._request.method.decode("ascii") if self._request else "",
            status=status,
            received=received,
            sent=sent,
            milliseconds=milliseconds,
            error=error,
        )
        hub.metrics.request(
            route=self._alias,
            status=status,
            received=received,
            sent=sent,
            milliseconds=milliseconds,
            error=error,
        )
