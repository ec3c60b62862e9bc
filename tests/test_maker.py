"""rootlet.toml: read strictly, and explained whole in the first one that a maker gets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rootlet.errors import Environment, Misuse
from rootlet.gateway.model import parse_gateway
from rootlet.maker import (
    CONFIG_NAME,
    STARTER_SERVERS,
    Table,
    load_maker,
    parse_maker,
    starter_text,
)
from rootlet.profile import PROFILE_NAMES, load_profile

C25519 = load_profile("c25519")
STARTER = starter_text("Acme", C25519)
FOLDER = Path("nowhere")
SMALLEST = '[maker]\nname = "Acme"\n'


def uncommented(text: str) -> str:
    """The examples of a first rootlet.toml taken as settings."""
    return re.sub(r"^#(?=[\[A-Za-z])", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_the_first_configuration_says_the_defaults(profile: str) -> None:
    settings = load_profile(profile)
    first = parse_maker(starter_text("Acme", settings), FOLDER)
    least = parse_maker(f'profile = "{profile}"\n{SMALLEST}', FOLDER)
    assert first.profile == least.profile == settings
    assert first.name == "Acme"
    assert first.servers.names == STARTER_SERVERS
    assert first.servers.lifetime_hours == least.servers.lifetime_hours
    assert first.devices == least.devices
    assert first.time_servers == least.time_servers == ()
    assert first.gateway == least.gateway == {}


def test_the_first_configuration_explains_every_key(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[tuple[str, str]] = set()
    given: set[tuple[str, str]] = set()
    remember_get, remember_init = Table.get, Table.__init__

    def place(where: str) -> str:
        return re.sub(r"[\[\]]| number \d+", "", where)

    def get(self: Table, key: str, kind: type[Any], default: Any = None) -> Any:
        asked.add((place(self.where), key))
        return remember_get(self, key, kind, default)

    def init(self: Table, values: Mapping[str, Any], *, where: str) -> None:
        given.update((place(where), key) for key in values)
        remember_init(self, values, where=where)

    monkeypatch.setattr(Table, "get", get)
    monkeypatch.setattr(Table, "__init__", init)
    maker = parse_maker(uncommented(STARTER), FOLDER)
    gateway = parse_gateway(maker)
    assert asked <= given
    assert [server.name for server in maker.time_servers] == ["time1"]
    assert list(gateway.routes) == ["weather"]
    lines = STARTER.splitlines()
    for before, line in pairwise(lines):
        if re.match(r"#?[A-Za-z_]+ = |#\[", line):
            assert re.match(r"# \S|#?\[", before), f"{line} is not explained"


@pytest.mark.parametrize("name", ["Jürgen", 'Say "hi"', "Back\\slash", "a" * 48, "工場", "🔥"])
def test_a_makers_name_survives_being_written(name: str) -> None:
    assert parse_maker(starter_text(name, C25519), FOLDER).name == name


@pytest.mark.parametrize("name", ["", " Acme", "Acme ", "a\nb", "a\x00", "\x7f", "a" * 49])
def test_a_name_that_cannot_stand_in_a_certificate_is_misuse(name: str) -> None:
    with pytest.raises(Misuse, match="cannot stand in a certificate"):
        starter_text(name, C25519)


def test_given_server_names_are_written() -> None:
    text = starter_text("Acme", C25519, ("a.example.test", ".b.example.test"))
    assert parse_maker(text, FOLDER).servers.names == ("a.example.test", ".b.example.test")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[maker", "not TOML", "mend"),
        ("", "[maker] has no 'name'", "add name"),
        (SMALLEST + "colour = 1", "[maker] has an unknown key 'colour'", "name"),
        (SMALLEST + "[server]", "unknown key 'server'", "did you mean 'servers'"),
        (SMALLEST + "[servers]\nname = []", "[servers] has an unknown key 'name'", "names"),
        (SMALLEST + "[servers]\nnames = 'a'", "is not a list", "as a list"),
        (SMALLEST + "[servers]\nnames = [1]", "other than text", "two"),
        (SMALLEST + "[servers]\nlifetime_hours = 0", "outside the profile", "1 to 168"),
        (SMALLEST + "[servers]\nlifetime_hours = 169", "outside the profile", "1 to 168"),
        (SMALLEST + "[servers]\nlifetime_hours = true", "is not a whole number", "whole"),
        (SMALLEST + "[devices]\nlifetime_days = 9132", "outside the profile", "1 to 9131"),
        (SMALLEST + "[devices]\nurn = ''", "unknown key 'urn'", "urn_prefix"),
        (SMALLEST + "[time]\nservers = 1", "is not a list", "as a list"),
        (SMALLEST + "[time]\nservers = [1]", "not a list of tables", "[[time.servers]]"),
        (SMALLEST + "[[time.servers]]\nname = 'a'", "[[time.servers]] number 1", "address"),
        (
            SMALLEST + "[[time.servers]]\nname='a'\naddress='b:1'\npublic_key='c'\nkey='d'",
            "[[time.servers]] number 1 has an unknown key 'key'",
            "public_key",
        ),
        ("profile = 'x25519'\n" + SMALLEST, "no profile 'x25519'", "c25519"),
        ("profile = 1\n" + SMALLEST, "not text", "text in quotes"),
        ("[maker]\nname = ' '", "cannot stand in a certificate", "printable"),
    ],
)
def test_a_mistake_is_named_with_what_to_write_instead(text: str, message: str, hint: str) -> None:
    with pytest.raises(Misuse) as error:
        parse_maker(text, FOLDER)
    assert message in error.value.message
    assert hint in error.value.hint


def test_a_folder_without_a_configuration_is_told_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(Environment, match="No such file") as error:
        load_maker(tmp_path)
    assert "rootlet init" in error.value.hint
    (tmp_path / CONFIG_NAME).write_bytes(b"\xff\xfe")
    with pytest.raises(Misuse, match="UTF-8"):
        load_maker(tmp_path)
    (tmp_path / CONFIG_NAME).write_text(SMALLEST, encoding="utf-8")
    assert load_maker(tmp_path).folder == tmp_path


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("clock_limit_seconds = 0", "choose 1 to 3600"),
        ("clock_limit_seconds = 3601", "choose 1 to 3600"),
        ("crl_days = 367", "choose 1 to 366"),
        ("crl_days = 0", "choose 1 to 366"),
        ('clock_after_serial = "12:AB"', "as rootlet ca list prints it"),
        ("crl_day = 3", "'crl_days'"),
    ],
)
def test_what_the_ca_cannot_go_by_is_said(line: str, said: str) -> None:
    with pytest.raises(Misuse) as error:
        parse_maker(f"{SMALLEST}\n[ca]\n{line}\n", FOLDER)
    assert said in error.value.hint
