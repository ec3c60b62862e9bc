"""What is recorded of every certificate, and the place that keeps it, as values and a protocol."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.pki import Kind, fingerprint
from rootlet.profile import Profile

__all__ = ["Issuance", "Records", "Status", "issuance_of", "serial_text"]


class Status(StrEnum):
    """How far a certificate has come."""

    RECORDED = "recorded"
    """Committed; it has not been seen outside the CA."""
    DELIVERED = "delivered"
    """Written where servers and devices take it from, and the newest of its name there."""
    REPLACED = "replaced"
    """A newer one of its name was delivered."""
    ABANDONED = "abandoned"
    """It never left the CA, and never will: its private key was lost before it was delivered."""


@dataclass(frozen=True)
class Issuance:
    """One certificate as the CA remembers it."""

    serial: str
    """Lower-case hexadecimal, two digits a byte."""
    kind: Kind
    name: str
    """What it is asked for by: a server's first name, a device's id, or the CA's subject."""
    names: tuple[str, ...]
    """Every name it is valid for; for a device, its URN."""
    not_before: datetime
    not_after: datetime
    der: bytes
    sha256: str
    """Fingerprint of ``der``, hexadecimal."""
    profile: str
    issued_at: datetime
    status: Status


def serial_text(number: int) -> str:
    """A serial number as the record has it: lower-case hexadecimal, two digits a byte."""
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8)).hex()


def issuance_of(
    certificate: x509.Certificate,
    *,
    kind: Kind,
    name: str,
    names: tuple[str, ...],
    profile: Profile,
    now: datetime,
    der: bytes | None = None,
) -> Issuance:
    """The record of a certificate that was just made; ``der`` saves encoding it again."""
    if der is None:
        der = certificate.public_bytes(Encoding.DER)
    return Issuance(
        serial=serial_text(certificate.serial_number),
        kind=kind,
        name=name,
        names=names,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        der=der,
        sha256=fingerprint(der),
        profile=profile.name,
        issued_at=now.replace(microsecond=0),
        status=Status.RECORDED,
    )


class Records(Protocol):
    """Keeps what was issued; an addition is on the disk when it returns."""

    def add(self, *issuances: Issuance) -> None:
        """Record certificates, all of them, or raise and record nothing."""

    def delivered(self, *issuances: Issuance) -> None:
        """Mark certificates as delivered and those before of their kind and name as replaced."""

    def newest_at(self, after: str = "") -> datetime | None:
        """When the newest certificate was issued; None for none.

        With a serial, only those are looked at that were recorded after it.
        """
