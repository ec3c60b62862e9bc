"""The status page and the metrics over HTTP, for this machine or for whoever has the password."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import ipaddress
import time
from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from rootlet.ca.database_store import Database
from rootlet.ca.status.metrics import Metrics
from rootlet.ca.status.overview import Overview
from rootlet.ca.status.overview_store import read_overview
from rootlet.ca.status.page import STYLE, page

__all__ = ["StatusPage"]

KEPT_SECONDS = 2.0
"""How long what was read is shown again: counting millions of devices takes a moment, and the page
must not be a way to keep the database busy."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""Said by a proxy: then the client at the other end of the connection is not who asks."""

FROM_HERE_ONLY = (
    "This page is for this machine only: look at it there, or start the service with "
    "--status-password-file FILE.\n"
)

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"

USER = "status"
"""Name that goes with the password."""


class StatusPage:
    """Serves ``/status`` and ``/metrics``; reads only."""

    def __init__(
        self,
        database: Database,
        maker: str,
        metrics: Metrics,
        *,
        password: bytes | None,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._maker = maker
        self._metrics = metrics
        self._password = password
        self._now = now
        self._read: tuple[float, Overview] | None = None

    def routes(self) -> list[Route]:
        """For the service's Starlette application."""
        return [
            Route("/status", self._page),
            Route("/status/style.css", self._style),
            Route("/metrics", self._numbers),
        ]

    async def _page(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        overview = await asyncio.to_thread(self._overview)
        text = page(overview, self._maker, self._now())
        return Response(text, media_type="text/html; charset=utf-8", headers=HEADERS)

    async def _style(self, request: Request) -> Response:
        return Response(STYLE, media_type="text/css; charset=utf-8", headers=HEADERS)

    async def _numbers(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        overview = await asyncio.to_thread(self._overview)
        text = self._metrics.text(overview, self._now())
        return Response(text, headers=HEADERS | {"Content-Type": PROMETHEUS})

    def _overview(self) -> Overview:
        read = self._read
        if read is None or time.monotonic() - read[0] > KEPT_SECONDS:
            read = self._read = (time.monotonic(), read_overview(self._database))
        return read[1]

    def _refusal(self, request: Request) -> Response | None:
        if self._password is not None and _has_password(request, self._password):
            return None
        if _from_this_machine(request):
            return None
        if self._password is None:
            return PlainTextResponse(FROM_HERE_ONLY, 403, HEADERS)
        challenge = {"WWW-Authenticate": 'Basic realm="status", charset="UTF-8"'}
        return PlainTextResponse("The password is needed.\n", 401, HEADERS | challenge)


def _from_this_machine(request: Request) -> bool:
    """Asked from a loopback address, not through a proxy, and by a loopback name: a page of someone
    else's cannot make a browser here ask in its stead, whatever its own name resolves to."""
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    return _loopback(request.client.host) and _loopback(request.url.hostname or "")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _has_password(request: Request, password: bytes) -> bool:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(given, USER.encode() + b":" + password)
