"""Sending a report of malfeasance to where a server list says (RFC 10049 section 8.4)."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from rootlet.errors import Environment, Refused
from rootlet.roughtime.measure import REPORT_MEDIA_TYPE

__all__ = ["TRIES", "post_report"]

TRIES = 3
"""Then it is given up, and the file is there to be sent later: nobody waits for a day."""
FIRST_WAIT, BACKOFF = 10.0, 1.5
"""Seconds after the first failure, and how much longer each further wait is (section 8.4)."""
TIMEOUT_SECONDS = 20.0

TAKEN = range(200, 300)
SERVER_FAULTS = 500
"""From here on the fault is the other side's own, and may pass."""


def post_report(
    url: str,
    report: bytes,
    *,
    tell: Callable[[str], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """POST it by https, verified against the system's roots; no redirect is followed.

    ``tell`` hears how it goes. ``Refused`` when the other side does not take it, ``Environment``
    when it cannot be reached.
    """
    wait = FIRST_WAIT
    for left in reversed(range(TRIES)):
        try:
            status = _post(url, report)
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = f"cannot reach {url}: {error}"
        else:
            if status in TAKEN:
                tell(f"Posted the proof to {url}")
                return
            reason = f"{url} answers {status}"
            if status < SERVER_FAULTS:
                raise Refused(
                    f"{reason} and does not take the report",
                    hint="ask who publishes the server list; the file is kept",
                    status="report",
                )
        if not left:
            raise Environment(reason, hint="the file is kept: send it later")
        tell(f"{reason}; again in {wait:.0f} s")
        sleep(wait)
        wait *= BACKOFF


def _post(url: str, report: bytes) -> int:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("it is no https URL")
    link = http.client.HTTPSConnection(
        parts.hostname, parts.port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
    )
    try:
        path = parts.path or "/"
        target = f"{path}?{parts.query}" if parts.query else path
        link.request("POST", target, report, {"Content-Type": REPORT_MEDIA_TYPE})
        return link.getresponse().status
    finally:
        link.close()
