"""A maker's folder and its ``rootlet.toml``: read strictly, unknown keys are errors.

Layout of the folder (made by ``rootlet init``)::

    rootlet.toml      what this maker decided
    root/             root.pem, root.key (encrypted), successor.pem, successor.key (likewise):
                      to be carried away, never needed online
    ca/               issuing.pem, issuing.key (0600), ca.sqlite (or the record is in
                      PostgreSQL, see [ca] database): the online state
    bundles/          manifests of the trust bundles that devices were built with
    issued/servers/NAME/   cert.pem (leaf, then issuing), key.pem (0600)
    issued/devices/ID/     cert.pem, key.pem (0600)
    time/             Roughtime keys and delegations
    secrets/          what the gateway adds to requests (0600), never in rootlet.toml
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any, TypeVar

from rootlet.errors import Environment, Misuse
from rootlet.files import read_bytes
from rootlet.maker_ca import CaRules, ca_rules
from rootlet.profile import PROFILE_NAMES, Profile, load_profile

__all__ = [
    "CONFIG_NAME",
    "DeviceRules",
    "Maker",
    "ServerRules",
    "Table",
    "TimeServer",
    "load_maker",
    "parse_maker",
    "starter_text",
]

CONFIG_NAME = "rootlet.toml"

NAME_LENGTH = 48
"""Longest maker's name: with " Issuing" behind it still inside the 64 characters of X.520."""

STARTER_SERVERS = ("api.example.test", "gateway.example.test")
"""Server names in a new rootlet.toml when none are given."""

T = TypeVar("T")


