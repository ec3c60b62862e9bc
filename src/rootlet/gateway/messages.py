"""Request and answer heads as values, and which headers may pass from one leg to the other.

Header names are lower case from here on. Only headers that mean the same on both legs pass: what
belongs to one connection (RFC 9110 section 7.6.1) is dropped, body framing is written anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = [
    "HOP_BY_HOP",
    "LAST_CHUNK",
    "Header",
    "RequestHead",
    "ResponseHead",
    "answer_head",
    "chunk",
    "connection_names",
    "end_to_end",
]

Header = tuple[bytes, bytes]
"""Name in lower case, and value."""

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Headers about one connection: never passed on."""

LAST_CHUNK = b"0\r\n\r\n"
"""Ends a chunked body; written only after the whole body was seen to end."""

NO_CONTENT, NOT_MODIFIED = 204, 304

BODILESS = frozenset({NO_CONTENT, NOT_MODIFIED})
"""Statuses whose answers have no body, whatever their headers say (RFC 9112 section 6.3)."""


@dataclass(frozen=True, slots=True)
class RequestHead:
    """A request's head that has passed every check of its form."""

    method: bytes
    target: bytes
    """As sent: origin form, path and query."""
    headers: tuple[Header, ...] = field(repr=False)
    length: int | None = None
    """Bytes of body announced by Content-Length; None without one."""
    chunked: bool = False
    close: bool = False
    """The device wants the connection closed afterwards."""
    expects_continue: bool = False
    """The device waits for 100 Continue before it sends the body."""

    @property
    def has_body(self) -> bool:
        """Whether body bytes may follow the head."""
        return self.chunked or bool(self.length)


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """An upstream's final answer head."""

    status: int
    headers: tuple[Header, ...] = field(repr=False)
    length: int | None = None
    chunked: bool = False
    bodiless: bool = False
    """No body follows: the request was HEAD, or the status has none."""

    @property
    def until_close(self) -> bool:
        """The body ends where the connection ends."""
        return not (self.bodiless or self.chunked or self.length is not None)


def connection_names(headers: Iterable[Header]) -> frozenset[bytes]:
    """The lower-case names listed in Connection headers."""
    return frozenset(
        token.strip().lower()
        for name, value in headers
        if name == b"connection"
        for token in value.split(b",")
    )


def end_to_end(headers: Iterable[Header], *, without: frozenset[bytes]) -> list[Header]:
    """Headers that may pass: not hop-by-hop, not named by Connection, not in ``without``."""
    headers = tuple(headers)
    named = connection_names(headers)
    return [
        header
        for header in headers
        if header[0] not in HOP_BY_HOP and header[0] not in without and header[0] not in named
    ]


def chunk(data: bytes) -> bytes:
    """``data`` as one chunk."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def answer_head(response: ResponseHead, *, keep_alive: bool) -> bytes:
    """The head of the answer for the device, its body framed as the upstream framed it.

    A body that ends where the upstream's connection ends is handed on in the same way: only so can
    the device not mistake a cut answer for a whole one. The reason phrase is left out: clients
    are to ignore it (RFC 9112 section 4), and it costs a device bytes.
    """
    passed = end_to_end(response.headers, without=_OWN_FRAMING)
    lines = [b"HTTP/1.1 %d " % response.status]
    lines += [b"%s: %s" % header for header in passed]
    if response.length is not None and response.status != NO_CONTENT:
        lines.append(b"content-length: %d" % response.length)
    elif response.chunked and not response.bodiless:
        lines.append(b"transfer-encoding: chunked")
    if not keep_alive:
        lines.append(b"connection: close")
    return b"\r\n".join(lines) + b"\r\n\r\n"


_OWN_FRAMING = frozenset({b"content-length"})
