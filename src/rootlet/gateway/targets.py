"""What a device asks for: /ROUTE/rest?query, decided on and forwarded as the very same bytes.

Nothing is normalised. A path that an upstream might read differently from us (dot segments,
encoded or not, empty segments, control characters) is refused instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from rootlet.gateway.refusals import Refusal, RefusedMessage

__all__ = ["Target", "check_path", "parse_target"]

# RFC 3986 pchar in the path; the query takes any visible ASCII but " and #, which cannot change
# where a request goes.
_PATH = re.compile(rb"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)*")
_QUERY = re.compile(rb"(?:\?[!$-~]*)?")

_FIRST_PRINTABLE = 0x20
_DELETE = 0x7F


@dataclass(frozen=True, slots=True)
class Target:
    """A request target, taken apart but not changed."""

    alias: bytes
    """Name of the route asked for."""
    rest: bytes
    """What follows the name: empty, or starting with a slash."""
    query: bytes
    """Empty, or starting with a question mark."""


def check_path(path: bytes) -> None:
    """Raise ``RefusedMessage`` for a path that could mean two things."""
    if not _PATH.fullmatch(path) or b"//" in path:
        raise RefusedMessage(Refusal.BAD_TARGET)
    if b"/." not in path and b"%" not in path:
        return
    while True:
        if any(_is_dots(segment) for segment in re.split(rb"[/\\]", path)):
            raise RefusedMessage(Refusal.DOT_SEGMENTS)
        # Decoded again and again: an upstream behind another proxy may decode more than once.
        decoded = unquote_to_bytes(path)
        if decoded == path:
            return
        path = decoded
        if any(byte < _FIRST_PRINTABLE or byte == _DELETE for byte in path):
            raise RefusedMessage(Refusal.BAD_TARGET)


def _is_dots(segment: bytes) -> bool:
    # "..;x" is ".." for servers that cut path parameters off.
    return segment.partition(b";")[0] in (b".", b"..")


def parse_target(target: bytes) -> Target:
    """Take a request target apart; ``RefusedMessage`` where it is not /ROUTE/rest?query."""
    if not target.startswith(b"/"):
        absolute = b"://" in target
        raise RefusedMessage(Refusal.ABSOLUTE_TARGET if absolute else Refusal.BAD_TARGET)
    path, mark, query = target.partition(b"?")
    check_path(path)
    if not _QUERY.fullmatch(mark + query):
        raise RefusedMessage(Refusal.BAD_TARGET)
    alias, slash, rest = path[1:].partition(b"/")
    return Target(alias=alias, rest=slash + rest, query=mark + query)
