"""rootlet server check: what it takes, what it prints, and how it ends."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from rootlet.ca import issued_folder, root_path
from rootlet.maker import Maker
from rootlet.pki import Kind
from rootlet.servers import ClientAuth
from support.commands import Done, Run
from support.live_servers import KINDS, NAME, LiveServer, live_server
from support.makers import deliver_device, deliver_server, made_maker
from support.nginx import Echo
from support.processes import LOOPBACK, free_port

KIND = {kind.label: kind for kind in KINDS}
COLUMNS, ROWS = 80, 24


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    made = made_maker(tmp_path_factory.mktemp("maker") / "mine")
    deliver_server(made, NAME)
    for name in ("sensor-1", "sensor-2"):
        deliver_device(made, name)
    return made


@pytest.fixture(scope="module")
def live(maker: Maker, application: str) -> Iterator[LiveServer]:
    with live_server(KIND["nginx"], maker, application) as running:
        yield running


def files(maker: Maker, name: str = "sensor-1", key_of: str = "") -> tuple[object, ...]:
    folder = issued_folder(maker.folder, Kind.DEVICE, name)
    key = issued_folder(maker.folder, Kind.DEVICE, key_of or name) / "key.pem"
    return ("--cert", folder / "cert.pem", "--key", key)


def check(run: Run, maker: Maker, where: object, *options: object) -> Done:
    return run("server", "check", where, "--maker", maker.folder, "--name", NAME, *options)


def test_all_is_well_on_one_screen(run: Run, maker: Maker, live: LiveServer) -> None:
    done = check(run, maker, f"{LOOPBACK}:{live.port}", *files(maker))
    lines = done.out.splitlines()
    assert done.code == 0, done.err
    assert len(lines) < ROWS
    assert max(len(line) for line in lines) <= COLUMNS
    assert sum(line.startswith("  enforced") for line in lines) == 19
    assert lines[-1].startswith("Next: ")


def test_what_is_wrong_comes_first_with_what_to_change(
    run: Run, maker: Maker, application: str
) -> None:
    with live_server(KIND["caddy-2.6"], maker, application) as live:
        done = check(run, maker, f"{LOOPBACK}:{live.port}", *files(maker))
        told = check(run, maker, f"{LOOPBACK}:{live.port}", *files(maker), "--server", "caddy")
    lines = done.out.splitlines()
    assert done.code == 1
    assert len(lines) <= ROWS + 2
    assert max(len(line) for line in lines) <= COLUMNS
    assert lines[2].split()[:3] == ["not", "exclusive", "suite"]
    assert "change:" in lines[3]
    assert "WRONG         records" in done.out
    assert "put nginx or HAProxy in front" in told.out


def test_json_says_the_same(run: Run, maker: Maker, live: LiveServer) -> None:
    done = check(run, maker, f"{LOOPBACK}:{live.port}", *files(maker), "--json")
    fields = done.json
    assert (fields["ok"], fields["server"], fields["profile"]) == (True, "nginx", "c25519")
    assert len(fields["points"]) == 19
    assert {each["verdict"] for each in fields["points"]} == {"enforced"}
    assert 10 <= fields["handshakes"] <= 20


def test_without_a_device_what_can_be_seen_is_checked(
    run: Run, maker: Maker, live: LiveServer
) -> None:
    done = check(run, maker, f"{LOOPBACK}:{live.port}")
    assert done.code == 0, done.out
    assert "no --cert" in done.out
    assert "not checked   device" in done.out


def test_the_root_alone_is_enough(run: Run, maker: Maker, live: LiveServer, tmp_path: Path) -> None:
    where, root = f"{LOOPBACK}:{live.port}", root_path(maker.folder)
    command = ("server", "check", where, "--maker", tmp_path, "--name", NAME, "--root", root)
    done = run(*command, *files(maker))
    assert done.code == 0, done.out + done.err
    assert "not checked   authority" in done.out
    other = run(*command, "--profile", "p256")
    assert other.code == 1
    assert "REFUSED" in other.out
    assert run(*command[:-2], "--profile", "p256").code != 0


@pytest.mark.parametrize("auth", [ClientAuth.OPTIONAL, ClientAuth.OFF])
def test_what_is_wanted_of_clients_is_said(
    run: Run, maker: Maker, application: str, auth: ClientAuth
) -> None:
    with live_server(KIND["nginx"], maker, application, auth=auth) as live:
        where = f"{LOOPBACK}:{live.port}"
        right = check(run, maker, where, *files(maker), "--client-auth", auth.value)
        wrong = check(run, maker, where, *files(maker))
    assert (right.code, wrong.code) == (0, 1), right.out


def test_any_protocol_can_be_inside(run: Run, maker: Maker) -> None:
    """What says nothing by itself lets in whomever it does not send an alert."""
    with socket.create_server((LOOPBACK, 0)) as silent:
        application = f"http://{LOOPBACK}:{silent.getsockname()[1]}"
        with live_server(KIND["stunnel"], maker, application) as live:
            where = f"{LOOPBACK}:{live.port}"
            done = check(run, maker, where, *files(maker), "--request", "none")
    assert done.code == 0, done.out
    assert "turned away: alert certificate_required" in done.out


@pytest.mark.parametrize(
    "where", ["a.test:443,b.test:443", "10.0.0.0/8:443", "*:443", "a.test b.test:443", "*.test:1"]
)
def test_one_server_at_a_time(run: Run, maker: Maker, where: str) -> None:
    done = check(run, maker, where)
    assert done.code == 2
    assert "more than one server" in done.err
    assert check(run, maker, "a.test:443", "b.test:443").code == 2


def test_wrong_files_are_told_before_anything_is_sent(
    run: Run, maker: Maker, tmp_path: Path
) -> None:
    where = f"{LOOPBACK}:{free_port()}"
    assert check(run, maker, where, *files(maker)[:2]).code == 2
    other = check(run, maker, where, *files(maker, key_of="sensor-2"))
    assert (other.code, "is not the certificate of" in other.err) == (2, True)
    made = made_maker(tmp_path / "p256", "p256")
    deliver_device(made, "sensor-1")
    assert check(run, maker, where, *files(made)).code == 1
    assert run("server", "check", where, "--maker", tmp_path).code != 0
    assert check(run, maker, where, "--profile", "p256").code == 2


def test_nobody_there_is_told(run: Run, maker: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    done = check(run, maker, f"{LOOPBACK}:{free_port()}")
    assert (done.code, "Connection refused" in done.err) == (4, True)
    done = check(run, maker, "nobody.invalid:443")
    assert done.code == 4
    with socket.create_server((LOOPBACK, 0)) as silent:
        where = f"{LOOPBACK}:{silent.getsockname()[1]}"
        done = check(run, maker, where, "--timeout", "0.3")
    assert (done.code, "did not answer within 0.3 s" in done.err) == (4, True)
    monkeypatch.setenv("PATH", "/nowhere")
    done = check(run, maker, where)
    assert (done.code, "apt-get install -y openssl" in done.err) == (3, True)


@contextmanager
def plain_http() -> Iterator[int]:
    with ThreadingHTTPServer((LOOPBACK, 0), Echo) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_server_without_tls_is_told(run: Run, maker: Maker) -> None:
    with plain_http() as port:
        done = check(run, maker, f"{LOOPBACK}:{port}", *files(maker), "--json")
    found = {each["point"]: each["verdict"] for each in done.json["points"]}
    assert done.code == 1
    assert found["profile"] == "refused"
    assert found["no-certificate"] == "not checked"
