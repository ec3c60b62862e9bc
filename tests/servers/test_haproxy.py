"""Devices at a real HAProxy that turns away what the CA has revoked, as docs/ca.md has it."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rootlet.ca import (
    RevocationStore,
    clients_path,
    crl_path,
    issued_folder,
    open_records,
    write_crls,
)
from rootlet.maker import Maker
from rootlet.pki import Kind, Reason
from rootlet.profile import PROFILE_NAMES
from support.makers import deliver_device, deliver_server, made_maker
from support.nginx import NAME, Live
from support.processes import LOOPBACK, free_port, tool

WAIT_SECONDS = 20.0
LET_IN, TURNED_AWAY = "HTTP/1.1 200", "certificate_revoked"

CONFIG = """
defaults
    mode http
    timeout client 10s
    timeout server 10s
    timeout connect 10s
frontend devices
    bind {address} ssl crt {pair} ssl-min-ver TLSv1.3 {devices}
    http-request return status 200 content-type text/plain string "hello"
"""


def lists(maker: Maker, *revoked: str) -> None:
    now = datetime.now(UTC)
    with open_records(maker) as records:
        for name in revoked:
            serials = [record.serial for record in records.named(name)]
            RevocationStore(records).add(serials, Reason.KEY_COMPROMISE, now)
        write_crls(maker, records, now=now)


def device(maker: Maker, name: str) -> Path:
    deliver_device(maker, name)
    return issued_folder(maker.folder, Kind.DEVICE, name)


@pytest.fixture(params=PROFILE_NAMES)
def maker(request: pytest.FixtureRequest, tmp_path: Path) -> Maker:
    found = made_maker(tmp_path / "mine", request.param)
    deliver_server(found, NAME)
    lists(found)
    return found


@pytest.fixture
def haproxy(maker: Maker) -> Iterator[tuple[Live, subprocess.Popen[bytes]]]:
    place = issued_folder(maker.folder, Kind.SERVER, NAME)
    pair, config = maker.folder / "haproxy.pem", maker.folder / "haproxy.cfg"
    pair.write_bytes((place / "cert.pem").read_bytes() + (place / "key.pem").read_bytes())
    port = free_port()
    text = CONFIG.format(
        address=f"{LOOPBACK}:{port}",
        pair=pair,
        devices=f"ca-file {clients_path(maker.folder)} crl-file {crl_path(maker.folder)} "
        "verify required",
    )
    config.write_text(text, encoding="ascii")
    program = tool("haproxy", "haproxy")
    with subprocess.Popen([program, "-W", "-db", "-f", str(config)]) as process:
        try:
            yield Live(maker, port, config), process
        finally:
            process.send_signal(signal.SIGTERM)


def becomes(live: Live, identity: Path, answer: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while answer not in (said := live.ask(identity=identity)):
        assert time.monotonic() < deadline, said
        time.sleep(0.05)


def test_a_revoked_device_is_turned_away_and_no_other(
    maker: Maker, haproxy: tuple[Live, subprocess.Popen[bytes]]
) -> None:
    live, process = haproxy
    good, bad = device(maker, "good-1"), device(maker, "bad-1")
    becomes(live, good, LET_IN)
    becomes(live, bad, LET_IN)
    lists(maker, "bad-1")
    process.send_signal(signal.SIGUSR2)
    becomes(live, bad, TURNED_AWAY)
    becomes(live, good, LET_IN)
