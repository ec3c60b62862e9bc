"""The audit log. Certificates that are older than it are entered first, as they stand."""

from __future__ import annotations

import time
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from rootlet.ca.audit import FIRST, Entry, Event, canonical, chained, rows_digest

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

AT_ONCE = 500
"""Certificates for each entry."""

SQLITE = (
    """CREATE TRIGGER audit_append BEFORE INSERT ON audit
    WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM audit)
    BEGIN SELECT RAISE(ABORT, 'the audit log has no gaps and is never written over'); END""",
    """CREATE TRIGGER audit_update BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
    """CREATE TRIGGER audit_delete BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
)
POSTGRESQL = (
    """CREATE OR REPLACE FUNCTION audit_append() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM audit) THEN
    RAISE EXCEPTION 'the audit log has no gaps and is never written over'; END IF;
    RETURN NEW; END $$""",
    """CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'the audit log is append-only'; END $$""",
    """CREATE TRIGGER audit_append BEFORE INSERT ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_append()""",
    """CREATE TRIGGER audit_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
)


def upgrade() -> None:
    """Make the table, its triggers, and the entries of what was recorded before."""
    table = op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("serial", sa.String(40), nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    connection = op.get_bind()
    for statement in SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL:
        op.execute(sa.text(statement))
    for entry in _adopted(connection):
        connection.execute(table.insert().values({**vars(entry), "details": _text(entry)}))


def _text(entry: Entry) -> str:
    return canonical(entry.details)


def _adopted(connection: sa.Connection) -> Iterator[Entry]:
    issuances = sa.Table("issuances", sa.MetaData(), autoload_with=connection)
    previous, number, last = FIRST, 0, 0
    while True:
        query = issuances.select().where(issuances.c.number > last)
        rows = connection.execute(query.order_by(issuances.c.number).limit(AT_ONCE)).mappings()
        if not (found := [{**row} for row in rows]):
            return
        last = found[-1]["number"]
        serials = {
            status: [row["serial"] for row in found if row["status"] == status]
            for status in ("delivered", "replaced")
        }
        covered = {"serials": [row["serial"] for row in found], "rows": rows_digest(found)}
        marked = {"serials": serials["delivered"], "replaced": serials["replaced"]}
        for event, details in ((Event.ADOPTED, covered), (Event.DELIVERED, marked)):
            number += 1
            entry = chained(
                previous,
                number=number,
                at=int(time.time()),
                event=event.value,
                actor="rootlet migration 0002",
                serial="",
                details=details,
            )
            previous = entry.hash
            yield entry
