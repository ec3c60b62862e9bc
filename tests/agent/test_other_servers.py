"""Servers other than nginx in the agent's configuration, and how each is made to reload."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rootlet.agent import parse_config
from rootlet.agent.server_control import ServerControl
from rootlet.agent.texts import unit_text
from rootlet.errors import Environment, Misuse
from rootlet.servers import WRITERS, Listen
from support.makers import authority_of

ALL = [kind for kind in WRITERS if kind != "openssl"]
WITH_GAP = {"lighttpd", "stunnel", "caddy", "hitch"}
FOUND_BY_CONFIG = {"traefik", "envoy", "stunnel", "hitch"}
NAME = "api.example.test"


def text(**keys: object) -> str:
    entry = {
        "names": [NAME],
        "folder": "tls/api",
        "address": "127.0.0.1:443",
        "listen": "0.0.0.0:80",
        **keys,
    }
    lines = ['directory = "https://ca.example.test/directory"', 'root = "root.pem"']
    lines += ["[[certificates]]", *(f"{key} = {json.dumps(value)}" for key, value in entry.items())]
    return "\n".join(lines)


@pytest.mark.parametrize("kind", ALL)
def test_a_server_is_taken_as_it_is_or_what_it_takes_is_said(kind: str, tmp_path: Path) -> None:
    keys: dict[str, object] = {"server": kind}
    if kind in WITH_GAP:
        with pytest.raises(Misuse, match=WRITERS[kind].gap[:20]) as caught:
            parse_config(text(**keys), tmp_path)
        assert "accept_gap = true" in caught.value.hint
        keys["accept_gap"] = True
    if kind in FOUND_BY_CONFIG:
        with pytest.raises(Misuse, match="found by its configuration") as caught:
            parse_config(text(**keys), tmp_path)
        assert "server_config" in caught.value.hint
        keys["server_config"] = f"{kind}.conf"
    [kept] = parse_config(text(**keys), tmp_path).certificates
    assert kept.server == kind
    if kept.server_config is not None:  # hitch with another would go on with the old certificate
        assert kept.server_config == tmp_path / f"{kind}.conf"


def test_what_no_server_is_cannot_be_made_to_reload(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="is not known"):
        parse_config(text(server="openssl"), tmp_path)


def test_the_unit_may_touch_what_is_touched(tmp_path: Path) -> None:
    place = {"server": "traefik", "server_config": "/etc/traefik/traefik.yml"}
    config = parse_config(text(**place), tmp_path)
    unit = unit_text(config, path=tmp_path / "agent.toml", program=Path("/usr/bin/rootlet"))
    assert "ReadWritePaths=/etc/traefik\n" in unit


def control(kind: str, config: Path) -> ServerControl:
    authority, _ = authority_of(now=datetime.now(UTC), names=[NAME])
    listen = Listen("127.0.0.1", 1)
    return ServerControl(WRITERS[kind](), config, listen, NAME, authority.root, 1.0)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of that name which ends, with its own code, when it is told to reload."""
    program = tmp_path / "mosquitto"
    program.symlink_to(sys.executable)
    code = (
        "import signal, sys; signal.signal(signal.SIGHUP, lambda *_: sys.exit(7)); "
        "print('on', flush=True); signal.pause()"
    )
    with subprocess.Popen([program, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"on\n"
        yield process
        process.kill()


def test_a_signal_reaches_the_server(tmp_path: Path, mosquitto: subprocess.Popen[bytes]) -> None:
    config = tmp_path / "mosquitto.conf"
    (tmp_path / "mosquitto.conf.pid").write_text(f"{mosquitto.pid}\n", encoding="ascii")
    control("mosquitto", config).check()
    control("mosquitto", config).reload()
    assert mosquitto.wait(10) == 7


def test_a_signal_reaches_nobody_else(tmp_path: Path) -> None:
    """A server that has gone may have left its number to another process: to this one, here."""
    config, told = tmp_path / "mosquitto.conf", []
    before = signal.signal(signal.SIGHUP, lambda *_: told.append(1))
    try:
        for pid in (str(os.getpid()), "", "one", "999999999", "0", "-1"):
            (tmp_path / "mosquitto.conf.pid").write_text(pid, encoding="ascii")
            with pytest.raises(Environment, match="cannot be told to reload") as caught:
                control("mosquitto", config).reload()
            assert "kill -HUP" in caught.value.hint
        (tmp_path / "mosquitto.conf.pid").unlink()
        with pytest.raises(Environment, match="cannot be told to reload"):
            control("mosquitto", config).reload()
    finally:
        signal.signal(signal.SIGHUP, before)
    assert told == []


def test_a_watched_file_is_touched(tmp_path: Path) -> None:
    config, watched = tmp_path / "traefik.yml", tmp_path / "traefik.yml.dynamic.yml"
    watched.write_text("tls: {}\n", encoding="utf-8")
    os.utime(watched, (1, 1))
    control("traefik", config).check()
    control("traefik", config).reload()
    assert watched.stat().st_mtime > 1
    assert watched.read_text(encoding="utf-8") == "tls: {}\n"
    os.utime(watched, (1, 1))
    control("traefik", watched).reload()  # a part of the system's: it is that file itself
    assert watched.stat().st_mtime > 1


def test_who_watches_the_folder_is_left_alone(tmp_path: Path) -> None:
    control("envoy", tmp_path / "envoy.yaml").reload()
    assert list(tmp_path.iterdir()) == []
