"""What the ACME server keeps: accounts, keys for them, orders, authorizations, nonces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.String(32)


def upgrade() -> None:
    """Make the tables, and the indexes by which requests find their rows."""
    op.create_table(
        "acme_keys",
        sa.Column("kid", ID, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("names", sa.JSON, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "acme_accounts",
        sa.Column("id", ID, primary_key=True),
        sa.Column("thumbprint", sa.String(64), nullable=False, unique=True),
        sa.Column("jwk", sa.JSON, nullable=False),
        sa.Column("contact", sa.JSON, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("kid", ID, nullable=True),
        sa.Column("made_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "acme_orders",
        sa.Column("id", ID, primary_key=True),
        sa.Column("account", ID, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("identifiers", sa.JSON, nullable=False),
        sa.Column("profile", sa.String(32), nullable=False),
        sa.Column("replaces", sa.String(128), nullable=True, unique=True),
        sa.Column("error", sa.JSON, nullable=True),
        sa.Column("serial", sa.String(40), nullable=True, unique=True),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Index("acme_orders_by_account", "account", "made_at"),
        sa.Index("acme_orders_by_expiry", "status", "expires"),
    )
    op.create_table(
        "acme_authorizations",
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
    op.create_table(
        "acme_nonces",
        sa.Column("nonce", ID, primary_key=True),
        sa.Column("expires", sa.BigInteger, nullable=False, index=True),
        prefixes=["UNLOGGED"] if op.get_bind().dialect.name == "postgresql" else [],
    )
