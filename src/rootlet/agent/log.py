"""The agent's log: one JSON object per line, no keys and no answers of the CA's."""

from __future__ import annotations

import contextlib
import json
from typing import TextIO

import structlog

__all__ = ["AgentLog"]

_encode = json.JSONEncoder(separators=(",", ":"), default=str).encode


class AgentLog:
    """Writes to a stream handed in; one that cannot be written does not stop the agent."""

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        """``quiet`` leaves out what is merely good to know."""
        self._quiet = quiet
        self._log = structlog.wrap_logger(
            structlog.WriteLogger(stream),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
                structlog.processors.JSONRenderer(lambda fields, **_: _encode(fields)),
            ],
            wrapper_class=structlog.BoundLogger,
            cache_logger_on_first_use=True,
        )

    def tell(self, level: str, what: str, /, **fields: object) -> None:
        """One line at "info", "warning" or "error"."""
        write = {"info": self._log.info, "warning": self._log.warning, "error": self._log.error}
        if self._quiet and level == "info":
            return
        with contextlib.suppress(OSError, ValueError):  # ValueError: someone closed the stream
            write[level](what, **fields)
