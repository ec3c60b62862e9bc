"""The service's log: one JSON object per line, without keys, tokens or payloads."""

from __future__ import annotations

import json
from typing import TextIO

import structlog

__all__ = ["EventLog"]

_encode = json.JSONEncoder(separators=(",", ":"), default=str).encode


class EventLog:
    """Writes to a stream handed in; a full disk does not stop the service: the next line that can
    be written says how many were lost."""

    def __init__(self, stream: TextIO) -> None:
        self._lost = 0
        self._log = structlog.wrap_logger(
            structlog.WriteLogger(stream),
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
                structlog.processors.JSONRenderer(lambda fields, **_: _encode(fields)),
            ],
            wrapper_class=structlog.BoundLogger,
            cache_logger_on_first_use=True,
        )

    def event(self, what: str, /, **fields: object) -> None:
        """One line."""
        if self._lost:
            fields["lost"] = self._lost
        try:
            self._log.info(what, **fields)
        except (OSError, ValueError):  # ValueError: the stream was closed by somebody else
            self._lost += 1
        else:
            self._lost = 0
