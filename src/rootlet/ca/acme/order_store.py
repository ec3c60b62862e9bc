"""Orders and their authorizations, each change in one transaction that follows the state tables.

What only leads to a certificate outlives a crash of the process; certificate and end of an order
outlive a power cut, and with them what came before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from rootlet.ca.acme.identifiers import Identifier
from rootlet.ca.acme.model import Authorization, Challenge, Order
from rootlet.ca.acme.statements_store import (
    ADD_AUTHORIZATION,
    ADD_ORDER,
    AUTHORIZATION,
    CHANGE_AUTHORIZATION,
    FINISH_ORDER,
    FOLLOW_ORDER,
    LOCK_ORDER,
    ORDER_WITH_ID,
    ORDER_WITH_SERIAL,
    STATES_OF_ORDER,
)
from rootlet.ca.acme.states import (
    AuthorizationEvent,
    ChallengeEvent,
    OrderEvent,
    Status,
    after,
    of_order,
)
from rootlet.ca.acme.tables_store import (
    AUTHORIZATIONS,
    NONCES,
    ORDERS,
    authorization_of,
    challenges_json,
    order_of,
    seconds,
)
from rootlet.ca.database_store import Database
from rootlet.ca.record_store import RecordStore, issuance_with
from rootlet.ca.records import Issuance
from rootlet.ca.revocation_store import is_revoked
from rootlet.ca.statement_store import Statement
from rootlet.ca.tables_store import ISSUANCES

__all__ = ["Lost", "OrderRecords", "OrderStore", "Taken"]

KEPT = timedelta(days=30)
"""How long an order is remembered after it expired, and its certificate has ended."""


class Taken(Exception):
    """The certificate that an order wants to replace was replaced by another order."""


class Lost(Exception):
    """An order was finished by somebody else meanwhile; nothing was recorded."""


class OrderStore:
    """Orders, authorizations and challenges in the CA's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, order: Order, authorizations: Sequence[Authorization]) -> None:
        """Keep a new order; ``Taken`` when its certificate to replace is taken."""
        with self._database.transaction(durable=False) as connection:
            if order.replaces is not None:
                self._database.lock(connection, f"acme replaces {order.replaces}")
                _release(connection, order.replaces, order.made_at)
            ADD_ORDER.change(connection, **_order_row(order))
            for authorization in authorizations:
                ADD_AUTHORIZATION.change(connection, **_authorization_row(authorization))

    def order(self, identity: str) -> Order | None:
        """An order with the ids of its authorizations."""
        with self._database.snapshot() as connection:
            return _read(connection, ORDER_WITH_ID, identity)

    def with_serial(self, serial: str) -> Order | None:
        """The order of a certificate."""
        with self._database.snapshot() as connection:
            return _read(connection, ORDER_WITH_SERIAL, serial)

    def certificate(self, serial: str) -> tuple[Order | None, Issuance | None, bool]:
        """The order of a certificate, the certificate, and whether it was revoked."""
        with self._database.snapshot() as connection:
            order = _read(connection, ORDER_WITH_SERIAL, serial)
            return order, issuance_with(connection, serial), is_revoked(connection, serial)

    def of_account(self, account: str, offset: int, most: int) -> list[str]:
        """Ids of an account's orders, newest first; not of those that failed (section 7.1.2.1)."""
        query = (
            sa.select(ORDERS.c.id)
            .where(ORDERS.c.account == account, ORDERS.c.status != Status.INVALID.value)
            .order_by(ORDERS.c.made_at.desc(), ORDERS.c.id)
        )
        with self._database.snapshot() as connection:
            return list(connection.execute(query.offset(offset).limit(most)).scalars())

    def authorization(self, identity: str) -> Authorization | None:
        """An authorization with its challenges."""
        with self._database.snapshot() as connection:
            row = AUTHORIZATION.first(connection, wanted=identity)
        return None if row is None else authorization_of(row)

    def proved(self, account: str, identifiers: Sequence[Identifier], now: datetime) -> bool:
        """Whether an account holds an authorization for each of these names."""
        query = sa.select(AUTHORIZATIONS.c.kind, AUTHORIZATIONS.c.value).where(
            AUTHORIZATIONS.c.account == account,
            AUTHORIZATIONS.c.status == Status.VALID.value,
            AUTHORIZATIONS.c.expires > seconds(now),
            AUTHORIZATIONS.c.value.in_([each.value for each in identifiers]),
        )
        with self._database.snapshot() as connection:
            found = {Identifier(kind, value) for kind, value in connection.execute(query)}
        return found == set(identifiers)

    def answered(self, identity: str, kind: str, now: datetime) -> Authorization | None:
        """Mark a challenge as to be validated; None when it cannot be any more."""

        def change(challenge: Challenge) -> Challenge | None:
            status = after(challenge.status, ChallengeEvent.ANSWERED)
            return None if status is None else replace(challenge, status=status, since=now)

        with self._database.transaction(durable=False) as connection:
            found = self._locked(connection, identity)
            changed = None if found is None else _changed(found, kind, change)
            if changed is None or changed.status is not Status.PENDING:
                return None
            _write(connection, changed)
        return changed

    def validated(
        self, identity: str, kind: str, error: Mapping[str, Any] | None, now: datetime
    ) -> None:
        """Keep what came of a validation, with what follows for authorization and order."""
        event = ChallengeEvent.PROVED if error is None else ChallengeEvent.FAILED
        done = AuthorizationEvent.PROVED if error is None else AuthorizationEvent.FAILED

        def change(challenge: Challenge) -> Challenge | None:
            status = after(challenge.status, event)
            moment = now if error is None else None
            if status is None:
                return None
            return replace(challenge, status=status, validated=moment, error=error)

        with self._database.transaction(durable=False) as connection:
            found = self._locked(connection, identity)
            changed = None if found is None else _changed(found, kind, change)
            status = None if changed is None else after(changed.status, done)
            if changed is None or status is None:
                return
            _write(connection, replace(changed, status=status))
            self._follow(connection, changed.order, error)

    def give_up(self, identity: str, now: datetime) -> None:
        """Deactivate an authorization; its order cannot be finished any more."""
        with self._database.transaction() as connection:
            found = self._locked(connection, identity)
            event = AuthorizationEvent.DEACTIVATED
            status = None if found is None else after(found.status, event)
            if found is not None and status is not None:
                _write(connection, replace(found, status=status))
                self._follow(connection, found.order, None)

    def _locked(self, connection: sa.Connection, identity: str) -> Authorization | None:
        """Read to be changed; all of an order's authorizations are changed one after the other."""
        row = AUTHORIZATION.first(connection, wanted=identity)
        if row is not None and self._database.shared:
            LOCK_ORDER.rows(connection, wanted=row["order_id"])
            row = AUTHORIZATION.first(connection, wanted=identity)
        return None if row is None else authorization_of(row)

    def _follow(
        self, connection: sa.Connection, order: str, error: Mapping[str, Any] | None
    ) -> None:
        states = STATES_OF_ORDER.rows(connection, wanted=order)
        event = of_order(Status(row["status"]) for row in states)
        for status in (Status.PENDING, Status.READY):
            following = None if event is None else after(status, event)
            if following is not None:
                _change(connection, order, status, following, error)

    def refused(self, identity: str, error: Mapping[str, Any]) -> None:
        """Close an order that the authority does not issue."""
        status = after(Status.READY, OrderEvent.REFUSED)
        assert status is not None
        with self._database.transaction(durable=False) as connection:
            _change(connection, identity, Status.READY, status, error)

    def sweep(self, now: datetime) -> None:
        """Forget what expired long ago: orders, and where a certificate came of one, that too.

        The certificates themselves stay in the record.
        """
        long_ago = seconds(now - KEPT)
        living = sa.select(ISSUANCES.c.serial).where(
            ISSUANCES.c.not_after >= long_ago, ISSUANCES.c.serial == ORDERS.c.serial
        )
        whatever = ORDERS.c.status.in_([status.value for status in Status])  # as the index wants it
        over = whatever & (ORDERS.c.expires < long_ago) & ~living.exists()
        with self._database.transaction() as connection:
            old = sa.select(ORDERS.c.id).where(over)
            connection.execute(AUTHORIZATIONS.delete().where(AUTHORIZATIONS.c.order_id.in_(old)))
            connection.execute(ORDERS.delete().where(over))
            connection.execute(NONCES.delete().where(NONCES.c.expires < seconds(now)))


