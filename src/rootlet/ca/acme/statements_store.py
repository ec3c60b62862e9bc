"""The statements that every order takes."""

from __future__ import annotations

import sqlalchemy as sa

from rootlet.ca.acme.states import Status
from rootlet.ca.acme.tables_store import ACCOUNTS, AUTHORIZATIONS, ORDERS
from rootlet.ca.statement_store import Statement

__all__ = [
    "ACCOUNT_WITH_ID",
    "ACCOUNT_WITH_KEY",
    "ADD_AUTHORIZATION",
    "ADD_ORDER",
    "AUTHORIZATION",
    "CHANGE_AUTHORIZATION",
    "FINISH_ORDER",
    "FOLLOW_ORDER",
    "LOCK_ORDER",
    "ORDER_WITH_ID",
    "ORDER_WITH_SERIAL",
    "STATES_OF_ORDER",
]

WANTED: sa.BindParameter[str] = sa.bindparam("wanted")

ACCOUNT_WITH_ID = Statement(ACCOUNTS.select().where(ACCOUNTS.c.id == WANTED))
ACCOUNT_WITH_KEY = Statement(ACCOUNTS.select().where(ACCOUNTS.c.thumbprint == WANTED))

ADD_ORDER = Statement(ORDERS.insert())
ADD_AUTHORIZATION = Statement(AUTHORIZATIONS.insert())

_ORDER = (
    sa.select(ORDERS, AUTHORIZATIONS.c.id.label("authorization"))
    .outerjoin(AUTHORIZATIONS, AUTHORIZATIONS.c.order_id == ORDERS.c.id)
    .order_by(AUTHORIZATIONS.c.id)
)
ORDER_WITH_ID = Statement(_ORDER.where(ORDERS.c.id == WANTED))
ORDER_WITH_SERIAL = Statement(_ORDER.where(ORDERS.c.serial == WANTED))

LOCK_ORDER = Statement(ORDERS.select().where(ORDERS.c.id == WANTED).with_for_update())

AUTHORIZATION = Statement(AUTHORIZATIONS.select().where(AUTHORIZATIONS.c.id == WANTED))
CHANGE_AUTHORIZATION = Statement(
    AUTHORIZATIONS.update()
    .where(AUTHORIZATIONS.c.id == WANTED)
    .values(status=sa.bindparam("new_status"), challenges=sa.bindparam("new_challenges"))
)
STATES_OF_ORDER = Statement(
    sa.select(AUTHORIZATIONS.c.status).where(AUTHORIZATIONS.c.order_id == WANTED)
)

FOLLOW_ORDER = Statement(
    ORDERS.update()
    .where(ORDERS.c.id == WANTED, ORDERS.c.status == sa.bindparam("old_status"))
    .values(status=sa.bindparam("new_status"), error=sa.bindparam("new_error"))
)
FINISH_ORDER = Statement(
    ORDERS.update()
    .where(ORDERS.c.id == WANTED, ORDERS.c.status == Status.READY.value)
    .values(status=sa.bindparam("new_status"), serial=sa.bindparam("new_serial"))
)
