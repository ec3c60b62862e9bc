"""Makers' folders and certificates for tests, made through the library as a command would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rootlet.ca import (
    Authority,
    Issuance,
    Issued,
    NewCa,
    deliver,
    init_ca,
    make_ca,
    open_authority,
    policy_of,
)
from rootlet.maker import CONFIG_NAME, Maker, load_maker, parse_maker, starter_text
from rootlet.profile import load_profile

__all__ = [
    "NAMES",
    "PASSPHRASE",
    "Kept",
    "authority_of",
    "bare_maker",
    "deliver_device",
    "deliver_server",
    "made_maker",
    "maker_of",
    "shared_maker",
]

PASSPHRASE = b"four random words"
NAMES = ("api.example.test", "gateway.example.test", ".fleet.example.test", "192.0.2.7")


@dataclass
class Kept:
    """Records in a list."""

    added: list[Issuance] = field(default_factory=list)

    def add(self, *issuances: Issuance) -> None:
        self.added.extend(issuances)

    def delivered(self, *issuances: Issuance) -> None:
        assert set(issuances) <= set(self.added)

    def newest_at(self, after: str = "") -> datetime | None:
        serials = [issuance.serial for issuance in self.added]
        start = serials.index(after) + 1 if after in serials else 0
        return max((issuance.issued_at for issuance in self.added[start:]), default=None)


def maker_of(profile: str = "c25519", names: Sequence[str] = NAMES) -> Maker:
    """A maker without a folder."""
    return parse_maker(starter_text("Example", load_profile(profile), names), Path("nowhere"))


def authority_of(
    profile: str = "c25519", *, now: datetime, names: Sequence[str] = NAMES
) -> tuple[Authority, NewCa]:
    """An issuing CA in memory, its records in a list, and the root it hangs from."""
    maker = maker_of(profile, names)
    made = make_ca(maker.name, maker.profile, now=now)
    policy = policy_of(maker)
    return Authority(policy, made.root, made.issuing, made.issuing_key, Kept(), None), made


def bare_maker(
    folder: Path, profile: str = "c25519", names: Sequence[str] = NAMES, *, name: str = "Example"
) -> Maker:
    """A folder with nothing but rootlet.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    text = starter_text(name, load_profile(profile), names)
    (folder / CONFIG_NAME).write_text(text, encoding="utf-8")
    return load_maker(folder)


def shared_maker(folder: Path, address: str) -> Maker:
    """A folder with nothing but a rootlet.toml that names a database; empty: SQLite."""
    text = starter_text("Example", load_profile("c25519"), NAMES)
    text = text.replace('database = ""', f'database = "{address}"')
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG_NAME).write_text(text, encoding="utf-8")
    return load_maker(folder)


def made_maker(
    folder: Path, profile: str = "c25519", *, now: datetime | None = None, name: str = "Example"
) -> Maker:
    """A folder with a root and an issuing CA, made at ``now``."""
    maker = bare_maker(folder, profile, name=name)
    init_ca(maker, PASSPHRASE, now=now or datetime.now(UTC))
    return maker


def deliver_server(maker: Maker, *names: str, now: datetime | None = None) -> Issued:
    """Issue for a server and put its files where a server looks for them."""
    with open_authority(maker, verify=None) as authority:
        issued = authority.issue_server(names, now=now or datetime.now(UTC))
        deliver(maker.folder, issued, authority.records)
    return issued


def deliver_device(maker: Maker, device_id: str, now: datetime | None = None) -> Issued:
    """Issue for a device, likewise."""
    with open_authority(maker, verify=None) as authority:
        issued = authority.issue_device(device_id, now=now or datetime.now(UTC))
        deliver(maker.folder, issued, authority.records)
    return issued
