"""Settings of servers: what is not safe in a configuration never gets there."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from rootlet.errors import Misuse, Refused
from rootlet.profile import PROFILE_NAMES, load_profile
from rootlet.servers import (
    WRITERS,
    ClientAuth,
    Listen,
    Nginx,
    ServerSettings,
    parse_listen,
)

SETTINGS = ServerSettings(
    profile=load_profile("c25519"),
    name="api.example.test",
    listen=Listen("127.0.0.1", 8443),
    certificate=Path("/srv/maker/cert.pem"),
    key=Path("/srv/maker/key.pem"),
    clients=Path("/srv/maker/clients.pem"),
    client_auth=ClientAuth.REQUIRED,
    root_dir=Path("/srv/www"),
)


@pytest.mark.parametrize(
    ("text", "listen"),
    [
        ("127.0.0.1:8443", Listen("127.0.0.1", 8443)),
        ("[::1]:443", Listen("::1", 443)),
        ("*:443", Listen("*", 443)),
        ("localhost:65535", Listen("localhost", 65535)),
    ],
)
def test_where_to_listen_is_read_and_written_the_same(text: str, listen: Listen) -> None:
    assert parse_listen(text) == listen
    assert str(listen) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8443",
        "127.0.0.1",
        "127.0.0.1:",
        ":8443",
        "a:0",
        "a:65536",
        "a:1x",
        "a:²",
        "::1:443",
        "[127.0.0.1]:1",
        "[*]:1",
        "a b:1",
        "a;:1",
        "a\n:1",
        "[::1:443",
    ],
)
def test_what_is_no_place_to_listen_is_misuse(text: str) -> None:
    with pytest.raises(Misuse, match="HOST:PORT"):
        parse_listen(text)


@pytest.mark.parametrize("bad", ['"', ";", "{", "}", "$", "\\", "\n", "\x00", "'", "ü"])
def test_nothing_breaks_out_of_its_quotes(bad: str) -> None:
    for changed in (
        replace(SETTINGS, root_dir=Path(f"/srv/{bad}www")),
        replace(SETTINGS, certificate=Path(f"/srv/{bad}cert.pem")),
        replace(SETTINGS, key=Path(f"/srv/{bad}key.pem")),
        replace(SETTINGS, clients=Path(f"/srv/{bad}clients.pem")),
        replace(SETTINGS, state=Path(f"/srv/{bad}state")),
        replace(SETTINGS, root_dir=None, proxy_to=f"http://127.0.0.1:1/{bad}"),
        replace(SETTINGS, state=Path("/srv/state"), user=f"www{bad}data"),
    ):
        with pytest.raises(Misuse, match="cannot be put into"):
            Nginx().config(changed)


def test_one_thing_answers_requests() -> None:
    with pytest.raises(Misuse, match="either"):
        replace(SETTINGS, proxy_to="http://127.0.0.1:8000")
    with pytest.raises(Misuse, match="either"):
        replace(SETTINGS, root_dir=None)
    for url in ("https://127.0.0.1:8000", "127.0.0.1:8000", "unix:/run/app"):
        with pytest.raises(Misuse, match="plain http"):
            replace(SETTINGS, root_dir=None, proxy_to=url)


def test_a_name_that_is_none_never_gets_there() -> None:
    for name in ("*.example.test", "a;b.example", ""):
        with pytest.raises(Refused):
            replace(SETTINGS, name=name)


def test_an_address_is_written_as_the_server_wants_it() -> None:
    assert "server_name 192.0.2.7;" in Nginx().config(
        replace(SETTINGS, name=ip_address("192.0.2.7"))
    )
    assert "server_name [2001:db8::7];" in Nginx().config(
        replace(SETTINGS, name=ip_address("2001:db8::7"))
    )


@pytest.mark.parametrize("profile", PROFILE_NAMES)
@pytest.mark.parametrize("kind", list(WRITERS))
def test_every_writer_holds_the_profile(kind: str, profile: str) -> None:
    writer = WRITERS[kind]()
    assert (writer.name, bool(writer.summary)) == (kind, True)
    text = writer.config(replace(SETTINGS, profile=load_profile(profile)))
    assert load_profile(profile).tls.suite in text
    other = next(name for name in PROFILE_NAMES if name != profile)
    assert load_profile(other).tls.suite not in text
    assert text == writer.config(replace(SETTINGS, profile=load_profile(profile)))
