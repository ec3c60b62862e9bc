"""Accounts, and the keys that bind them to what the maker knows of."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from rootlet.ca.acme.model import Account, BindingKey
from rootlet.ca.acme.statements_store import ACCOUNT_WITH_ID, ACCOUNT_WITH_KEY
from rootlet.ca.acme.states import Status
from rootlet.ca.acme.tables_store import ACCOUNTS, KEYS, account_of, key_of, seconds
from rootlet.ca.database_store import Database
from rootlet.ca.statement_store import Statement
from rootlet.errors import State

__all__ = ["AccountStore"]

KNOWN_SECONDS = 2.0
"""How long an account is known without asking the database: what another node, or rootlet ca acme
key remove, changes is seen after that at the latest."""

MOST_KNOWN = 10_000


class AccountStore:
    """Accounts and binding keys in the CA's database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[float, Account]] = {}

    def with_id(self, identity: str) -> Account | None:
        """The account of an address."""
        known = self._known.get(identity)
        if known is not None and time.monotonic() < known[0]:
            return known[1]
        found = self._find(ACCOUNT_WITH_ID, identity)
        if found is not None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[identity] = (time.monotonic() + KNOWN_SECONDS, found)
        return found

    def with_key(self, thumbprint: str) -> Account | None:
        """The account of a key."""
        return self._find(ACCOUNT_WITH_KEY, thumbprint)

    def _find(self, query: Statement, wanted: str) -> Account | None:
        with self._database.snapshot() as connection:
            row = query.first(connection, wanted=wanted)
        return None if row is None else account_of(row)

    def add(self, account: Account) -> Account:
        """Keep a new account; the one that its key has already, when it has."""
        with self._database.transaction() as connection:
            self._database.lock(connection, "acme accounts")
            same = ACCOUNTS.select().where(ACCOUNTS.c.thumbprint == account.thumbprint)
            if row := connection.execute(same).mappings().first():
                return account_of(row)
            connection.execute(
                ACCOUNTS.insert().values(
                    id=account.id,
                    thumbprint=account.thumbprint,
                    jwk=dict(account.jwk),
                    contact=list(account.contact),
                    status=account.status.value,
                    kid=account.kid,
                    made_at=seconds(account.made_at),
                )
            )
        return account

    def set_contact(self, identity: str, contact: Sequence[str]) -> None:
        """Change whom to write to."""
        self._change(identity, contact=list(contact))

    def deactivate(self, identity: str) -> None:
        """Close an account for good."""
        self._change(identity, status=Status.DEACTIVATED.value)

    def _change(self, identity: str, **values: object) -> None:
        with self._database.transaction() as connection:
            connection.execute(ACCOUNTS.update().where(ACCOUNTS.c.id == identity).values(**values))
        self._known.pop(identity, None)

    def change_key(
        self, identity: str, old: str, new: str, jwk: Mapping[str, str]
    ) -> Account | None:
        """Give an account another key in place of ``old``; the account that has it, if one has."""
        with self._database.transaction() as connection:
            self._database.lock(connection, "acme accounts")
            same = ACCOUNTS.select().where(ACCOUNTS.c.thumbprint == new)
            if row := connection.execute(same).mappings().first():
                return account_of(row)
            which = (ACCOUNTS.c.id == identity) & (ACCOUNTS.c.thumbprint == old)
            changed = ACCOUNTS.update().where(which).values(thumbprint=new, jwk=dict(jwk))
            connection.execute(changed)
        self._known.pop(identity, None)
        return None

    def add_key(self, key: BindingKey) -> None:
        """Keep a binding key; ``State`` when there is one of its name."""
        with self._database.transaction() as connection:
            self._database.lock(connection, "acme accounts")
            same = sa.select(KEYS.c.kid).where(KEYS.c.name == key.name)
            if connection.execute(same).first():
                raise State(
                    f"there is a key called {key.name} already",
                    hint=f"remove it first: rootlet ca acme key remove {key.name}",
                )
            connection.execute(
                KEYS.insert().values(
                    kid=key.kid,
                    name=key.name,
                    secret=key.secret,
                    names=list(key.names),
                    made_at=seconds(key.made_at),
                )
            )

    def key(self, kid: str) -> BindingKey | None:
        """The binding key of an id."""
        with self._database.snapshot() as connection:
            row = connection.execute(KEYS.select().where(KEYS.c.kid == kid)).mappings().first()
        return None if row is None else key_of(row)

    def bindings(self) -> tuple[tuple[BindingKey, int], ...]:
        """All binding keys by name, each with how many accounts are bound to it and in use."""
        used = (ACCOUNTS.c.kid == KEYS.c.kid) & (ACCOUNTS.c.status == Status.VALID.value)
        count = sa.func.count(ACCOUNTS.c.id).label("accounts")
        query = sa.select(KEYS, count).outerjoin(ACCOUNTS, used).group_by(KEYS.c.kid)
        with self._database.snapshot() as connection:
            rows = connection.execute(query.order_by(KEYS.c.name)).mappings().all()
        return tuple((key_of(row), int(row["accounts"])) for row in rows)

    def remove_key(self, name: str) -> int:
        """Remove a binding key and close its accounts; how many were closed."""
        with self._database.transaction() as connection:
            kid = connection.execute(sa.select(KEYS.c.kid).where(KEYS.c.name == name)).scalar()
            if kid is None:
                raise State(f"there is no key called {name}", hint="see: rootlet ca acme key list")
            connection.execute(KEYS.delete().where(KEYS.c.kid == kid))
            bound = (ACCOUNTS.c.kid == kid) & (ACCOUNTS.c.status == Status.VALID.value)
            closed = ACCOUNTS.update().where(bound).values(status=Status.REVOKED.value)
            return connection.execute(closed).rowcount
