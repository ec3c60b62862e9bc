"""rootlet ca acme and rootlet ca serve: keys for accounts, and what is said before serving."""

from __future__ import annotations

import json
import socket
import stat
from pathlib import Path

import pytest

from rootlet.ca import RecordStore, place_of
from rootlet.ca.acme.account_store import AccountStore
from rootlet.ca.acme.jws import decode
from rootlet.maker import CONFIG_NAME, load_maker
from support.commands import Run
from support.makers import made_maker


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = made_maker(tmp_path / "mine").folder
    monkeypatch.chdir(folder)
    return folder


def test_a_key_from_first_to_last(mine: Path, run: Run) -> None:
    done = run("ca", "acme", "key", "add", "web-team", "--names", ".Fleet.example.test", "--json")
    assert done.code == 0, done.err
    file = mine / "web-team.acme-key.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = json.loads(file.read_text())
    assert content["kid"] == done.json["kid"]
    assert content["hmac_key"] not in done.out
    with RecordStore(place_of(load_maker(mine))) as records:
        key = AccountStore(records.database).key(content["kid"])
    assert key is not None
    assert key.secret == decode(content["hmac_key"], "it")
    assert key.names == (".fleet.example.test",)
    assert "secret" not in repr(key)
    listed = run("ca", "acme", "key", "list", "--json").json["keys"]
    assert [(each["name"], each["accounts"]) for each in listed] == [("web-team", 0)]
    assert "web-team" in run("ca", "acme", "key", "list").out
    assert "Would remove" in run("ca", "acme", "key", "remove", "web-team", "--dry-run").out
    assert run("ca", "acme", "key", "remove", "web-team").code == 0
    assert run("ca", "acme", "key", "list", "--json").json["keys"] == []


def test_keys_that_cannot_be_made_or_removed(mine: Path, run: Run) -> None:
    assert run("ca", "acme", "key", "add", "one", "--out", "one.json").code == 0
    for arguments, code, hint in (
        (["add", "one", "--out", "two.json"], 6, "remove it first"),
        (["add", "two", "--out", "one.json"], 6, "--out"),
        (["add", "a/b"], 2, "short name"),
        (["add", "two", "--names", "no name"], 1, "full name"),
        (["add", "two", "--out", "one.json/file"], 4, ""),
        (["remove", "none"], 6, "key list"),
        (["remove", "none", "--dry-run"], 6, "key list"),
    ):
        done = run("ca", "acme", "key", *arguments)
        assert done.code == code, (arguments, done.err)
        assert hint in done.err
    names = [each["name"] for each in run("ca", "acme", "key", "list", "--json").json["keys"]]
    assert names == ["one"]
    assert not (mine / "two.json").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "hint"),
    [
        (["--listen", "0.0.0.0:0"], 2, "--name"),
        (["--listen", "0.0.0.0:0", "--name", "api.example.test", "--plain-http"], 2, "127.0.0.1"),
        (["--listen", "example.test:1"], 2, "[::]:8443"),
        (["--listen", "127.0.0.1:99999"], 2, "0.0.0.0:8443"),
        (["--listen", "127.0.0.1"], 2, "0.0.0.0:8443"),
        (["--listen", "127.0.0.1:0", "--name", "other.test"], 1, "[servers]"),
    ],
    ids=str,
)
def test_what_is_not_served(
    mine: Path, run: Run, arguments: list[str], code: int, hint: str
) -> None:
    done = run("ca", "serve", *arguments)
    assert done.code == code, done.err
    assert hint in done.err


def test_a_port_that_is_taken(mine: Path, run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run("ca", "serve", "--listen", listen, "--plain-http")
    assert done.code == 4
    assert "ss -ltnp" in done.err


@pytest.mark.parametrize(
    ("table", "hint"),
    [
        ("challenges = []", "http-01"),
        ('challenges = ["http-02"]', "http-01"),
        ('account_algorithms = ["HS256"]', "ES256"),
        ('allow_private = ["10.0.0.1/8"]', "10.1.0.0/16"),
        ('resolvers = ["dns.example.test"]', "192.0.2.53"),
        ("http_port = 0", "65535"),
        ("orders_per_hour = -1", "0 to"),
        ('external_account_required = "no"', "true or false"),
        ('[ca.acme.addresses]\n"api.example.test" = "there"', "10.1.2.3"),
        ('[ca.acme.profiles]\nshort = "soon"', "24h"),
        ('[ca.acme.profiles]\nshort = "1s"', "10 seconds"),
        ('[ca.acme.profiles]\nlong = "9000h"', "168 hours"),
        ('[ca.acme.profiles]\n"Long one" = "1h"', "small letters"),
        ("port = 80", "tls_port"),
    ],
    ids=str,
)
def test_rules_that_make_no_sense(mine: Path, run: Run, table: str, hint: str) -> None:
    config = mine / CONFIG_NAME
    config.write_text(f"{config.read_text()}\n[ca.acme]\n{table}\n")
    done = run("ca", "serve", "--listen", "127.0.0.1:0", "--plain-http")
    assert done.code == 2, done.err
    assert hint in done.err
