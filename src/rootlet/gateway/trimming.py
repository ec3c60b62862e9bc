"""Answers for small devices: the fields that a route selects, within a budget of bytes.

An upstream's JSON of kilobytes becomes one flat object, in the order that the route names its
fields. What does not fit is left out, and ``"cut":true`` says so; a field that is not there is
null. No I/O.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from rootlet.gateway.refusals import Refusal, RefusedMessage

__all__ = ["CUT", "AnswerRule", "find", "parse_pointer", "short_answer", "trim"]

CUT = "cut"
"""The name that says that something was left out; no field may have it."""

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode


@dataclass(frozen=True)
class AnswerRule:
    """What a route makes of its upstream's answers."""

    select: Mapping[str, tuple[str, ...]]
    """Names of fields, and where each is in the upstream's JSON: a pointer's parts."""
    max_bytes: int
    """Of the body that the device gets."""
    max_upstream_bytes: int
    """Of the body that is read for it."""


def parse_pointer(text: str) -> tuple[str, ...]:
    """A JSON pointer (RFC 6901) as the names to follow; ``ValueError`` for anything else."""
    if text == "":
        return ()
    if not text.startswith("/"):
        raise ValueError("a JSON pointer begins with /")
    if "~" in text.replace("~0", "").replace("~1", ""):
        raise ValueError("in a JSON pointer ~ is written ~0, and / inside a name ~1")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/"))


def find(value: Any, pointer: tuple[str, ...]) -> Any:
    """What a pointer leads to; None where it leads nowhere."""
    for name in pointer:
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and _is_index(name) and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def _is_index(name: str) -> bool:
    """RFC 6901 section 4: digits, no leading zero."""
    return name.isascii() and name.isdigit() and (name == "0" or name[0] != "0") and len(name) < 10


def trim(rule: AnswerRule, body: bytes) -> bytes:
    """The body for the device; ``RefusedMessage`` when the upstream's is no JSON."""
    try:
        value = json.loads(body, parse_constant=_no_constant)
        fields = [
            f"{_encode(name)}:{_encode(find(value, pointer))}".encode()
            for name, pointer in rule.select.items()
        ]
    except (ValueError, RecursionError) as error:  # also what is no UTF-8, and infinite numbers
        raise RefusedMessage(Refusal.ANSWER_NOT_JSON) from error
    whole = b"{" + b",".join(fields) + b"}"
    if len(whole) <= rule.max_bytes:
        return whole
    mark = f'"{CUT}":true'.encode()
    kept: list[bytes] = []
    left = rule.max_bytes - len(mark) - 2
    for field in fields:
        if len(field) + 1 <= left:
            kept.append(field)
            left -= len(field) + 1
    return b"{" + b",".join([*kept, mark]) + b"}"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def short_answer(status: int) -> bytes:
    """The body in the place of an upstream's own error page."""
    return b'{"error":"upstream_status","status":%d}' % status
