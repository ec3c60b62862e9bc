"""Whether a server let a client in: by alert, by what the application answered, or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rootlet.servers.checkup.offer import Request
from rootlet.servers.checkup.transcript import Transcript

__all__ = ["Entry", "entry_of", "why_not"]

STATUS_LINE = re.compile(rb"HTTP/[0-9.]+ ([0-9]{3})")

TURNED_AWAY = {400, 421, 495, 496}
"""HTTP's ways of saying that the certificate was none of ours: nginx answers 400, or 495 and 496
within; Caddy 421 where the name is another."""

NOT_ALLOWED = {401, 403}
"""Said to whom the application does not know; but also of a folder without a page, to everyone."""

MQTT_CONNACK = re.compile(rb"\x20\x02[\x00\x01](.)", re.DOTALL)
"""MQTT 3.1.1 section 3.2: a return code of 0 lets the client in."""

ALERTS = {
    10: "unexpected_message",
    40: "handshake_failure",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    109: "missing_extension",
    112: "unrecognized_name",
    116: "certificate_required",
    120: "no_application_protocol",
}
"""RFC 9846 section 6."""


@dataclass(frozen=True)
class Entry:
    """Whether, and how it was said."""

    let_in: bool
    how: str
    status: int | None = None
    """HTTP's, where there is one."""


def why_not(seen: Transcript) -> str:
    """How a handshake that was not completed was refused."""
    if seen.alert is not None:
        name = ALERTS.get(seen.alert.number, f"number {seen.alert.number}")
        return f"alert {name}"
    return seen.trouble or "no alert, the connection was closed"


def entry_of(seen: Transcript, request: Request, device: Entry | None = None) -> Entry:
    """Read it off what came after the handshake.

    ``device`` is how a device was received: what is not allowed even to it says nothing.
    """
    if not seen.finished or seen.alert is not None:
        return Entry(False, why_not(seen))
    if request is Request.NONE:
        return Entry(True, "let in")
    if request is Request.MQTT:
        found = MQTT_CONNACK.match(seen.answer)
        if found is None:
            return Entry(False, "no MQTT answer")
        code = found[1][0]
        return Entry(code == 0, "let in" if code == 0 else f"MQTT refusal {code}")
    found = STATUS_LINE.match(seen.answer)
    if found is None:
        return Entry(False, "no HTTP answer")
    status = int(found[1])
    refusals = TURNED_AWAY | (NOT_ALLOWED - {device.status} if device else set())
    return Entry(status not in refusals, f"HTTP {status}", status)
