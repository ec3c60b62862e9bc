"""One request of one device and its answer: joins the two legs, streaming both ways.

Neither side gets ahead of the other: a leg that takes no more stops the reading on the other one.
A request is repeated once, on a new connection, if the old one was a reused one, gave not a byte
of an answer, no byte of a body had been sent, and sending it twice is the same as sending it once.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from rootlet.gateway.http_deadline import Wait
from rootlet.gateway.http_upstream import Pool, UpstreamConnection
from rootlet.gateway.messages import (
    LAST_CHUNK,
    RequestHead,
    ResponseHead,
    answer_head,
    chunk,
    short_head,
)
from rootlet.gateway.model import Limits
from rootlet.gateway.policy import Allowed
from rootlet.gateway.refusals import Refusal, RefusedMessage
from rootlet.gateway.trimming import short_answer, trim

__all__ = ["DeviceSide", "Exchange"]

SUCCESSES = range(200, 300)
"""Answers that are what was asked for; others are errors, or lead elsewhere."""


class DeviceSide(Protocol):
    """What an exchange asks of the device's connection."""

    def answer(self, data: bytes) -> None:
        """Send a part of the answer."""

    def pause(self, full: bool) -> None:
        """Stop reading the device's body, or go on."""

    def wait(self, wait: Wait, seconds: float) -> None:
        """Set the connection's deadline."""

    def may_keep_alive(self) -> bool:
        """Whether the connection stays open after this answer, as far as the gateway knows."""

    def exchange_done(self, *, keep_alive: bool) -> None:
        """The answer is out."""

    def exchange_refused(self, refusal: Refusal) -> None:
        """There is no answer; the device gets the gateway's own."""

    def exchange_cut(self, refusal: Refusal) -> None:
        """The answer broke off: the device must not take it for complete."""


