"""The tables of the record, as the migrations leave them; times are seconds since 1970."""

from __future__ import annotations

import sqlalchemy as sa

__all__ = ["AUDIT", "CRLS", "ENROLMENTS", "ISSUANCES", "METADATA", "REVOCATIONS"]

METADATA = sa.MetaData()
"""Of every table that the CA keeps."""

ISSUANCES = sa.Table(
    "issuances",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("serial", sa.String(40), nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("names", sa.JSON, nullable=False),
    sa.Column("not_before", sa.BigInteger, nullable=False),
    sa.Column("not_after", sa.BigInteger, nullable=False),
    sa.Column("der", sa.LargeBinary, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("profile", sa.String(32), nullable=False),
    sa.Column("issued_at", sa.BigInteger, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Index("issuances_by_name", "kind", "name", "number"),
    sa.Index("issuances_by_time", "issued_at"),
)
"""Every certificate that was ever issued."""

AUDIT = sa.Table(
    "audit",
    METADATA,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("event", sa.String(32), nullable=False),
    sa.Column("actor", sa.String(255), nullable=False),
    sa.Column("serial", sa.String(40), nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
"""The audit log: rootlet.ca.audit. Triggers let rows be added at its end, and nothing else."""

ENROLMENTS = sa.Table(
    "enrolments",
    METADATA,
    sa.Column("device", sa.String(64), primary_key=True),
    sa.Column("secret_sha256", sa.String(64), nullable=False),
    sa.Column("ends_at", sa.BigInteger, nullable=False),
    sa.Column("key_sha256", sa.String(64), nullable=True),
)
"""As the migrations leave it; ``key_sha256`` is that of the first key that came with the secret."""

REVOCATIONS = sa.Table(
    "revocations",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("serial", sa.String(40), nullable=False, unique=True),
    sa.Column("reason", sa.String(32), nullable=False),
    sa.Column("revoked_at", sa.BigInteger, nullable=False),
)
"""What is not to be accepted any more."""

CRLS = sa.Table(
    "crls",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("issuer", sa.String(40), nullable=False),
    sa.Column("this_update", sa.BigInteger, nullable=False),
    sa.Column("next_update", sa.BigInteger, nullable=False),
    sa.Column("entries", sa.Integer, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
)
"""The lists made of revocations; each issuer's numbers grow."""
