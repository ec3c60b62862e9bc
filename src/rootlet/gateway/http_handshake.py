"""Let a device whose handshake is refused see the alert that says why.

asyncio and uvloop close the connection as soon as a handshake fails, with the alert still in the
outgoing buffer. An object that answers "want to read" instead makes them send it; the connection
then ends when the device closes, or with the handshake deadline.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable

__all__ = ["say_why"]

_MORE_READS = 8
"""Reads still taken from a refused device, so that unread bytes do not reset the connection."""


def say_why(context: ssl.SSLContext, refused: Callable[[str], None]) -> None:
    """Send alerts for handshakes of ``context``; ``refused`` is told OpenSSL's reason."""

    class Handshake(ssl.SSLObject):
        _failure: ssl.SSLError | None = None
        _reads = 0

        def do_handshake(self) -> None:
            if self._failure is None:
                try:
                    super().do_handshake()
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    raise
                except ssl.SSLError as failure:
                    self._failure = failure
                    refused(failure.reason or "unknown")
                else:
                    return
            self._reads += 1
            if self._reads > _MORE_READS:
                raise self._failure
            raise ssl.SSLWantReadError

    context.sslobject_class = Handshake
