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
    "passing",
    "short_head",
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
    named: frozenset[bytes] = frozenset()
    """Names listed in Connection headers."""
    length: int | None = None
    """Bytes of body announced by Content-Length; None without one."""
    chunked: bool = False
    expects_continue: bool = False
    """The device waits for 100 Continue before it sends the body."""

    @property
    def has_body(self) -> bool:
        """Whether body bytes may follow the head."""
        return self.chunked or bool(self.length)

    @property
    def close(self) -> bool:
        """The device wants the connection closed afterwards."""
        return b"close" in self.named


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """An upstream's final answer head."""

    status: int
    headers: tuple[Header, ...] = field(repr=False)
    named: frozenset[bytes] = frozenset()
    """Names listed in Connection headers."""
    length: int | None = None
    chunked: bool = False
    bodiless: bool = False
    """No body follows: the request was HEAD, or the status has none."""

    @property
    def until_close(self) -> bool:
        """The body ends where the connection ends."""
        return not (self.bodiless or self.chunked or self.length is not None)


def connection_names(values: Iterable[bytes]) -> frozenset[bytes]:
    """The lower-case names listed in the values of Connection headers."""
    return frozenset(token.strip().lower() for value in values for token in value.split(b","))


def passing(head: RequestHead | ResponseHead, *, without: frozenset[bytes]) -> list[bytes]:
    """Lines of the headers that may pass: not in ``without``, not named by Connection."""
    named = head.named
    return [
        b"%s: %s\r\n" % header
        for header in head.headers
        if header[0] not in without and header[0] not in named
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
    lines = [
        b"HTTP/1.1 %d \r\n" % response.status,
        *passing(response, without=_NOT_FOR_DEVICES),
    ]
    if response.length is not None and response.status != NO_CONTENT:
        lines.append(b"content-length: %d\r\n" % response.length)
    elif response.chunked and not response.bodiless:
        lines.append(b"transfer-encoding: chunked\r\n")
    if not keep_alive:
        lines.append(b"connection: close\r\n")
    lines.append(b"\r\n")
    return b"".join(lines)


def short_head(response: ResponseHead, length: int, *, keep_alive: bool) -> bytes:
    """The head of an answer that the gateway made shorter: all that a small device looks at."""
    kept = [
        b"%s: %s\r\n" % header for header in response.headers if header[0] in _FOR_SMALL_DEVICES
    ]
    lines = [
        b"HTTP/1.1 %d \r\n" % response.status,
        b"content-type: application/json\r\n",
        b"content-length: %d\r\n" % length,
        *kept,
    ]
    if not keep_alive:
        lines.append(b"connection: close\r\n")
    lines.append(b"\r\n")
    return b"".join(lines)


_FOR_SMALL_DEVICES = frozenset({b"retry-after"})
_NOT_FOR_DEVICES = HOP_BY_HOP | {b"content-length"}
