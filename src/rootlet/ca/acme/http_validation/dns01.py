"""dns-01 (RFC 8555 section 8.4): a TXT record below the name."""

from __future__ import annotations

import hmac

from rootlet.ca.acme.http_validation.interface import Task
from rootlet.ca.acme.identifiers import text_record
from rootlet.ca.acme.problems import Kind, Problem

__all__ = ["dns01"]


async def dns01(task: Task) -> None:
    """Look the record up and compare it."""
    name = f"_acme-challenge.{task.identifier.value}"
    wanted = text_record(task.authorization).encode("ascii")
    found = await task.addresses.texts(name)
    if not any(hmac.compare_digest(text, wanted) for text in found):
        what = f"has {len(found)} TXT records, none of them right" if found else "has no TXT record"
        raise Problem(
            Kind.UNAUTHORIZED, f"{name} {what}: add it, wait until it is served, try again"
        )
