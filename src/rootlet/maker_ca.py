"""The [ca] table of rootlet.toml: where the CA keeps its record."""

from __future__ import annotations

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


@dataclass(frozen=True)
class CaRules:
    """How the CA runs."""

    database: str
    """Empty for SQLite in ca/ca.sqlite, or the postgresql:// address of the nodes' database."""


def ca_rules(table: Table) -> CaRules:
    """Read the table; ``Misuse`` says what to write instead."""
    rules = CaRules(database=_database(table.get("database", str, "")))
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