class OrderRecords:
    """The authority's record for one order: certificate and order's end in one transaction.

    After a crash the order is ready and nothing is recorded, or it is valid and its certificate
    can be fetched.
    """

    def __init__(self, records: RecordStore, order: str) -> None:
        self._records = records
        self._order = order

    def newest_at(self, after: str = "") -> datetime | None:
        """As in the record."""
        return self._records.newest_at(after)

    def add(self, *issuances: Issuance) -> None:
        """Record the certificate; ``Lost`` when the order is not ready any more."""
        (issuance,) = issuances
        status = after(Status.READY, OrderEvent.ISSUED)
        assert status is not None
        values = {"new_status": status.value, "new_serial": issuance.serial}
        with self._records.database.transaction() as connection:
            if FINISH_ORDER.change(connection, wanted=self._order, **values) != 1:
                raise Lost
            self._records.insert(connection, issuance)

    def delivered(self, *issuances: Issuance) -> None:
        """Not known here: a client fetches the certificate later."""


def _change(
    connection: sa.Connection,
    order: str,
    old: Status,
    new: Status,
    error: Mapping[str, Any] | None,
) -> None:
    """Bring an order that has the old status to the new one."""
    FOLLOW_ORDER.change(
        connection,
        wanted=order,
        old_status=old.value,
        new_status=new.value,
        new_error=None if error is None else dict(error),
    )


