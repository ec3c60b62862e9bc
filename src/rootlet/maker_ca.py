"""The [ca] table of rootlet.toml: where the record is, what time may do, how long CRLs hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from rootlet.errors import Misuse

if TYPE_CHECKING:
    from rootlet.maker import Table

__all__ = ["CaRules", "ca_rules"]

SCHEME = "postgresql"

ELSEWHERE = (
    "take it out and put it into ~/.pgpass, or a file that PGPASSFILE names (both mode 0600)"
)

CLOCK_LIMIT_SECONDS = 60
"""Far more than any machine that minds its clock is off; far less than the profile's backdating."""
LARGEST_CLOCK_LIMIT_SECONDS = 3600
"""The allowance for slow clocks: with a larger difference a new certificate is not valid yet."""

CRL_DAYS = 30
LARGEST_CRL_DAYS = 366
"""Servers refuse every device once their list is older: long enough for an outage of the CA, and
no longer than a list may be kept back from a server by who wants a revoked device let in."""

SERIAL = re.compile(r"[0-9a-f]{2,40}")


@dataclass(frozen=True)
class CaRules:
    """How the CA runs."""

    database: str
    """Empty for SQLite in ca/ca.sqlite, or the postgresql:// address of the nodes' database."""
    clock_limit_seconds: int
    """How far this machine's clock may be from what the Roughtime servers say."""
    clock_after_serial: str
    """Records up to this one were made by a clock that was wrong; empty for none."""
    crl_days: int
    """How long a CRL holds."""


def ca_rules(table: Table) -> CaRules:
    """Read the table; ``Misuse`` says what to write instead."""
    rules = CaRules(
        database=_database(table.get("database", str, "")),
        clock_limit_seconds=_within(
            table, "clock_limit_seconds", CLOCK_LIMIT_SECONDS, LARGEST_CLOCK_LIMIT_SECONDS
        ),
        clock_after_serial=_serial(table.get("clock_after_serial", str, "")),
        crl_days=_within(table, "crl_days", CRL_DAYS, LARGEST_CRL_DAYS),
    )
    table.finish()
    return rules


def _database(text: str) -> str:
    if not text:
        return text
    try:
        address = urlsplit(text)
        known, secret = address.scheme == SCHEME, address.password is not None
        _ = address.port  # raises for what is no number
    except ValueError:
        known = secret = False
    if not known:  # what is wrong is not repeated: it may hold a password
        raise Misuse(
            "[ca] database is not the address of a PostgreSQL database",
            hint='write it as "postgresql://USER@HOST/DATABASE", or leave it out for SQLite',
        )
    if secret or "password" in parse_qs(address.query, keep_blank_values=True):
        raise Misuse("[ca] database holds a password", hint=ELSEWHERE)
    return text


def _within(table: Table, key: str, default: int, most: int) -> int:
    value = table.get(key, int, default)
    if not 1 <= value <= most:
        raise Misuse(f"[ca] {key} = {value} is out of range", hint=f"choose 1 to {most}")
    return value


def _serial(text: str) -> str:
    if text and not SERIAL.fullmatch(text):
        raise Misuse(
            f"[ca] clock_after_serial = {text!r} is not a serial",
            hint="write it as rootlet ca list prints it",
        )
    return text
