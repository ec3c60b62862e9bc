"""Orders from newOrder to finalize (RFC 8555 section 7.4 and 7.5)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from rootlet.ca.acme.ari import certificate_id, serial_of
from rootlet.ca.acme.csr import request_key
from rootlet.ca.acme.documents import at, authorization_at
from rootlet.ca.acme.http_context import Acme, Call, Reply, new_id, no_such
from rootlet.ca.acme.identifiers import Identifier, allowed_by, parse_identifiers
from rootlet.ca.acme.jws import decode
from rootlet.ca.acme.model import Account, Authorization, Challenge, Order
from rootlet.ca.acme.order_store import Lost, OrderRecords, Taken
from rootlet.ca.acme.problems import Kind, Problem, of_refusal
from rootlet.ca.acme.states import Status
from rootlet.errors import Refused, RootletError

__all__ = ["authorization", "challenge", "finalize", "new_order", "order"]

ORDER_LIFE = timedelta(hours=24)
"""In which an order must be finished."""

TOKEN_BYTES = 32
"""RFC 8555 section 8 asks for at least 128 bits."""

AGAIN = timedelta(seconds=30)
"""A validation takes less; one that takes longer was lost with its node, and is begun anew."""

POLL = {"Retry-After": "1"}


def new_order(acme: Acme, call: Call) -> Reply:
    """Begin an order: one authorization for each name, nothing is reused."""
    owner, values = call.owner, call.json()
    acme.limits.orders.take(owner.id)
    for name in ("notBefore", "notAfter"):
        if name in values:
            raise Problem(Kind.MALFORMED, f"{name} is decided by the profile: leave it out")
    identifiers = parse_identifiers(values.get("identifiers"))
    _check_allowed(acme, owner, identifiers)
    now = acme.now()
    made = Order(
        id=new_id(),
        account=owner.id,
        status=Status.PENDING,
        identifiers=identifiers,
        profile=_profile(acme, values),
        replaces=_replaces(acme, owner, identifiers, values),
        error=None,
        serial=None,
        made_at=now,
        expires=now + ORDER_LIFE,
    )
    authorizations = [
        _authorization(acme, made, number, each) for number, each in enumerate(identifiers)
    ]
    made = replace(made, authorizations=tuple(each.id for each in authorizations))
    try:
        acme.orders.add(made, authorizations)
    except Taken as error:
        raise Problem(
            Kind.ALREADY_REPLACED,
            "another order replaces that certificate already: order without replaces",
        ) from error
    names = [identifier.value for identifier in identifiers]
    acme.event("order_made", account=owner.id, order=made.id, names=names, profile=made.profile)
    return Reply(acme.urls.order(made), 201, {"Location": acme.urls.of("order", made.id)})


def _check_allowed(acme: Acme, owner: Account, identifiers: tuple[Identifier, ...]) -> None:
    """The maker's names, then the binding key's; a subproblem for each that is refused."""
    key = None if owner.kid is None else acme.accounts.key(owner.kid)
    refused: list[dict[str, Any]] = []
    for identifier in identifiers:
        try:
            acme.authority.policy.server_hosts([identifier.value])
            if key is not None and not allowed_by(key.names, identifier):
                raise Problem(
                    Kind.REJECTED_IDENTIFIER,
                    f"{identifier.value} is not among the names of key {key.name}: the CA's owner "
                    "can make a key for it",
                )
        except Refused as error:
            refused.append(_about(identifier, of_refusal(error)))
        except Problem as problem:
            refused.append(_about(identifier, problem))
    if len(refused) == 1 and len(identifiers) == 1:
        raise Problem(Kind.REJECTED_IDENTIFIER, str(refused[0]["detail"]))
    if refused:
        names = ", ".join(each["identifier"]["value"] for each in refused)
        raise Problem(
            Kind.REJECTED_IDENTIFIER,
            f"not allowed: {names}; see subproblems",
            fields={"subproblems": refused},
        )


def _about(identifier: Identifier, problem: Problem) -> dict[str, Any]:
    document = problem.document()
    del document["status"]
    return {**document, "identifier": identifier.document()}


def _profile(acme: Acme, values: Mapping[str, Any]) -> str:
    chosen = values.get("profile", next(iter(acme.profiles)))
    if not isinstance(chosen, str) or chosen not in acme.profiles:
        known = ", ".join(acme.profiles)
        raise Problem(Kind.INVALID_PROFILE, f"there is no such profile: choose from {known}")
    return chosen


def _replaces(
    acme: Acme, owner: Account, identifiers: tuple[Identifier, ...], values: Mapping[str, Any]
) -> str | None:
    """RFC 9773 section 5: a certificate of this account's, with a name in common."""
    text = values.get("replaces")
    if text is None:
        return None
    if not isinstance(text, str):
        raise Problem(Kind.MALFORMED, "replaces is a certificate's identifier, as text")
    _, serial = serial_of(text)
    before = acme.orders.with_serial(serial)
    record = acme.records.with_serial(serial)
    if before is None or record is None or before.account != owner.id:
        raise Problem(
            Kind.MALFORMED,
            "replaces names no certificate of this account's: order without it",
            status=404,
        )
    if not set(before.identifiers) & set(identifiers):
        raise Problem(Kind.MALFORMED, "replaces names a certificate for other names: omit it")
    return text


