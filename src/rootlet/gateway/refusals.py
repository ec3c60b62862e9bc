"""Everything the gateway refuses by itself, in one table: status, code and what to do about it.

A device reads ``{"error": "route_not_allowed", "hint": "..."}``; the code is the member's name in
small letters. Answers of an upstream are handed on as they are and never appear here.
"""

from __future__ import annotations

import json
from enum import Enum

__all__ = ["Refusal", "RefusedMessage", "refusal_answer"]


class Refusal(Enum):
    """Why a request was not forwarded, or its answer not handed back."""

    BAD_REQUEST = (400, "the request is not well-formed HTTP/1.1")
    BAD_BODY = (400, "the body's framing is wrong: one Content-Length, or chunked, not both")
    BAD_HOST = (400, "send exactly one Host header")
    BAD_TARGET = (400, "ask for /ROUTE/path?query in visible ASCII, without empty segments")
    ABSOLUTE_TARGET = (400, "ask for /ROUTE/path: the gateway is no proxy for any address")
    DOT_SEGMENTS = (400, "write the path without . or .. segments, encoded or not")
    SPOOFED_HEADER = (400, "a header looks like one that the gateway sets itself")
    TRAILERS_REFUSED = (400, "send no trailer fields after a chunked body")
    UPGRADE_REFUSED = (400, "speak plain HTTP/1.1: no Upgrade, no h2c")
    NO_DEVICE_IDENTITY = (403, "the certificate does not name a device of this maker")
    ROUTE_NOT_ALLOWED = (403, "this device is not in the route's device list")
    PATH_NOT_ALLOWED = (403, "the route does not lead to this path")
    NO_SUCH_ROUTE = (404, "no route has this name")
    CONNECT_REFUSED = (405, "no tunnels: ask for /ROUTE/path and the gateway connects")
    METHOD_NOT_ALLOWED = (405, "the route does not allow this method")
    HEADER_TIMEOUT = (408, "the request's head took too long")
    BODY_TIMEOUT = (408, "the body stood still for too long")
    BODY_TOO_LARGE = (413, "the body is larger than the route allows")
    URL_TOO_LONG = (414, "shorten the path and query")
    EXPECTATION_REFUSED = (417, "the only Expect understood is 100-continue")
    TOO_MANY_REQUESTS = (429, "ask again after the seconds of Retry-After")
    EARLY_DATA_REFUSED = (425, "send the request after the handshake")
    HEADER_TOO_LARGE = (431, "send fewer or shorter headers")
    UPSTREAM_UNRESOLVED = (502, "the upstream's name has no address")
    UPSTREAM_ADDRESS_REFUSED = (502, "the upstream's name leads to a private address")
    UPSTREAM_UNREACHABLE = (502, "the upstream does not take connections")
    UPSTREAM_NOT_TRUSTED = (502, "the upstream's certificate was not accepted")
    UPSTREAM_TLS_FAILED = (502, "the upstream speaks no TLS that the gateway accepts")
    UPSTREAM_LOST = (502, "the upstream closed before it answered")
    UPSTREAM_ANSWER_BAD = (502, "the upstream's answer is not well-formed HTTP/1.1")
    ANSWER_NOT_JSON = (502, "the upstream's answer is no JSON to select fields from")
    ANSWER_TOO_LARGE = (502, "the upstream's answer is longer than the route reads")
    UPSTREAM_TIMEOUT = (504, "the upstream took too long")
    VERSION_REFUSED = (505, "speak HTTP/1.1")

    def __init__(self, status: int, hint: str) -> None:
        self.status = status
        """HTTP status of the answer."""
        self.hint = hint
        """One line for the person who reads the device's log."""

    @property
    def error(self) -> str:
        """The code a device compares with."""
        return self.name.lower()


class RefusedMessage(Exception):
    """A message that breaks a rule; raised by the readers, never shown to a person as such."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.error)
        self.refusal = refusal
        """Which rule."""


def refusal_answer(
    refusal: Refusal,
    *,
    keep_alive: bool,
    head_request: bool,
    allow: tuple[str, ...] = (),
    retry_after: int = 0,
) -> bytes:
    """The whole answer to a refused request; ``retry_after`` in seconds, 0 for nothing said."""
    body = json.dumps(
        {"error": refusal.error, "hint": refusal.hint}, separators=(",", ":")
    ).encode()
    lines = [
        f"HTTP/1.1 {refusal.status} ",
        "content-type: application/json",
        f"content-length: {len(body)}",
    ]
    if allow:
        lines.append(f"allow: {', '.join(allow)}")
    if retry_after:
        lines.append(f"retry-after: {retry_after}")
    if not keep_alive:
        lines.append("connection: close")
    head = "\r\n".join([*lines, "", ""]).encode("ascii")
    return head if head_request else head + body
