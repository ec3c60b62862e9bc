"""The ACME tables as the migrations leave them, and rows to values and back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from rootlet.ca.acme.identifiers import Identifier
from rootlet.ca.acme.model import Account, Authorization, BindingKey, Challenge, Order
from rootlet.ca.acme.states import Status
from rootlet.ca.statement_store import Row
from rootlet.ca.tables_store import METADATA

__all__ = [
    "ACCOUNTS",
    "AUTHORIZATIONS",
    "KEYS",
    "NONCES",
    "ORDERS",
    "account_of",
    "authorization_of",
    "challenges_json",
    "key_of",
    "order_of",
    "seconds",
]

ID = sa.String(32)

KEYS = sa.Table(
    "acme_keys",
    METADATA,
    sa.Column("kid", ID, primary_key=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("names", sa.JSON, nullable=False),
    sa.Column("made_at", sa.BigInteger, nullable=False),
)
ACCOUNTS = sa.Table(
    "acme_accounts",
    METADATA,
    sa.Column("id", ID, primary_key=True),
    sa.Column("thumbprint", sa.String(64), nullable=False, unique=True),
    sa.Column("jwk", sa.JSON, nullable=False),
    sa.Column("contact", sa.JSON, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("kid", ID, nullable=True),
    sa.Column("made_at", sa.BigInteger, nullable=False),
)
ORDERS = sa.Table(
    "acme_orders",
    METADATA,
    sa.Column("id", ID, primary_key=True),
    sa.Column("account", ID, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("identifiers", sa.JSON, nullable=False),
    sa.Column("profile", sa.String(32), nullable=False),
    sa.Column("replaces", sa.String(128), nullable=True, unique=True),
    sa.Column("error", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("serial", sa.String(40), nullable=True, unique=True),
    sa.Column("made_at", sa.BigInteger, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False),
    sa.Index("acme_orders_by_account", "account", "made_at"),
    sa.Index("acme_orders_by_expiry", "status", "expires"),
)
AUTHORIZATIONS = sa.Table(
    "acme_authorizations",
    METADATA,
    sa.Column("id", ID, primary_key=True),
    sa.Column("order_id", ID, nullable=False, index=True),
    sa.Column("account", ID, nullable=False),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("value", sa.String(255), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("token", sa.String(64), nullable=False),
    sa.Column("challenges", sa.JSON, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False),
)
NONCES = sa.Table(
    "acme_nonces",
    METADATA,
    sa.Column("nonce", ID, primary_key=True),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True),
)


def seconds(moment: datetime) -> int:
    """As the tables hold it: whole seconds since 1970."""
    return int(moment.timestamp())


def _moment(value: int) -> datetime:
    return datetime.fromtimestamp(value, UTC)


def _maybe(value: int | None) -> datetime | None:
    return None if value is None else _moment(value)


def key_of(row: Row) -> BindingKey:
    """A key for external account binding."""
    made = _moment(row["made_at"])
    return BindingKey(row["kid"], row["name"], bytes(row["secret"]), tuple(row["names"]), made)


def account_of(row: Row) -> Account:
    """An account."""
    return Account(
        id=row["id"],
        jwk=row["jwk"],
        thumbprint=row["thumbprint"],
        contact=tuple(row["contact"]),
        status=Status(row["status"]),
        kid=row["kid"],
        made_at=_moment(row["made_at"]),
    )


def authorization_of(row: Row) -> Authorization:
    """An authorization with its challenges."""
    return Authorization(
        id=row["id"],
        order=row["order_id"],
        account=row["account"],
        identifier=Identifier(row["kind"], row["value"]),
        status=Status(row["status"]),
        token=row["token"],
        challenges=tuple(_challenge(value) for value in row["challenges"]),
        expires=_moment(row["expires"]),
    )


def _challenge(value: dict[str, Any]) -> Challenge:
    return Challenge(
        kind=value["type"],
        status=Status(value["status"]),
        since=_maybe(value["since"]),
        validated=_maybe(value["validated"]),
        error=value["error"],
    )


def challenges_json(challenges: Sequence[Challenge]) -> list[dict[str, Any]]:
    """As the column holds them."""
    return [
        {
            "type": challenge.kind,
            "status": challenge.status.value,
            "since": None if challenge.since is None else seconds(challenge.since),
            "validated": None if challenge.validated is None else seconds(challenge.validated),
            "error": challenge.error,
        }
        for challenge in challenges
    ]


def order_of(row: Row, authorizations: Sequence[str]) -> Order:
    """An order; ``authorizations`` are its ids in the order of its names."""
    return Order(
        id=row["id"],
        account=row["account"],
        status=Status(row["status"]),
        identifiers=tuple(Identifier(kind, value) for kind, value in row["identifiers"]),
        profile=row["profile"],
        replaces=row["replaces"],
        error=row["error"],
        serial=row["serial"],
        made_at=_moment(row["made_at"]),
        expires=_moment(row["expires"]),
        authorizations=tuple(authorizations),
    )
