"""What the CA has issued, at a glance: values that the page, the metrics and the export show.

A server's certificate is replaced at half of its life. One that is older than ``LATE`` of its life
and still the newest of its name is late: whoever renews it has had time for several tries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from rootlet.pki import Kind

__all__ = ["FORGOTTEN", "LATE", "Listed", "Overview", "Standing", "standing"]

LATE = Fraction(2, 3)
"""Part of a life after which a server's renewal is late: half, jitter, and some failed tries."""

FORGOTTEN = timedelta(days=7)
"""A name whose newest certificate ended this long ago is taken for one that is used no more: it is
counted, and no longer shown in red."""


class Standing(StrEnum):
    """How a certificate stands at a moment."""

    CURRENT = "current"
    LATE = "late"
    EXPIRED = "expired"
    FORGOTTEN = "no longer renewed"


@dataclass(frozen=True)
class Listed:
    """A certificate without its bytes."""

    serial: str
    kind: Kind
    name: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    issued_at: datetime
    status: str
    """As in ``rootlet.ca.records.Status``."""
    sha256: str

    def part_lived(self, now: datetime) -> float:
        """0 when its life begins, 1 when it ends; below and above outside of it."""
        return (now - self.not_before) / (self.not_after - self.not_before)


def standing(certificate: Listed, now: datetime) -> Standing:
    """How the newest certificate of its name stands; only servers' can be late."""
    if now > certificate.not_after + FORGOTTEN:
        return Standing.FORGOTTEN
    if now > certificate.not_after:
        return Standing.EXPIRED
    if certificate.kind is Kind.SERVER and certificate.part_lived(now) > LATE:
        return Standing.LATE
    return Standing.CURRENT


@dataclass(frozen=True)
class Overview:
    """The record in one look; all of one moment."""

    authorities: tuple[Listed, ...]
    """The newest certificate of each root and issuing CA, in the order they were made."""
    servers: tuple[Listed, ...]
    """The newest certificate of each server, by its end, the first to end first."""
    latest: tuple[Listed, ...]
    """The last issuances of any kind, newest first."""
    issued: Mapping[Kind, int]
    """All that was ever issued."""
    devices: int
    """How many devices have a certificate, each counted once."""

    def late(self, now: datetime) -> tuple[Listed, ...]:
        """Servers whose renewal is late, those that expired already among them."""
        bad = {Standing.LATE, Standing.EXPIRED}
        return tuple(server for server in self.servers if standing(server, now) in bad)
