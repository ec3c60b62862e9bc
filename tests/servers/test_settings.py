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
    AcmeSource,
    ClientAuth,
    Listen,
    Nginx,
    ServerSettings,
    ServerWriter,
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


def settings_for(kind: str, settings: ServerSettings = SETTINGS) -> ServerSettings:
    """Such as the server needs: something to hand requests on to, a place where it is complete."""
    writer = WRITERS[kind]
    if not writer.serves_files:
        application = "http://127.0.0.1:8000" if writer.hands_on else None
        settings = replace(settings, root_dir=None, proxy_to=application)
    if writer.complete_only:
        config = Path("/srv/maker") / f"config{writer.suffixes[0]}"
        settings = replace(settings, state=Path("/srv/maker/run"), config=config)
    return settings


@pytest.mark.parametrize("bad", ['"', ";", "{", "}", "$", "\\", "\n", "\x00", "'", "ü"])
@pytest.mark.parametrize("kind", [kind for kind in WRITERS if kind != "openssl"])
def test_nothing_breaks_out_of_its_quotes(kind: str, bad: str) -> None:
    """Not into the configuration, nor into a file beside it."""
    writer, good = WRITERS[kind](), settings_for(kind)
    complete = replace(
        good,
        state=Path("/srv/maker/run"),
        config=Path("/srv/maker") / f"config{writer.suffixes[0]}",
    )
    changes: list[dict[str, object]] = [
        {"clients": Path(f"/srv/{bad}clients.pem")},
        {"config": Path(f"/srv/{bad}/config{writer.suffixes[0]}")},
    ]
    if kind != "haproxy":  # where they are links
        changes += [{"certificate": Path(f"/srv/{bad}/cert.pem")}]
        changes += [{"key": Path(f"/srv/{bad}key.pem")}]
    changes += [{"state": Path(f"/srv/{bad}state")}] if kind not in PLACELESS else []
    changes += [{"root_dir": Path(f"/srv/{bad}www")}] if writer.serves_files else []
    for change in changes:
        with pytest.raises(Misuse, match="cannot be put into"):
            every_text(writer, replace(complete, **change))  # type: ignore[arg-type]


PLACELESS = {"haproxy", "envoy"}
"""They write nothing but their process number, if that."""


def every_text(writer: ServerWriter, settings: ServerSettings) -> str:
    beside = writer.companions(settings).values()
    return "".join([writer.config(settings), *(each for each in beside if isinstance(each, str))])


@pytest.mark.parametrize("bad", ['"', ";", "{", "}", "$", "\\", "\n", "'", "ü"])
@pytest.mark.parametrize("kind", [kind for kind, writer in WRITERS.items() if writer.hands_on])
def test_an_address_behind_is_plain(kind: str, bad: str) -> None:
    for url in (f"http://127.0.0.1{bad}:1/", f"http://127.0.0.1:1/{bad}"):
        with pytest.raises(Misuse):
            WRITERS[kind]().config(replace(settings_for(kind), root_dir=None, proxy_to=url))


def test_one_thing_answers_requests() -> None:
    with pytest.raises(Misuse, match="either"):
        replace(SETTINGS, proxy_to="http://127.0.0.1:8000")
    for kind, writer in WRITERS.items():
        bare = replace(settings_for(kind), proxy_to=None, root_dir=None)
        if writer.hands_on:
            with pytest.raises(Misuse, match=kind):
                writer().config(bare)
        else:
            assert writer().config(bare)
        if not writer.serves_files:
            with pytest.raises(Misuse, match=kind):
                writer().config(replace(bare, root_dir=Path("/srv/www")))
    for url in ("https://127.0.0.1:8000", "127.0.0.1:8000", "unix:/run/app"):
        with pytest.raises(Misuse, match="plain http"):
            replace(SETTINGS, root_dir=None, proxy_to=url)


@pytest.mark.parametrize("kind", ["caddy", "traefik", "hitch"])
def test_revocation_is_never_dropped_in_silence(kind: str) -> None:
    settings = replace(settings_for(kind), crl=Path("/srv/maker/crl.pem"))
    with pytest.raises(Misuse, match="revoked get in") as caught:
        WRITERS[kind]().config(settings)
    assert "--without-crl" in caught.value.hint
    assert WRITERS[kind]().config(replace(settings, client_auth=ClientAuth.OFF))


@pytest.mark.parametrize("kind", ["lighttpd", "mosquitto"])
def test_optional_is_not_written_where_it_means_something_else(kind: str) -> None:
    """lighttpd would let strangers' certificates in, mosquitto would ask for none."""
    with pytest.raises(Misuse, match="optional") as caught:
        WRITERS[kind]().config(replace(settings_for(kind), client_auth=ClientAuth.OPTIONAL))
    assert "required or off" in caught.value.hint


@pytest.mark.parametrize("kind", list(WRITERS))
def test_a_server_gets_its_own_certificate_or_says_that_it_cannot(kind: str) -> None:
    source = AcmeSource("https://ca.example.test/acme/directory", Path("/srv/maker/root.pem"))
    for profile in PROFILE_NAMES:
        settings = replace(settings_for(kind), acme=source, profile=load_profile(profile))
        if profile in WRITERS[kind].acme:
            assert source.directory in WRITERS[kind]().config(settings)
        else:
            with pytest.raises(Misuse, match="cannot get certificates"):
                WRITERS[kind]().config(settings)


@pytest.mark.parametrize("kind", [kind for kind, writer in WRITERS.items() if writer.complete_only])
def test_a_complete_configuration_has_a_place(kind: str) -> None:
    writer, settings = WRITERS[kind](), settings_for(kind)
    for change, wanted in (
        ({"state": None}, "always a complete one"),
        ({"config": None}, "has a place"),
        ({"config": Path("/srv/maker/config.txt")}, "goes by the name"),
    ):
        with pytest.raises(Misuse, match=wanted):
            writer.config(replace(settings, **change))


def test_a_name_that_is_none_never_gets_there() -> None:
    for name in ("*.example.test", "a;b.example", ""):
        with pytest.raises(Refused):
            replace(SETTINGS, name=name)


def test_several_names_are_known_where_names_count() -> None:
    settings = replace(SETTINGS, more_names=("www.example.test", ip_address("192.0.2.7")))
    assert "server_name api.example.test www.example.test 192.0.2.7;" in Nginx().config(settings)
    text = WRITERS["apache"]().config(settings)
    assert "ServerAlias www.example.test\n    ServerAlias 192.0.2.7\n" in text
    with pytest.raises(Refused):
        replace(SETTINGS, more_names=("a;b.example",))


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
    settings = replace(settings_for(kind), profile=load_profile(profile))
    text = every_text(writer, settings)
    if kind not in EVERY_SUITE:
        assert load_profile(profile).tls.suite in text
    other = next(name for name in PROFILE_NAMES if name != profile)
    assert load_profile(other).tls.suite not in text
    assert text == every_text(writer, settings)


EVERY_SUITE = {"caddy", "traefik", "envoy"}
"""Their suites of TLS 1.3 cannot be chosen: the configuration says so."""