class Exchange:
    """One request under way."""

    def __init__(
        self,
        device: DeviceSide,
        request: RequestHead,
        allowed: Allowed,
        pool: Pool,
        limits: Limits,
    ) -> None:
        self._device = device
        self._request = request
        self._allowed = allowed
        self._pool = pool
        self._limits = limits
        self._connection: UpstreamConnection | None = None
        self._opening: asyncio.Task[None] | None = None
        self._reused = False
        self._head = b""
        """As it leaves, signed where the route signs."""
        self._held: list[bytes] | None = None
        """The device's body, where its digest has to be signed before it leaves."""
        self._to_upstream: list[bytes] = []
        self._to_device: list[bytes] = []
        self._body_sent = False
        self._upstream_full = False
        self._device_full = False
        self._answer: ResponseHead | None = None
        self._keep_alive = False
        self._kept: list[bytes] | None = None
        """The upstream's body, where the device gets something shorter made of it."""
        self._kept_bytes = 0
        self.status = 0
        """Status of the answer, 0 before there is one."""
        self.request_ended = False
        """The device has sent the whole request."""
        self.received = 0
        """Body bytes from the device."""
        self.sent = 0
        """Body bytes from the upstream."""

    def start(self, *, device_full: bool) -> None:
        """Find a connection; the request leaves with the next ``flush``."""
        self._device_full = device_full
        if self._allowed.signer is not None and self._request.has_body:
            self._held = []
            self._device.wait(Wait.BODY, self._limits.body_seconds)
            return
        self._begin(None)

    def _begin(self, body: bytes | None) -> None:
        """The head is complete; ``body`` is what was held for its signature."""
        self._head = self._allowed.signed_head(body, int(time.time()))
        self._to_upstream = [self._head]
        if body is not None:
            self._body_sent = True
            self._to_upstream.append(chunk(body) if self._request.chunked and body else body)
        fresh = self._request.has_body or not self._allowed.repeatable
        connection = self._pool.take(fresh=fresh)
        if connection is not None:
            self._attach(connection, reused=True)
        else:
            self._open()

    def stop(self) -> None:
        """The device is gone, or broke off its body: so must the upstream's request."""
        if self._opening is not None:
            self._opening.cancel()
        if self._connection is not None:
            self._connection.drop()
            self._connection = None

    def expired(self, wait: Wait) -> None:
        """The deadline is over."""
        self.fail(Refusal.UPSTREAM_TIMEOUT if wait is Wait.UPSTREAM else Refusal.BODY_TIMEOUT)

    def fail(self, refusal: Refusal) -> None:
        """Give up, with the gateway's own answer if nothing else was sent yet."""
        self.stop()
        if self._answer is None or self._kept is not None:  # nothing has been sent yet
            self._device.exchange_refused(refusal)
        else:
            self._device.exchange_cut(refusal)

    def request_body(self, data: bytes) -> None:
        """A piece of the device's body."""
        self.received += len(data)
        if self.received > self._allowed.route.max_body_bytes:
            self.fail(Refusal.BODY_TOO_LARGE)
            return
        if self._held is not None:
            self._held.append(data)
            self._device.wait(Wait.BODY, self._limits.body_seconds)
            return
        self._to_upstream.append(chunk(data) if self._request.chunked else data)
        self._body_sent = self._body_sent or self._connection is not None
        if self._connection is None:
            self._device.pause(True)

    def request_end(self) -> None:
        """The device's request is complete."""
        self.request_ended = True
        if self._held is not None:
            body, self._held = b"".join(self._held), None
            self._begin(body)
        if self._request.chunked:
            self._to_upstream.append(LAST_CHUNK)

    def device_full(self, full: bool) -> None:
        """Whether the device takes no more of its answer for now."""
        self._device_full = full
        if self._connection is not None:
            self._connection.pause(full)
        self._set_deadline()

    def response_head(self, head: ResponseHead) -> None:
        """The upstream answers."""
        self._answer = head
        self.status = head.status
        self._keep_alive = (
            self.request_ended
            and not self._request.close
            and not head.until_close
            and self._device.may_keep_alive()
        )
        if self._allowed.route.answer is not None and not head.bodiless:
            self._kept = []
            return
        self._to_device.append(answer_head(head, keep_alive=self._keep_alive))

    def response_body(self, data: bytes) -> None:
        """A piece of the upstream's answer."""
        assert self._answer is not None
        if self._kept is not None:
            self._keep(data)
            return
        self.sent += len(data)
        self._to_device.append(chunk(data) if self._answer.chunked else data)

    def response_end(self) -> None:
        """The upstream's answer is complete."""
        self._connection = None
        assert self._answer is not None
        if self._kept is not None:
            self._answer_shorter(self._answer, self._kept)
            return
        if self._answer.chunked and not self._answer.bodiless:
            self._to_device.append(LAST_CHUNK)
        self._send()
        self._device.exchange_done(keep_alive=self._keep_alive)

    def _keep(self, data: bytes) -> None:
        rule, kept = self._allowed.route.answer, self._kept
        assert rule is not None
        assert kept is not None
        if self._connection is None:
            return  # it was given up, and this had arrived with what was too much
        kept.append(data)
        self._kept_bytes += len(data)
        if self._kept_bytes > rule.max_upstream_bytes:
            self.fail(Refusal.ANSWER_TOO_LARGE)

    def _answer_shorter(self, head: ResponseHead, kept: list[bytes]) -> None:
        """The selected fields in the place of the upstream's body."""
        rule = self._allowed.route.answer
        assert rule is not None
        try:
            good = head.status in SUCCESSES
            body = trim(rule, b"".join(kept)) if good else short_answer(head.status)
        except RefusedMessage as refused:
            self.fail(refused.refusal)
            return
        self._kept = None
        self._keep_alive = (
            self.request_ended and not self._request.close and self._device.may_keep_alive()
        )
        self.sent = len(body)
        self._to_device.append(short_head(head, len(body), keep_alive=self._keep_alive) + body)
        self._send()
        self._device.exchange_done(keep_alive=self._keep_alive)

    def upstream_failed(self, refusal: Refusal, *, untouched: bool) -> None:
        """The connection is gone."""
        self._connection = None
        repeat = untouched and self._reused and not self._body_sent and self._allowed.repeatable
        if not repeat:
            self._send()
            self.fail(refusal)
            return
        ending = [LAST_CHUNK] if self._request.chunked and self.request_ended else []
        self._to_upstream = [self._head, *ending]
        self._open()

    def upstream_full(self, full: bool) -> None:
        """Whether the upstream takes no more body for now."""
        self._upstream_full = full
        self._device.pause(full)
        self._set_deadline()

    def flush(self) -> None:
        """Send what one read brought, and wait for more; what brought nothing prolongs nothing."""
        if self._to_upstream or self._to_device:
            self._send()
            self._set_deadline()

    def _send(self) -> None:
        if self._to_upstream and self._connection is not None:
            data = b"".join(self._to_upstream)
            self._to_upstream.clear()
            self._connection.send(data, last=self.request_ended)
        if self._to_device:
            data = b"".join(self._to_device)
            self._to_device.clear()
            self._device.answer(data)

    def _open(self) -> None:
        self._reused = False
        self._opening = asyncio.get_running_loop().create_task(self._open_connection())

    async def _open_connection(self) -> None:
        try:
            connection = await self._pool.open()
        except RefusedMessage as refused:
            self._opening = None
            self.fail(refused.refusal)
            return
        self._opening = None
        self._attach(connection, reused=False)
        self._body_sent = self.received > 0
        self._send()
        self._device.pause(self._upstream_full)
        if not self.request_ended:
            self._set_deadline()

    def _attach(self, connection: UpstreamConnection, *, reused: bool) -> None:
        self._connection = connection
        self._reused = reused
        connection.begin(self, head_request=self._request.method == b"HEAD")
        if self._device_full:
            connection.pause(True)

    def _set_deadline(self) -> None:
        device_owes = not self.request_ended and not self._upstream_full and self._opening is None
        if self._device_full or device_owes:
            self._device.wait(Wait.BODY, self._limits.body_seconds)
        else:
            self._device.wait(Wait.UPSTREAM, self._allowed.route.timeout_seconds)
