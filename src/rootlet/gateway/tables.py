"""Pieces of the [gateway] table: numbers, headers, and where secrets are."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from rootlet.errors import Misuse
from rootlet.gateway.messages import HOP_BY_HOP
from rootlet.maker import Table

__all__ = ["DEVICE_HEADER", "read_headers", "read_secret_headers", "secret_source", "within"]

DEVICE_HEADER = "Rootlet-Device"
"""Tells the upstream which device asks; set by the gateway, never taken from the device."""

SECRET_KINDS = ("env", "credential")
"""Where a secret may be besides a file: the environment, or what systemd hands over."""

_HEADER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_HEADER_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?")
_SECRET_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_RESERVED = HOP_BY_HOP | {b"host", b"content-length", b"expect", DEVICE_HEADER.lower().encode()}


def within(table: Table, key: str, default: int, lowest: int, highest: int) -> int:
    """A whole number between two bounds, both allowed."""
    value = table.get(key, int, default)
    if not lowest <= value <= highest:
        raise Misuse(
            f"{table.where} {key} = {value} is out of range", hint=f"choose {lowest} to {highest}"
        )
    return value


def read_headers(table: Table) -> tuple[tuple[str, str], ...]:
    """Names and values of headers that are set."""
    names = table.keys()
    return tuple((_settable(table, name), _value(table, name)) for name in names)


def _value(table: Table, name: str) -> str:
    value = table.get(name, str)
    if not _HEADER_VALUE.fullmatch(value):
        raise Misuse(
            f"{table.where} {name} = {value!r} cannot be a header's value",
            hint="use visible ASCII, spaces only between words",
        )
    return value


def read_secret_headers(table: Table) -> tuple[tuple[str, str], ...]:
    """Names of headers, and where the value of each is."""
    found = []
    names = table.keys()
    for name in names:
        source = secret_source(table, name)
        found.append((_settable(table, name), source))
    return tuple(found)


def secret_source(table: Table, key: str) -> str:
    """Where a secret is: a file under secrets/, "env:NAME" or "credential:NAME"."""
    source = table.get(key, str)
    path = PurePosixPath(source)
    kind, colon, named = source.partition(":")
    if colon and kind in SECRET_KINDS and _SECRET_NAME.fullmatch(named):
        return source
    if colon or not path.parts or path.is_absolute() or ".." in path.parts:
        raise Misuse(
            f"{table.where} {key} = {source!r} is not a file under secrets/",
            hint="write the secret to a file in secrets/ (mode 0600) and name that file here, "
            'or name what holds it: "env:NAME", "credential:NAME"',
        )
    return source


def _settable(table: Table, name: str) -> str:
    if not _HEADER_NAME.fullmatch(name) or name.lower().encode() in _RESERVED:
        raise Misuse(
            f"{table.where} cannot set the header {name!r}",
            hint="use letters, digits and hyphens, and no header that the gateway writes itself",
        )
    return name