def _read(connection: sa.Connection, query: Statement, wanted: str) -> Order | None:
    rows = query.rows(connection, wanted=wanted)
    if not rows:
        return None
    return order_of(rows[0], [row["authorization"] for row in rows if row["authorization"]])


def _changed(
    authorization: Authorization, kind: str, change: Callable[[Challenge], Challenge | None]
) -> Authorization | None:
    found = authorization.challenge(kind)
    new = None if found is None else change(found)
    if new is None:
        return None
    rest = (new if each.kind == kind else each for each in authorization.challenges)
    return replace(authorization, challenges=tuple(rest))


def _write(connection: sa.Connection, authorization: Authorization) -> None:
    CHANGE_AUTHORIZATION.change(
        connection,
        wanted=authorization.id,
        new_status=authorization.status.value,
        new_challenges=challenges_json(authorization.challenges),
    )


def _release(connection: sa.Connection, replaces: str, now: datetime) -> None:
    """Take a predecessor back from an order that came to nothing; ``Taken`` from any other."""
    same = ORDERS.c.replaces == replaces
    failed = ORDERS.c.status == Status.INVALID.value
    late = (ORDERS.c.status != Status.VALID.value) & (ORDERS.c.expires < seconds(now))
    connection.execute(ORDERS.update().where(same & (failed | late)).values(replaces=None))
    if connection.execute(sa.select(ORDERS.c.id).where(same)).first():
        raise Taken


def _order_row(order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "account": order.account,
        "status": order.status.value,
        "identifiers": [[each.kind, each.value] for each in order.identifiers],
        "profile": order.profile,
        "replaces": order.replaces,
        "error": order.error,
        "serial": order.serial,
        "made_at": seconds(order.made_at),
        "expires": seconds(order.expires),
    }


def _authorization_row(authorization: Authorization) -> dict[str, Any]:
    return {
        "id": authorization.id,
        "order_id": authorization.order,
        "account": authorization.account,
        "kind": authorization.identifier.kind,
        "value": authorization.identifier.value,
        "status": authorization.status.value,
        "token": authorization.token,
        "challenges": challenges_json(authorization.challenges),
        "expires": seconds(authorization.expires),
    }
