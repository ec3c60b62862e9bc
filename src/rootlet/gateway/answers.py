"""The [gateway.routes.answer] table: what a route makes of its upstream's answers.

[gateway.routes.answer]
max_bytes = 100                     # of the body that the device gets
[gateway.routes.answer.select]
temp = "/main/temp"                 # a JSON pointer, RFC 6901
wind = "/wind/speed"
"""

from __future__ import annotations

import re

from rootlet.errors import Misuse
from rootlet.gateway.tables import within
from rootlet.gateway.trimming import CUT, AnswerRule, parse_pointer
from rootlet.maker import Table

__all__ = ["read_answer"]

FIELD = re.compile(r"[A-Za-z0-9_-]{1,32}")
MOST_FIELDS = 64
LEAST_BYTES, USUAL_BYTES, MOST_BYTES = 16, 512, 16384
"""A record of TLS holds 16 KiB; below 16 bytes there is room for the mark of a cut alone."""
USUAL_UPSTREAM, MOST_UPSTREAM = 1 << 18, 1 << 22
"""Held in memory for each request under way."""


def read_answer(route: Table) -> AnswerRule | None:
    """The rule, or None where the table is not there; ``Misuse`` names the key."""
    table = route.table("answer")
    if "answer" not in set(route.keys()):
        return None
    fields = table.table("select")
    names = fields.keys()
    if not 1 <= len(names) <= MOST_FIELDS:
        raise Misuse(
            f"{fields.where} names {len(names)} fields",
            hint=f"name 1 to {MOST_FIELDS}, each with where it is in the answer",
        )
    select = {}
    for name in names:
        if not FIELD.fullmatch(name) or name == CUT:
            raise Misuse(
                f"{fields.where} cannot have a field {name!r}",
                hint=f"use up to 32 letters, digits, _ and -, and not {CUT!r}",
            )
        text = fields.get(name, str)
        try:
            select[name] = parse_pointer(text)
        except ValueError as error:
            raise Misuse(
                f"{fields.where} {name} = {text!r}: {error}", hint='write it like "/main/temp"'
            ) from error
    fields.finish()
    rule = AnswerRule(
        select=select,
        max_bytes=within(table, "max_bytes", USUAL_BYTES, LEAST_BYTES, MOST_BYTES),
        max_upstream_bytes=within(table, "max_upstream_bytes", USUAL_UPSTREAM, 1, MOST_UPSTREAM),
    )
    table.finish()
    return rule
