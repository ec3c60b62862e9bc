"""What the ACME server remembers, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rootlet.ca.acme.identifiers import Identifier
from rootlet.ca.acme.states import Status

__all__ = ["Account", "Authorization", "BindingKey", "Challenge", "Order"]


@dataclass(frozen=True)
class BindingKey:
    """A key for external account binding."""

    kid: str
    name: str
    """What the maker calls it."""
    secret: bytes = field(repr=False)
    names: tuple[str, ...]
    """Names and ".suffixes" that its accounts may order; none: all that the maker allows."""
    made_at: datetime


@dataclass(frozen=True)
class Account:
    """An account."""

    id: str
    jwk: Mapping[str, str]
    thumbprint: str
    contact: tuple[str, ...]
    status: Status
    kid: str | None
    """Of the external account that it is bound to."""
    made_at: datetime


@dataclass(frozen=True)
class Challenge:
    """One way to prove a name."""

    kind: str
    status: Status
    since: datetime | None = None
    """When the client last said that it is in place."""
    validated: datetime | None = None
    error: Mapping[str, Any] | None = None
    """A problem document."""


@dataclass(frozen=True)
class Authorization:
    """The right of an account to one name, proved or not."""

    id: str
    order: str
    account: str
    identifier: Identifier
    status: Status
    token: str
    challenges: tuple[Challenge, ...]
    expires: datetime

    def challenge(self, kind: str) -> Challenge | None:
        """The challenge of a type."""
        return next((challenge for challenge in self.challenges if challenge.kind == kind), None)


@dataclass(frozen=True)
class Order:
    """An order; ``status`` as it was stored."""

    id: str
    account: str
    status: Status
    identifiers: tuple[Identifier, ...]
    profile: str
    replaces: str | None
    """ARI identifier of the certificate that this one takes over from."""
    error: Mapping[str, Any] | None
    serial: str | None
    """Of its certificate."""
    made_at: datetime
    expires: datetime
    authorizations: tuple[str, ...] = ()
    """Their ids, in the order of the identifiers."""
