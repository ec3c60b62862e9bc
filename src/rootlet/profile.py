"""The profile: the contract between the device and everything around it.

A profile file fixes suite, group, signature scheme, limits and lifetimes. The C limits header is
generated from the same file, so no part can offer what another refuses.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from rootlet.errors import Misuse

__all__ = [
    "PROFILE_NAMES",
    "ChainLimits",
    "Lifetimes",
    "Profile",
    "RoughtimeProfile",
    "Sizes",
    "TlsProfile",
    "load_profile",
    "parse_profile",
]

PROFILE_NAMES = ("c25519", "p256")
"""The profiles there are; the first is the default."""

PROFILE_FORMAT = 1
"""The only format number known; a file with another one is refused, not guessed at."""


@dataclass(frozen=True)
class TlsProfile:
    """What goes over the wire. Code points are IANA's, sizes bytes."""

    suite: str
    suite_code: int
    group: str
    group_code: int
    signature_scheme: str
    signature_code: int
    record_limit: int
    """Content bytes in one record that the device receives."""
    max_fragment_code: int
    """RFC 6066 section 4: 1 to 4 for 512 to 4096 bytes."""
    cookie_bytes: int
    host_name_bytes: int
    alpn_bytes: int
    tickets: int
    """Session tickets a server is told to send."""


@dataclass(frozen=True)
class Sizes:
    """Bytes of each key, signature and tag."""

    key_share: int
    shared_secret: int
    private_key: int
    public_key: int
    signature: int
    """The longest."""
    hash: int
    aead_key: int
    aead_nonce: int
    aead_tag: int


@dataclass(frozen=True)
class ChainLimits:
    """What a certificate chain may hold."""

    key: str
    """Key algorithm of every certificate: "Ed25519" or "P-256"."""
    certificates: int
    signatures: int
    certificate_bytes: int
    """Largest certificate the CA issues, DER."""
    message_bytes: int
    """Largest handshake message that a device holds in RAM."""
    path_length: int


@dataclass(frozen=True)
class Lifetimes:
    """How long certificates live; units are in the names."""

    root_days: int
    issuing_days: int
    server_hours: int
    server_max_hours: int
    device_days: int
    device_max_days: int
    backdate_minutes: int


@dataclass(frozen=True)
class RoughtimeProfile:
    """How the time is asked for."""

    versions: tuple[int, ...]
    """Version numbers offered, ascending."""
    delegation_hours: int


@dataclass(frozen=True)
class Profile:
    """One profile file."""

    name: str
    summary: str
    tls: TlsProfile
    sizes: Sizes
    chain: ChainLimits
    lifetimes: Lifetimes
    roughtime: RoughtimeProfile


def _exactly(wanted: set[str], values: Any, where: str) -> None:
    got = set(values) if isinstance(values, dict) else set()
    if got != wanted:
        raise Misuse(
            f"{where} has wrong keys: {sorted(wanted ^ got)}",
            hint="use a profile that came with this version of rootlet",
        )


def _section(kind: type[Any], name: str, table: dict[str, Any]) -> Any:
    values = table.get(name)
    _exactly({field.name for field in fields(kind)}, values, f"profile section [{name}]")
    assert isinstance(values, dict)
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


def parse_profile(text: str) -> Profile:
    """Parse a profile file's text; ``Misuse`` for anything but exactly the known keys."""
    table = tomllib.loads(text)
    if table.get("format") != PROFILE_FORMAT:
        raise Misuse(
            f"profile format {table.get('format')!r} is not known",
            hint="use a profile that came with this version of rootlet",
        )
    _exactly({"format", *(field.name for field in fields(Profile))}, table, "the profile")
    return Profile(
        name=str(table["name"]),
        summary=str(table["summary"]),
        tls=_section(TlsProfile, "tls", table),
        sizes=_section(Sizes, "sizes", table),
        chain=_section(ChainLimits, "chain", table),
        lifetimes=_section(Lifetimes, "lifetimes", table),
        roughtime=_section(RoughtimeProfile, "roughtime", table),
    )


@cache
def load_profile(name: str) -> Profile:
    """Load a profile by name from the installed package or, in a source tree, from profiles/."""
    if name not in PROFILE_NAMES:
        raise Misuse(
            f"there is no profile {name!r}", hint=f"choose one of: {', '.join(PROFILE_NAMES)}"
        )
    installed = resources.files("rootlet") / "profiles" / f"{name}.toml"
    if installed.is_file():
        return parse_profile(installed.read_text(encoding="utf-8"))
    tree = Path(__file__).parents[2] / "profiles" / f"{name}.toml"
    return parse_profile(tree.read_text(encoding="utf-8"))
