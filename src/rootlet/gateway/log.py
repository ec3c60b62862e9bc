"""The access log: one JSON object per line. No bodies, no paths or queries, no header values."""

from __future__ import annotations

from typing import TextIO

import structlog

__all__ = ["AccessLog"]


class AccessLog:
    """Writes what happened to a stream handed in; ``reopen`` moves it to another one."""

    def __init__(self, stream: TextIO) -> None:
        self.reopen(stream)

    def reopen(self, stream: TextIO) -> None:
        """Write to ``stream`` from now on."""
        self._log = structlog.wrap_logger(
            structlog.WriteLogger(stream),
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
                structlog.processors.JSONRenderer(),
            ],
            wrapper_class=structlog.BoundLogger,
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
        self._log.info("request", **fields)

    def event(self, name: str, **fields: object) -> None:
        """Anything else worth a line."""
        self._log.info(name, **fields)
