"""One-time secrets with which devices enrol for the first time.

A secret belongs to one device and to the first key that is shown with it: a device whose answer was
lost asks again with the same key, nobody else can use the secret any more. Only hashes are kept; a
secret has 128 random bits, so a plain hash of it cannot be tried out.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rootlet.ca.database_store import Database
from rootlet.ca.tables_store import ENROLMENTS
from rootlet.errors import Misuse, Refused
from rootlet.pki import check_device_id

__all__ = ["Enrolment", "EnrolmentStore"]

SECRET_BYTES = 16
"""128 bits: nothing to guess, and short enough to be typed or printed on a label."""


@dataclass(frozen=True)
class Enrolment:
    """What is known of a device that may enrol."""

    device: str
    ends_at: datetime
    used: bool


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _refused() -> Refused:
    """The same for an unknown device and a wrong secret."""
    return Refused(
        "the device is not expected, or its secret is wrong",
        hint="let it be expected: rootlet ca enrol add ID",
        status="enrolment",
    )


class EnrolmentStore:
    """Keeps them in the CA's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        devices: Sequence[str],
        *,
        now: datetime,
        lasts: timedelta,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> tuple[tuple[str, str], ...]:
        """Make a secret for each device, in place of one it had; gives (device, secret).

        All or none: ``Refused`` names the first id that is not well formed or given twice.
        """
        made = [(check_device_id(device), random(SECRET_BYTES).hex()) for device in devices]
        if len({device for device, _ in made}) != len(made):
            raise Misuse("a device is given twice", hint="give each id once")
        ends = int((now + lasts).timestamp())
        rows = [
            {"device": device, "secret_sha256": _sha256(secret.encode()), "ends_at": ends}
            for device, secret in made
        ]
        table = ENROLMENTS
        with self._database.transaction() as connection:
            for row in rows:
                connection.execute(table.delete().where(table.c.device == row["device"]))
            if rows:
                connection.execute(table.insert(), rows)
        return tuple(made)

    def remove(self, device: str) -> bool:
        """Take a secret back; False when there was none."""
        with self._database.transaction() as connection:
            query = ENROLMENTS.delete().where(ENROLMENTS.c.device == device)
            return connection.execute(query).rowcount > 0

    def all(self) -> tuple[Enrolment, ...]:
        """Every device that may or did enrol, by id."""
        with self._database.snapshot() as connection:
            rows = connection.execute(ENROLMENTS.select().order_by(ENROLMENTS.c.device)).mappings()
            return tuple(
                Enrolment(
                    row["device"],
                    datetime.fromtimestamp(row["ends_at"], UTC),
                    row["key_sha256"] is not None,
                )
                for row in rows
            )

    def claim(self, device: str, secret: str, key: bytes, *, now: datetime) -> None:
        """Bind the secret to ``key`` (its SubjectPublicKeyInfo), durably, or ``Refused``.

        The certificate is issued behind this: when that fails the device asks again with its key.
        """
        try:
            check_device_id(device)
        except Refused:
            raise _refused() from None
        table = ENROLMENTS
        with self._database.transaction() as connection:
            query = table.select().where(table.c.device == device).with_for_update()
            row = connection.execute(query).mappings().first()
            known = "" if row is None else row["secret_sha256"]
            same = hmac.compare_digest(known, _sha256(secret.encode("utf-8", "replace")))
            if row is None or not same:
                raise _refused()
            if now.timestamp() > row["ends_at"]:
                raise Refused(
                    f"the time in which {device} may enrol is over",
                    hint=f"begin it anew: rootlet ca enrol add {device}",
                    status="enrolment",
                )
            shown = _sha256(key)
            if row["key_sha256"] not in {None, shown}:
                raise Refused(
                    f"{device} enrolled with another key already",
                    hint=f"if that was not you, revoke it; then: rootlet ca enrol add {device}",
                    status="enrolment",
                )
            connection.execute(
                table.update().where(table.c.device == device).values(key_sha256=shown)
            )
