"""Addresses of the ACME resources, and the JSON of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from rootlet.ca.acme.model import Account, Authorization, Challenge, Order
from rootlet.ca.acme.states import AuthorizationEvent, OrderEvent, Status, after

__all__ = ["Urls", "account_document", "at", "authorization_at", "directory", "text_of"]


def text_of(moment: datetime) -> str:
    """RFC 3339."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True)
class Urls:
    """Where everything is, below what clients call this server by."""

    base: str
    """ "https://ca.example.test:8443", without a slash at its end."""

    def of(self, kind: str, *parts: str) -> str:
        """The address of one resource, or of a kind of them."""
        return "/".join((self.base, "acme", kind, *parts))

    def account(self, identity: str) -> str:
        """What "kid" holds."""
        return self.of("account", identity)

    def account_of(self, kid: str) -> str | None:
        """The account that an address names, None for an address of something else."""
        start = self.of("account", "")
        return kid.removeprefix(start) if kid.startswith(start) else None

    def challenge(self, authorization: Authorization, challenge: Challenge) -> dict[str, Any]:
        """A challenge's JSON."""
        document: dict[str, Any] = {
            "type": challenge.kind,
            "url": self.of("challenge", authorization.id, challenge.kind),
            "status": challenge.status.value,
            "token": authorization.token,
        }
        if challenge.validated is not None:
            document["validated"] = text_of(challenge.validated)
        if challenge.error is not None:
            document["error"] = dict(challenge.error)
        return document

    def authorization(self, authorization: Authorization) -> dict[str, Any]:
        """An authorization's JSON; once it is decided, only what decided it (section 7.1.4)."""
        shown = authorization.challenges
        if authorization.status is not Status.PENDING:
            decided = tuple(each for each in shown if each.status is not Status.PENDING)
            shown = decided or shown
        return {
            "identifier": authorization.identifier.document(),
            "status": authorization.status.value,
            "expires": text_of(authorization.expires),
            "challenges": [self.challenge(authorization, each) for each in shown],
        }

    def order(self, order: Order) -> dict[str, Any]:
        """An order's JSON."""
        document: dict[str, Any] = {
            "status": order.status.value,
            "expires": text_of(order.expires),
            "identifiers": [identifier.document() for identifier in order.identifiers],
            "profile": order.profile,
            "authorizations": [self.of("authorization", each) for each in order.authorizations],
            "finalize": self.of("finalize", order.id),
        }
        if order.error is not None:
            document["error"] = dict(order.error)
        if order.serial is not None:
            document["certificate"] = self.of("certificate", order.serial)
        if order.replaces is not None:
            document["replaces"] = order.replaces
        return document


def account_document(urls: Urls, account: Account) -> dict[str, Any]:
    """An account's JSON."""
    return {
        "status": account.status.value,
        "contact": list(account.contact),
        "orders": urls.of("orders", account.id),
        "key": dict(account.jwk),
    }


def directory(
    urls: Urls, profiles: Mapping[str, timedelta], *, binding_required: bool, website: str
) -> dict[str, Any]:
    """The directory (section 7.1.1, RFC 9773 section 4)."""
    kinds = {
        "newNonce": "new-nonce",
        "newAccount": "new-account",
        "newOrder": "new-order",
        "revokeCert": "revoke-certificate",
        "keyChange": "key-change",
        "renewalInfo": "renewal-info",
    }
    return {
        **{name: urls.of(kind) for name, kind in kinds.items()},
        "meta": {
            "externalAccountRequired": binding_required,
            "website": website,
            "profiles": {
                name: f"certificates that live {_words(lifetime)}"
                for name, lifetime in profiles.items()
            },
        },
    }


def _words(lifetime: timedelta) -> str:
    seconds = int(lifetime.total_seconds())
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"


def at(order: Order, now: datetime) -> Order:
    """An order as it is ``now``: one that was not finished in time has failed."""
    status = after(order.status, OrderEvent.FAILED)
    return order if status is None or now < order.expires else replace(order, status=status)


def authorization_at(authorization: Authorization, now: datetime) -> Authorization:
    """An authorization as it is ``now``."""
    status = after(authorization.status, AuthorizationEvent.EXPIRED)
    late = status is not None and now >= authorization.expires
    return replace(authorization, status=status) if late and status else authorization
