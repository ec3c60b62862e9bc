"""The access log: one JSON object per line. No bodies, no paths or queries, no header values."""

from __future__ import annotations

import json
import logging
from typing import TextIO

import structlog

__all__ = ["AccessLog"]

_encode = json.JSONEncoder(separators=(",", ":")).encode


class AccessLog:
    """Writes what happened to a stream handed in; ``reopen`` moves it to another one.

    A full disk or a reader gone away does not stop the gateway: lines that could not be written are
    counted, and the next line that can be says how many.
    """

    def __init__(self, stream: TextIO) -> None:
        self._lost = 0
        self.reopen(stream)

    def reopen(self, stream: TextIO) -> None:
        """Write to ``stream`` from now on."""
        self._log = structlog.wrap_logger(
            structlog.WriteLogger(stream),
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
                structlog.processors.JSONRenderer(lambda fields, **_: _encode(fields)),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
            cache_logger_on_first_use=True,
        )

    def request(
        self,
        *,
        device: str,
        route: str,
        method: str,
        status: int,
        received: int,
        sent: int,
        milliseconds: float,
        error: str | None,
    ) -> None:
        """One request: ``status`` as the device saw it, 0 for none; bytes of both bodies."""
        fields: dict[str, object] = {
            "device": device,
            "route": route,
            "method": method,
            "status": status,
            "received": received,
            "sent": sent,
            "ms": milliseconds,
        }
        if error is not None:
            fields["error"] = error
        self._write("request", fields)

    def event(self, name: str, **fields: object) -> None:
        """Anything else worth a line."""
        self._write(name, fields)

    def _write(self, name: str, fields: dict[str, object]) -> None:
        if self._lost:
            fields["lost"] = self._lost
        try:
            self._log.info(name, **fields)
        except (OSError, ValueError):
            # ValueError is what a stream closed by somebody else raises.
            self._lost += 1
        else:
            self._lost = 0
