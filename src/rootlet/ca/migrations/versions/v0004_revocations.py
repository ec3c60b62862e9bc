"""Which certificates were revoked, and which CRLs were made of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables, and the index that finds the newest certificate."""
    op.create_table(
        "revocations",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("serial", sa.String(40), nullable=False, unique=True),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("revoked_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "crls",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("issuer", sa.String(40), nullable=False),
        sa.Column("this_update", sa.BigInteger, nullable=False),
        sa.Column("next_update", sa.BigInteger, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
    op.create_index("issuances_by_time", "issuances", ["issued_at"])