class Table:
    """One TOML table read strictly: every key is asked for, what is left over is an error."""

    def __init__(self, values: Mapping[str, Any], *, where: str) -> None:
        self._values = dict(values)
        self._known: set[str] = set()
        self.where = where
        """Name of the table as a person would look for it, "[servers]"."""

    def get(self, key: str, kind: type[T], default: T | None = None) -> T:
        """The value of ``key``; ``Misuse`` for another type, or when absent without default."""
        self._known.add(key)
        if key not in self._values:
            if default is None:
                raise Misuse(
                    f"{self.where} has no {key!r}", hint=f"add {key} = ... to {self.where}"
                )
            return default
        value = self._values[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Misuse(
                f"{self.where} {key} = {value!r} is not {_KINDS.get(kind, kind.__name__)}",
                hint=f"write {key} as {_KINDS.get(kind, kind.__name__)}",
            )
        return value

    def strings(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of strings."""
        values = self.get(key, list, None if default is None else list(default))
        if not all(isinstance(value, str) for value in values):
            raise Misuse(
                f"{self.where} {key} holds something other than text",
                hint=f'write {key} as ["one", "two"]',
            )
        return tuple(values)

    def table(self, key: str) -> Table:
        """A table below this one; an absent one reads as empty."""
        return Table(self.get(key, dict, {}), where=f"[{self._below(key)}]")

    def tables(self, key: str) -> tuple[Table, ...]:
        """An array of tables; absent reads as none."""
        entries = self.get(key, list, [])
        if not all(isinstance(entry, dict) for entry in entries):
            raise Misuse(
                f"{self.where} {key} is not a list of tables",
                hint=f"start each entry with [[{self._below(key)}]]",
            )
        return tuple(
            Table(entry, where=f"[[{self._below(key)}]] number {number}")
            for number, entry in enumerate(entries, 1)
        )

    def keys(self) -> tuple[str, ...]:
        """All keys, for tables whose keys are names chosen by the maker."""
        return tuple(self._values)

    def finish(self) -> None:
        """``Misuse`` for the first key that nothing asked for, with the nearest known one."""
        for key in self._values:
            if key not in self._known:
                near = difflib.get_close_matches(key, sorted(self._known), n=1, cutoff=0.0)
                raise Misuse(
                    f"{self.where} has an unknown key {key!r}",
                    hint=f"did you mean {near[0]!r}?" if near else "remove it",
                )

    def _below(self, key: str) -> str:
        name = self.where.strip("[]").split("]")[0]
        return key if name == CONFIG_NAME else f"{name}.{key}"


_KINDS: dict[type[Any], str] = {
    str: "text in quotes",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


@dataclass(frozen=True)
class ServerRules:
    """What server certificates may be issued for."""

    names: tuple[str, ...]
    """Exact DNS names, or ".suffix" for any name below a suffix."""
    lifetime_hours: int


@dataclass(frozen=True)
class DeviceRules:
    """What device certificates look like."""

    urn_prefix: str
    """Put before the device's id to make the URI in its certificate (RFC 9039)."""
    lifetime_days: int


@dataclass(frozen=True)
class TimeServer:
    """A Roughtime server that devices may ask."""

    name: str
    address: str
    """host:port"""
    public_key: str
    """Long-term Ed25519 key, base64."""


@dataclass(frozen=True)
class Maker:
    """A maker's folder, with its configuration read and checked."""

    folder: Path
    profile: Profile
    name: str
    """Stands in the subject of the root and the issuing CA."""
    servers: ServerRules
    devices: DeviceRules
    time_servers: tuple[TimeServer, ...]
    ca: CaRules
    gateway: Mapping[str, Any]
    """The [gateway] table as it stands; the gateway's own model reads it."""


def parse_maker(text: str, folder: Path) -> Maker:
    """Read a configuration's text; ``Misuse`` names the key and what to write instead."""
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also numbers and nesting without an end
        raise Misuse(f"{CONFIG_NAME} is not TOML: {error}", hint="mend that line") from error
    table = Table(values, where=CONFIG_NAME)
    profile = load_profile(table.get("profile", str, PROFILE_NAMES[0]))
    who = table.table("maker")
    name = _maker_name(who.get("name", str))
    who.finish()
    maker = Maker(
        folder=folder,
        profile=profile,
        name=name,
        servers=_server_rules(table.table("servers"), profile),
        devices=_device_rules(table.table("devices"), profile),
        time_servers=_time_servers(table.table("time")),
        ca=ca_rules(table.table("ca")),
        gateway=table.get("gateway", dict, {}),
    )
    table.finish()
    return maker


def starter_text(name: str, profile: Profile, server_names: Sequence[str] = STARTER_SERVERS) -> str:
    """A first rootlet.toml, every key explained; one that a command can read as it stands."""
    template = resources.files("rootlet").joinpath("starter.toml").read_text(encoding="utf-8")
    lifetimes = profile.lifetimes
    return Template(template).substitute(
        profile=profile.name,
        name=json.dumps(_maker_name(name), ensure_ascii=False),
        server_names=json.dumps(list(server_names)),
        server_hours=lifetimes.server_hours,
        server_max_hours=lifetimes.server_max_hours,
        device_days=lifetimes.device_days,
        device_max_days=lifetimes.device_max_days,
    )


def _maker_name(name: str) -> str:
    if name.strip() != name or not name.isprintable() or not 1 <= len(name) <= NAME_LENGTH:
        raise Misuse(
            f"the maker's name {name!r} cannot stand in a certificate",
            hint=f"choose 1 to {NAME_LENGTH} printable characters for name in [maker]",
        )
    return name


def load_maker(folder: Path) -> Maker:
    """Read ``folder/rootlet.toml``."""
    path = folder / CONFIG_NAME
    try:
        text = read_bytes(path, what="the maker's configuration").decode("utf-8")
    except Environment as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise Environment(
                error.message,
                hint="make a maker's folder first: rootlet init DIR (or name it with --maker DIR)",
            ) from error
        raise
    except UnicodeDecodeError as error:
        raise Misuse(f"{path} is not UTF-8 text", hint="save it as UTF-8") from error
    return parse_maker(text, folder)


def _within(table: Table, key: str, value: int, highest: int) -> int:
    if not 1 <= value <= highest:
        raise Misuse(
            f"{table.where} {key} = {value} is outside the profile's limits",
            hint=f"choose 1 to {highest}",
        )
    return value


def _server_rules(table: Table, profile: Profile) -> ServerRules:
    lifetimes = profile.lifetimes
    hours = table.get("lifetime_hours", int, lifetimes.server_hours)
    rules = ServerRules(
        names=table.strings("names", ()),
        lifetime_hours=_within(table, "lifetime_hours", hours, lifetimes.server_max_hours),
    )
    table.finish()
    return rules


def _device_rules(table: Table, profile: Profile) -> DeviceRules:
    lifetimes = profile.lifetimes
    days = table.get("lifetime_days", int, lifetimes.device_days)
    rules = DeviceRules(
        urn_prefix=table.get("urn_prefix", str, "urn:dev:os:32473-"),
        lifetime_days=_within(table, "lifetime_days", days, lifetimes.device_max_days),
    )
    table.finish()
    return rules


def _time_servers(table: Table) -> tuple[TimeServer, ...]:
    servers = []
    for entry in table.tables("servers"):
        servers.append(
            TimeServer(
                name=entry.get("name", str),
                address=entry.get("address", str),
                public_key=entry.get("public_key", str),
            )
        )
        entry.finish()
    table.finish()
    return tuple(servers)