def _authorization(acme: Acme, made: Order, number: int, identifier: Identifier) -> Authorization:
    kinds = [
        kind
        for kind in acme.rules.challenges
        if identifier.kind == "dns" or kind != "dns-01"  # RFC 8738 section 7
    ]
    if not kinds:
        raise Problem(
            Kind.REJECTED_IDENTIFIER,
            "no challenge that is on offer can prove an address: order names only",
        )
    return Authorization(
        id=f"{made.id}{number:02}",
        order=made.id,
        account=made.account,
        identifier=identifier,
        status=Status.PENDING,
        token=secrets.token_urlsafe(TOKEN_BYTES),
        challenges=tuple(Challenge(kind, Status.PENDING) for kind in kinds),
        expires=made.expires,
    )


def _order(acme: Acme, call: Call) -> Order:
    found = acme.orders.order(call.path["id"])
    if found is None or found.account != call.owner.id:
        raise no_such("order")
    return at(found, acme.now())


def order(acme: Acme, call: Call) -> Reply:
    """Show an order; what was lost with a node is begun anew, as where it is asked for itself."""
    call.expect_empty()
    found = _order(acme, call)
    if found.status is Status.PENDING and acme.now() > found.made_at + AGAIN:
        for identity in found.authorizations:
            if (pending := acme.orders.authorization(identity)) is not None:
                _again(acme, pending, call.owner)
    return Reply(acme.urls.order(found))


def _owned(acme: Acme, call: Call) -> Authorization:
    found = acme.orders.authorization(call.path["id"])
    if found is None or found.account != call.owner.id:
        raise no_such("authorization")
    return found


def _again(acme: Acme, found: Authorization, owner: Account) -> bool:
    """Whether something is being validated; what was lost with a node is begun anew."""
    going = [each for each in found.challenges if each.status is Status.PROCESSING]
    if found.status is not Status.PENDING or not going:
        return False
    for each in going:
        if each.since is not None and acme.now() > each.since + AGAIN:
            acme.orders.answered(found.id, each.kind, acme.now())
            acme.submit(found, each.kind, owner)
    return True


def authorization(acme: Acme, call: Call) -> Reply:
    """Show an authorization, or give it up."""
    found = _owned(acme, call)
    if call.payload:
        if call.json().get("status") != Status.DEACTIVATED.value:
            raise Problem(Kind.MALFORMED, "an authorization can only become deactivated")
        acme.orders.give_up(found.id, acme.now())
        found = _owned(acme, call)
    headers = POLL if _again(acme, found, call.owner) else {}
    shown = authorization_at(found, acme.now())
    return Reply(acme.urls.authorization(shown), headers=headers)


def challenge(acme: Acme, call: Call) -> Reply:
    """Begin to validate a challenge, or show it."""
    found = authorization_at(_owned(acme, call), acme.now())
    kind = call.path["kind"]
    shown = found.challenge(kind)
    if shown is None:
        raise no_such("challenge")
    if call.payload:
        call.json()
        if shown.status is Status.PENDING and found.status is Status.PENDING:
            answered = acme.orders.answered(found.id, kind, acme.now())
            if answered is not None:
                found = answered
                acme.submit(found, kind, call.owner)
    headers = POLL if _again(acme, found, call.owner) else {}
    shown = found.challenge(kind)
    assert shown is not None
    above = f'<{acme.urls.of("authorization", found.id)}>;rel="up"'
    return Reply(acme.urls.challenge(found, shown), headers={**headers, "Link": above})


def finalize(acme: Acme, call: Call) -> Reply:
    """Issue; asked again after a crash, or twice at once, it gives the one certificate there is."""
    found = _order(acme, call)
    if found.status is Status.VALID:
        return _finalized(acme, found)
    if found.status is not Status.READY:
        raise Problem(
            Kind.ORDER_NOT_READY,
            f"the order is {found.status.value}: prove every name first, or begin a new order",
        )
    der = decode(call.json().get("csr"), "csr")
    key = request_key(der, found.identifiers, acme.authority.policy)
    if key == call.key.key.public_key:
        raise Problem(Kind.BAD_CSR, "its key is the account's: make another for the server")
    try:
        issued = acme.authority.recording(OrderRecords(acme.records, found.id))
        made = issued.issue_server(
            [identifier.value for identifier in found.identifiers],
            now=acme.now(),
            lifetime=acme.profiles.get(found.profile, next(iter(acme.profiles.values()))),
            public_key=key,
        )
    except Lost:
        return _finalized(acme, _order(acme, call))
    except RootletError as error:
        raise _unissued(acme, found, error) from error
    acme.event(
        "issued",
        account=found.account,
        order=found.id,
        serial=made.record.serial,
        names=list(made.record.names),
        not_after=f"{made.record.not_after:%Y-%m-%dT%H:%M:%SZ}",
        ari=certificate_id(made.certificate),
    )
    return _finalized(acme, replace(found, status=Status.VALID, serial=made.record.serial))


def _unissued(acme: Acme, found: Order, error: RootletError) -> Problem:
    """A refusal ends the order; a fault of the machine leaves it ready for another try."""
    problem = of_refusal(error)
    if problem.kind is not Kind.SERVER_INTERNAL:
        acme.orders.refused(found.id, problem.document())
    acme.event("not_issued", order=found.id, error=error.message, hint=error.hint)
    return problem


def _finalized(acme: Acme, found: Order) -> Reply:
    headers = {"Location": acme.urls.of("order", found.id)}
    return Reply(acme.urls.order(found), headers=headers)
