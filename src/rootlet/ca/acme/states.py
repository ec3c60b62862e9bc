"""What an order, an authorization and a challenge may become: one table each.

RFC 8555 section 7.1.6. Whatever pair does not stand in its table cannot happen. An order is never
left in ``processing`` here: its certificate and its end are recorded in one transaction, so after
a crash it is ready still, or valid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum, StrEnum
from typing import Any

__all__ = [
    "AUTHORIZATION",
    "CHALLENGE",
    "ORDER",
    "AuthorizationEvent",
    "ChallengeEvent",
    "OrderEvent",
    "Status",
    "after",
    "of_order",
]


class Status(StrEnum):
    """Status of an account, order, authorization or challenge, as it stands in JSON."""

    PENDING = "pending"
    READY = "ready"
    PROCESSING = "processing"
    VALID = "valid"
    INVALID = "invalid"
    DEACTIVATED = "deactivated"
    EXPIRED = "expired"
    REVOKED = "revoked"


class ChallengeEvent(Enum):
    """What happens to a challenge."""

    ANSWERED = "the client says it is in place"
    PROVED = "validation succeeds"
    FAILED = "validation fails"


class AuthorizationEvent(Enum):
    """What happens to an authorization."""

    PROVED = "a challenge becomes valid"
    FAILED = "a challenge becomes invalid"
    DEACTIVATED = "the client gives it up"
    EXPIRED = "its time ends"


class OrderEvent(Enum):
    """What happens to an order."""

    AUTHORIZED = "the last authorization becomes valid"
    FAILED = "an authorization fails, is given up or expires"
    ISSUED = "its certificate is recorded"
    REFUSED = "the authority refuses to issue it"


CHALLENGE: Mapping[tuple[Status, ChallengeEvent], Status] = {
    (Status.PENDING, ChallengeEvent.ANSWERED): Status.PROCESSING,
    (Status.PROCESSING, ChallengeEvent.ANSWERED): Status.PROCESSING,
    (Status.PROCESSING, ChallengeEvent.PROVED): Status.VALID,
    (Status.PROCESSING, ChallengeEvent.FAILED): Status.INVALID,
}
AUTHORIZATION: Mapping[tuple[Status, AuthorizationEvent], Status] = {
    (Status.PENDING, AuthorizationEvent.PROVED): Status.VALID,
    (Status.PENDING, AuthorizationEvent.FAILED): Status.INVALID,
    (Status.PENDING, AuthorizationEvent.DEACTIVATED): Status.DEACTIVATED,
    (Status.PENDING, AuthorizationEvent.EXPIRED): Status.INVALID,
    (Status.VALID, AuthorizationEvent.DEACTIVATED): Status.DEACTIVATED,
    (Status.VALID, AuthorizationEvent.EXPIRED): Status.EXPIRED,
}
ORDER: Mapping[tuple[Status, OrderEvent], Status] = {
    (Status.PENDING, OrderEvent.AUTHORIZED): Status.READY,
    (Status.PENDING, OrderEvent.FAILED): Status.INVALID,
    (Status.READY, OrderEvent.FAILED): Status.INVALID,
    (Status.READY, OrderEvent.ISSUED): Status.VALID,
    (Status.READY, OrderEvent.REFUSED): Status.INVALID,
}

_TABLES: Mapping[type[Enum], Mapping[Any, Status]] = {
    ChallengeEvent: CHALLENGE,
    AuthorizationEvent: AUTHORIZATION,
    OrderEvent: ORDER,
}


def after(status: Status, event: ChallengeEvent | AuthorizationEvent | OrderEvent) -> Status | None:
    """The status that follows, or None for what cannot happen in this one."""
    return _TABLES[type(event)].get((status, event))


def of_order(authorizations: Iterable[Status]) -> OrderEvent | None:
    """What the states of its authorizations make happen to a pending order."""
    states = set(authorizations)
    if states <= {Status.VALID}:
        return OrderEvent.AUTHORIZED
    return OrderEvent.FAILED if states - {Status.VALID, Status.PENDING} else None
