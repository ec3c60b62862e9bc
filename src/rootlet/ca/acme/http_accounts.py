"""Accounts: made, found, changed, closed, their keys exchanged (RFC 8555 section 7.3)."""

from __future__ import annotations

import re
from typing import Any

from rootlet.ca.acme.documents import account_document
from rootlet.ca.acme.http_context import Acme, Call, Reply, new_id, no_such
from rootlet.ca.acme.jws import BINDING, account_key, check_binding, parse, parse_json, verify
from rootlet.ca.acme.model import Account
from rootlet.ca.acme.problems import Kind, Problem
from rootlet.ca.acme.states import Status

__all__ = ["account", "key_change", "new_account", "orders"]

MAIL = re.compile(r"mailto:[!#-+\--<>A-~]{1,64}@[A-Za-z0-9.-]{1,190}")
MOST_CONTACTS = 5

PAGE = 100
"""Orders in one list."""


def new_account(acme: Acme, call: Call) -> Reply:
    """Make an account for the request's key, or find the one it has."""
    values = call.json()
    found = acme.accounts.with_key(call.key.thumbprint)
    if found is not None:
        if found.status is not Status.VALID:
            raise closed(found)
        return _reply(acme, found, 200)
    if _flag(values, "onlyReturnExisting"):
        raise Problem(
            Kind.ACCOUNT_DOES_NOT_EXIST, "no account has this key: make one with newAccount"
        )
    contact = _contact(values)
    kid = _binding(acme, call, values.get("externalAccountBinding"))
    acme.limits.accounts.take(call.client)
    made = acme.accounts.add(
        Account(
            id=new_id(),
            jwk=call.key.jwk,
            thumbprint=call.key.thumbprint,
            contact=contact,
            status=Status.VALID,
            kid=kid,
            made_at=acme.now(),
        )
    )
    acme.event("account_made", account=made.id, binding=kid)
    return _reply(acme, made, 201)


def _reply(acme: Acme, found: Account, status: int) -> Reply:
    document = account_document(acme.urls, found)
    return Reply(document, status, {"Location": acme.urls.account(found.id)})


def _flag(values: dict[str, Any], name: str) -> bool:
    value = values.get(name, False)
    if not isinstance(value, bool):
        raise Problem(Kind.MALFORMED, f"{name} is true or false: send it so")
    return value


def closed(account: Account) -> Problem:
    """For requests of an account that is not in use any more."""
    return Problem(
        Kind.UNAUTHORIZED, f"this account is {account.status.value}: make one with a new key"
    )


def _contact(values: dict[str, Any]) -> tuple[str, ...]:
    contact = values.get("contact", [])
    if not isinstance(contact, list) or len(contact) > MOST_CONTACTS:
        raise Problem(Kind.MALFORMED, f"contact is a list of at most {MOST_CONTACTS} addresses")
    for each in contact:
        if not isinstance(each, str) or not each.startswith("mailto:"):
            raise Problem(Kind.UNSUPPORTED_CONTACT, "only mailto: contacts are taken: use one")
        if not MAIL.fullmatch(each):
            raise Problem(
                Kind.INVALID_CONTACT, "a contact is mailto: and one address: mend it or omit it"
            )
    return tuple(contact)


def _binding(acme: Acme, call: Call, value: Any) -> str | None:
    if value is None:
        if acme.rules.external_account_required:
            raise Problem(
                Kind.EXTERNAL_ACCOUNT_REQUIRED,
                "this CA wants to know its clients: give the kid and HMAC key that its owner makes "
                "with rootlet ca acme key add",
            )
        return None
    if not isinstance(value, dict):
        raise Problem(Kind.MALFORMED, "externalAccountBinding is a flattened JWS: send one")
    what = "externalAccountBinding"
    signed = parse(value, (BINDING,), what=what)
    key = None if signed.kid is None else acme.accounts.key(signed.kid)
    if key is None:
        raise Problem(
            Kind.UNAUTHORIZED,
            f"{what} has a kid that is not known any more: ask the CA's owner for a new one",
        )
    check_binding(signed, key.secret, call.key, acme.urls.of("new-account"))
    return key.kid


def account(acme: Acme, call: Call) -> Reply:
    """Show an account, change its contact, or close it."""
    owner = call.owner
    if call.path["id"] != owner.id:
        raise Problem(
            Kind.UNAUTHORIZED, "this is the address of another account: use your own, in Location"
        )
    if call.payload:
        values = call.json()
        if values.get("status") == Status.DEACTIVATED.value:
            acme.accounts.deactivate(owner.id)
            acme.event("account_closed", account=owner.id)
        elif "status" in values and values["status"] != owner.status.value:
            raise Problem(Kind.MALFORMED, "an account's status can only become deactivated")
        elif "contact" in values:
            acme.accounts.set_contact(owner.id, _contact(values))
    found = acme.accounts.with_id(owner.id)
    assert found is not None
    return Reply(account_document(acme.urls, found))


def key_change(acme: Acme, call: Call) -> Reply:
    """Give an account a new key; both keys sign (section 7.3.5)."""
    owner, what = call.owner, "the inner request"
    inner = parse(call.json(), acme.rules.account_algorithms, what=what)
    if inner.jwk is None or inner.nonce is not None:
        raise Problem(Kind.MALFORMED, f"{what} of a key change has jwk, and neither kid nor nonce")
    if inner.url != acme.urls.of("key-change"):
        raise Problem(Kind.MALFORMED, f"{what} has another url than the request around it")
    new = account_key(inner.jwk)
    verify(inner, new)
    values = parse_json(inner.payload, what)
    if values.get("account") != acme.urls.account(owner.id):
        raise Problem(Kind.MALFORMED, f"{what} is for another account than the request around it")
    old = values.get("oldKey")
    if not isinstance(old, dict) or account_key(old).jwk != call.key.jwk:
        raise Problem(Kind.MALFORMED, f"oldKey of {what} is not the account's key")
    same = acme.accounts.change_key(owner.id, call.key.thumbprint, new.thumbprint, new.jwk)
    if same is not None:
        raise Problem(
            Kind.MALFORMED,
            "an account has this key already: choose a new one",
            status=409,
            headers={"Location": acme.urls.account(same.id)},
        )
    acme.event("account_key_changed", account=owner.id)
    found = acme.accounts.with_id(owner.id)
    assert found is not None
    return Reply(account_document(acme.urls, found))


def orders(acme: Acme, call: Call) -> Reply:
    """The account's orders, newest first, page by page."""
    call.expect_empty()
    if call.path["id"] != call.owner.id:
        raise no_such("list of orders")
    text = call.query.get("cursor", "0")
    offset = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
    ids = acme.orders.of_account(call.owner.id, offset, PAGE + 1)
    headers = {}
    if len(ids) > PAGE:
        following = f"{acme.urls.of('orders', call.owner.id)}?cursor={offset + PAGE}"
        headers["Link"] = f'<{following}>;rel="next"'
    return Reply({"orders": [acme.urls.of("order", each) for each in ids[:PAGE]]}, headers=headers)
