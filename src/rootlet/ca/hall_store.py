"""What all ceremonies share: the folders and the clock before, the signed record after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from rootlet.ca.ceremony import UNATTENDED, Ceremony, Sitting, ceremony_fields, sign_ceremony
from rootlet.ca.clock import ClockGuard, TimeSource
from rootlet.ca.database_store import place_of
from rootlet.ca.issuers_store import CEREMONIES, Issuers, folder_errors
from rootlet.ca.policy import policy_of
from rootlet.ca.record_store import RecordStore
from rootlet.ca.records import Issuance
from rootlet.ca.root_keys_store import RootAccess, RootFolder
from rootlet.errors import Environment
from rootlet.files import locked, write_atomic
from rootlet.maker import Maker
from rootlet.pki import PrivateKey, certificate_to_pem

__all__ = ["Conditions", "Hall", "Held", "held", "write_copy", "write_root"]

Signers = Sequence[tuple[x509.Certificate, PrivateKey]]


@dataclass(frozen=True)
class Conditions:
    """Under which a ceremony is held."""

    access: RootAccess
    root_folder: Path
    now: datetime
    sitting: Sitting = UNATTENDED
    time_source: TimeSource | None = None


@dataclass(frozen=True)
class Held:
    """What a ceremony left."""

    what: Ceremony
    steps: tuple[str, ...]
    """What was done, a sentence each."""
    certificates: tuple[tuple[str, x509.Certificate], ...]
    """Made or used, each with its part in it."""
    record: Path
    """The signed record in the maker's folder."""
    copied: bool
    """Whether it lies beside the roots as well."""
    issuances: tuple[Issuance, ...]
    """What was recorded, in the order of making."""


class Hall:
    """One ceremony under way."""

    def __init__(self, maker: Maker, conditions: Conditions, roots: RootFolder) -> None:
        self.maker, self.conditions, self.roots = maker, conditions, roots
        self.now = conditions.now
        self.issuers = Issuers(maker)
        self.steps: list[str] = []
        self.parts: list[tuple[str, x509.Certificate]] = []
        self.issuances: list[Issuance] = []

    def did(self, step: str, part: str, certificate: x509.Certificate) -> None:
        """Note a step and the certificate that it was about."""
        self.steps.append(step)
        self.parts.append((part, certificate))

    def close(self, what: Ceremony, signers: Signers, *, folder: Path | None = None) -> Held:
        """Write the signed record; ``folder`` is the maker's while it is being made."""
        folder = folder or self.maker.folder
        place = folder / CEREMONIES
        before = sorted(place.glob("[0-9]*.json")) if place.is_dir() else []
        fields = ceremony_fields(
            what,
            self.conditions.sitting,
            maker=self.maker.name,
            profile=self.maker.profile.name,
            now=self.now,
            steps=self.steps,
            certificates=self.parts,
            previous=before[-1].read_bytes() if before else None,
        )
        content = sign_ceremony(fields, signers)
        number = int(before[-1].name.partition("-")[0]) + 1 if before else 1
        name = f"{number:04}-{what.value}.json"
        write_atomic(place / name, content, private=False)
        copied = True
        try:
            write_atomic(self.roots.folder / "ceremonies" / name, content, private=False)
        except Environment:
            copied = False  # the roots may lie on something that can only be read
        return Held(
            what,
            tuple(self.steps),
            tuple(self.parts),
            place / name,
            copied,
            tuple(self.issuances),
        )


@contextmanager
def held(maker: Maker, conditions: Conditions) -> Iterator[tuple[Hall, RecordStore]]:
    """A ceremony of a CA that is there: nothing else changes it, and the clock is right."""
    issuers = Issuers(maker)
    issuers.require()
    policy = policy_of(maker)
    with (
        folder_errors(maker.folder),
        locked(maker.folder / "ca"),
        RecordStore(place_of(maker)) as records,
        RootFolder(conditions.root_folder, conditions.access, maker.profile) as roots,
    ):
        guard = ClockGuard(
            lambda: records.newest_at(policy.clock_after_serial),
            conditions.time_source,
            policy.clock_limit,
        )
        guard.check(conditions.now)
        yield Hall(maker, conditions, roots), records


def write_root(stem: Path, roots: RootFolder, root: x509.Certificate, key: PrivateKey) -> None:
    """Keep a root in the roots' folder: its key first, then its certificate."""
    for name, content in roots.files(stem.name, key).items():
        write_atomic(stem.parent / name, content, private=True)
    write_atomic(stem.with_suffix(".pem"), certificate_to_pem(root), private=False)


def write_copy(folder: Path, path: Path, certificate: x509.Certificate) -> None:
    """Keep a certificate in the maker's folder."""
    write_atomic(folder / path, certificate_to_pem(certificate), private=False)
