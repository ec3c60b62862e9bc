"""What every handler of the ACME server is given, and what it gives back."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from cryptography import x509

from rootlet.ca.acme.account_store import AccountStore
from rootlet.ca.acme.documents import Urls
from rootlet.ca.acme.jws import AccountKey, parse_json
from rootlet.ca.acme.limits import Limits
from rootlet.ca.acme.model import Account, Authorization
from rootlet.ca.acme.nonce_store import Nonces
from rootlet.ca.acme.order_store import OrderStore
from rootlet.ca.acme.problems import Kind, Problem
from rootlet.ca.authority import Authority
from rootlet.ca.record_store import RecordStore
from rootlet.ca.revocation_store import RevocationStore
from rootlet.maker_ca import AcmeRules

__all__ = ["Acme", "Call", "Present", "Reply", "Submit", "new_id", "no_such"]

ID_BYTES = 16

Event = Callable[..., None]


class Submit(Protocol):
    """Starts validations; from any thread."""

    def __call__(self, authorization: Authorization, kind: str, owner: Account) -> None:
        """Validate a challenge of this account's, if that is not under way already."""


class Present(Protocol):
    """The CA as it is now: it may be replaced while this serves."""

    def authority(self, now: datetime) -> Authority:
        """What certificates come from."""

    def chain(self, now: datetime) -> tuple[x509.Certificate, ...]:
        """The issuing CA, and those before it whose certificates may still live."""


def new_id() -> str:
    """Names an account or an order; cannot be guessed."""
    return secrets.token_urlsafe(ID_BYTES)


def no_such(what: str) -> Problem:
    """404; the same for what is there and somebody else's."""
    return Problem(
        Kind.MALFORMED, f"there is no such {what} of this account: begin a new order", status=404
    )


@dataclass
class Acme:
    """The server's parts."""

    present: Present
    records: RecordStore
    accounts: AccountStore
    orders: OrderStore
    revocations: RevocationStore
    nonces: Nonces
    rules: AcmeRules
    profiles: Mapping[str, timedelta]
    """Never empty; the first is what an order gets that names none."""
    limits: Limits
    urls: Urls
    now: Callable[[], datetime]
    submit: Submit
    event: Event
    """Writes a line into the log."""

    @property
    def authority(self) -> Authority:
        """What certificates come from now."""
        return self.present.authority(self.now())


@dataclass(frozen=True)
class Call:
    """A request whose signature, nonce and address are right."""

    payload: bytes
    key: AccountKey
    account: Account | None
    """None where the request is signed with a key that stands in it."""
    path: Mapping[str, str]
    query: Mapping[str, str]
    client: str
    """The client's address."""

    @property
    def owner(self) -> Account:
        """The account, of requests that need one."""
        assert self.account is not None
        return self.account

    def json(self) -> dict[str, Any]:
        """The payload."""
        return parse_json(self.payload, "the payload")

    def expect_empty(self) -> None:
        """Of POST-as-GET (section 6.3) the payload is empty."""
        if self.payload:
            raise Problem(
                Kind.MALFORMED, 'this is read with POST-as-GET: the payload is "", not an object'
            )


@dataclass(frozen=True)
class Reply:
    """An answer."""

    body: Mapping[str, Any] | bytes | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
