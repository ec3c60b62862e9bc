"""Malfeasance reports (RFC 10049 section 8.4): whether one proves what it says. Sans-IO."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from rootlet.errors import Refused
from rootlet.roughtime import protocol as p
from rootlet.roughtime.client import Sample, verify
from rootlet.roughtime.measure import chained_nonce, contradictions
from rootlet.roughtime.message import decode_packet

__all__ = ["MAX_ENTRIES", "Proof", "verify_report"]

MAX_ENTRIES = 256
"""Responses in a report: two rounds of a list longer than any there is. Each is two signatures."""


@dataclass(frozen=True)
class Proof:
    """What a report that holds shows."""

    public_keys: tuple[bytes, ...]
    """Whose response each is."""
    samples: tuple[Sample, ...]
    """What they said, in the order of arrival."""
    pairs: tuple[tuple[int, int], ...]
    """Places (earlier, later) of responses that cannot both be true."""


def _no(reason: str, status: str) -> NoReturn:
    raise Refused(
        f"the report proves nothing: {reason}",
        hint="ask whoever sent it for the one that their client wrote",
        status=status,
    )


def verify_report(report: object) -> Proof:
    """Check every response, the chain, and that two responses contradict each other.

    ``report`` is what JSON was read to. ``Refused`` with the first rule that is broken: "format",
    "response", "chain" or "consistent".
    """
    entries = report.get("responses") if isinstance(report, dict) else None
    if not isinstance(entries, list) or not 2 <= len(entries) <= MAX_ENTRIES:
        _no(f"it has no list of 2 to {MAX_ENTRIES} responses", "format")
    samples: list[Sample] = []
    keys: list[bytes] = []
    previous: bytes | None = None
    for place, entry in enumerate(entries):
        where = f"response {place + 1}"
        if not isinstance(entry, dict):
            _no(f"{where} is no object", "format")
        key, request, response = (
            _bytes(entry, name, where) for name in ("publicKey", "request", "response")
        )
        try:
            samples.append(verify(request, response, key))
            nonce = decode_packet(request)[p.NONC]
        except (Refused, ValueError, KeyError) as error:
            _no(f"{where} does not verify: {error}", "response")
        if previous is not None:
            rand = _bytes(entry, "rand", where)
            if len(rand) != p.NONCE_BYTES or nonce != chained_nonce(previous, rand):
                _no(f"the nonce of {where} is not made from the response before it", "chain")
        keys.append(key)
        previous = response
    pairs = contradictions(samples)
    if not pairs:
        _no("all the times agree", "consistent")
    return Proof(tuple(keys), tuple(samples), tuple(pairs))


def _bytes(entry: Mapping[str, Any], name: str, where: str) -> bytes:
    """A value of an entry: base64 of RFC 4648 section 4, padded."""
    try:
        return base64.b64decode(entry[name].encode("ascii"), validate=True)
    except (KeyError, AttributeError, UnicodeEncodeError, binascii.Error):
        _no(f"{where} has no {name} in base64", "format")
