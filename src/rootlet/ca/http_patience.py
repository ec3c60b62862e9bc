"""Connections that say nothing: closed after a while, so that they do not fill the server.

uvicorn closes a connection that is idle after an answer. One that never sends a request, or sends
its head drop by drop, it keeps for ever.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["HEAD_SECONDS", "PatientProtocol"]

HEAD_SECONDS = 15.0
"""From a connection's beginning, or the first byte of a later request, to the end of its head."""


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose requests must get to the end of their head in time."""

    _overdue: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait for the end of the head that these bytes begin, if they do."""
        super().data_received(data)
        between = self.cycle is None or self.cycle.response_complete
        if between and self._overdue is None:
            self._wait()

    def on_headers_complete(self) -> None:
        """The head is there: from now on its handler decides how long things take."""
        self._stop()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing to wait for any more."""
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._overdue = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None
