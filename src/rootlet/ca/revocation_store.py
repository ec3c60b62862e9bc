"""Which certificates were revoked and when, and the numbers of the CRLs made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.ca.record_store import RecordStore
from rootlet.ca.statement_store import Statement
from rootlet.ca.tables_store import CRLS, ISSUANCES, REVOCATIONS
from rootlet.pki import Reason

__all__ = ["Revocation", "RevocationStore", "is_revoked"]

KNOWN = Statement(
    sa.select(REVOCATIONS.c.number).where(REVOCATIONS.c.serial == sa.bindparam("wanted"))
)


@dataclass(frozen=True)
class Revocation:
    """That a certificate is not to be accepted any more."""

    serial: str
    """As in the record of issuances."""
    reason: Reason
    at: datetime


class RevocationStore:
    """Keeps revocations in the same database as the record of issuances."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records

    def add(self, serials: Iterable[str], reason: Reason, at: datetime) -> tuple[str, ...]:
        """Revoke certificates, all or none; those that were revoked before stay as they are.

        Returns the serials that are new. They are on the disk when this returns.
        """
        added = []
        with self._records.database.transaction() as connection:
            for serial in serials:
                known = sa.select(REVOCATIONS.c.number).where(REVOCATIONS.c.serial == serial)
                if connection.execute(known).scalar() is None:
                    row = {"serial": serial, "reason": reason.value}
                    row_at = {**row, "revoked_at": int(at.timestamp())}
                    connection.execute(REVOCATIONS.insert().values(**row_at))
                    added.append(serial)
        return tuple(added)

    def all(self) -> dict[str, Revocation]:
        """Everything that was ever revoked, by serial, oldest first."""
        query = REVOCATIONS.select().order_by(REVOCATIONS.c.number)
        with self._records.database.snapshot() as connection:
            return {row["serial"]: _revocation(row) for row in connection.execute(query).mappings()}

    def certificates(self, valid_at: datetime) -> list[tuple[Revocation, bytes]]:
        """What was revoked and had not ended then, with its certificate in DER, oldest first."""
        query = (
            sa.select(REVOCATIONS, ISSUANCES.c.der)
            .join(ISSUANCES, ISSUANCES.c.serial == REVOCATIONS.c.serial)
            .where(ISSUANCES.c.not_after >= int(valid_at.timestamp()))
            .order_by(REVOCATIONS.c.number)
        )
        with self._records.database.snapshot() as connection:
            rows = connection.execute(query).mappings()
            return [(_revocation(row), row["der"]) for row in rows]

    def has(self, serial: str) -> bool:
        """Whether the certificate with this serial was revoked."""
        with self._records.database.snapshot() as connection:
            return is_revoked(connection, serial)

    def numbered(
        self, issuer: bytes, make: Callable[[int], x509.CertificateRevocationList]
    ) -> x509.CertificateRevocationList:
        """Make a CRL with the next number; it is recorded when this returns.

        ``issuer`` is the key identifier of the CA. Numbers grow over all CAs together, and so for
        each of them.
        """
        with self._records.database.transaction() as connection:
            row = {"issuer": issuer.hex(), "this_update": 0, "next_update": 0}
            begun = connection.execute(CRLS.insert().values(**row, entries=0, sha256=""))
            assert begun.inserted_primary_key is not None  # a single row was inserted
            number = int(begun.inserted_primary_key[0])
            crl = make(number)
            assert crl.next_update_utc is not None  # issue_crl sets it
            done = {
                "this_update": int(crl.last_update_utc.timestamp()),
                "next_update": int(crl.next_update_utc.timestamp()),
                "entries": len(crl),
                "sha256": hashlib.sha256(crl.public_bytes(Encoding.DER)).hexdigest(),
            }
            connection.execute(CRLS.update().where(CRLS.c.number == number).values(**done))
        return crl


def is_revoked(connection: sa.Connection, serial: str) -> bool:
    """Whether a certificate was revoked, read with something else."""
    return KNOWN.first(connection, wanted=serial) is not None


def _revocation(row: sa.RowMapping) -> Revocation:
    moment = datetime.fromtimestamp(row["revoked_at"], UTC)
    return Revocation(row["serial"], Reason(row["reason"]), moment)
