"""The command: check and dry run, and serving until told to stop."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rootlet.cli import main
from support.gateway_maker import GATEWAY, SECRET, MakerCa, outside_files
from support.gateway_rig import DeviceSocket, request
from support.processes import LOOPBACK, free_port, listening, running, tool

ROUTES = """
[gateway]
listen = "127.0.0.1:{listen}"
name = "gateway.example.test"
[[gateway.routes]]
alias = "weather"
upstream = "https://localhost:{port}/v2"
methods = ["GET", "PUT"]
devices = ["sensor-*"]
roots = "outside/localhost.pem"
allow_private = true
max_body_bytes = 20000000
[gateway.routes.secret_headers]
Authorization = "weather"
"""

NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log info;
events {{}}
http {{
    access_log {folder}/nginx-access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 20m;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/outside/localhost.pem;
        ssl_certificate_key {folder}/outside/localhost.key;
        ssl_protocols TLSv1.3;
        root {folder}/www;
        location = /v2/who {{
            default_type text/plain;
            return 200 "$http_authorization|$http_rootlet_device|$connection|$request_uri";
        }}
        location /v2/ {{ dav_methods PUT; }}
    }}
}}
"""


@pytest.fixture
def ca(tmp_path: Path) -> MakerCa:
    made = MakerCa(tmp_path, "c25519")
    (tmp_path / "outside").mkdir()
    outside_files(tmp_path / "outside", "localhost")
    made.configure(ROUTES.format(listen=free_port(), port=free_port()))
    return made


@pytest.fixture
def nginx(ca: MakerCa) -> Iterator[int]:
    """Someone else's service, by nginx, behind the maker's gateway."""
    (ca.folder / "www/v2").mkdir(parents=True)
    (ca.folder / "www/v2/large").write_bytes(os.urandom(1 << 20) * 10)

    def command(port: int) -> list[str]:
        (ca.folder / "nginx.conf").write_text(
            NGINX.format(folder=ca.folder, port=port), encoding="utf-8"
        )
        ca.configure(ROUTES.format(listen=free_port(), port=port))
        return [tool("nginx", "nginx-light"), "-c", f"{ca.folder}/nginx.conf", "-p", f"{ca.folder}"]

    with running(command, log=ca.folder / "nginx.log", folder=ca.folder) as server:
        yield server.port


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["gateway", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_check_explains_each_route(ca: MakerCa, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "check", "--maker", str(ca.folder))
    assert code == 0
    assert "/weather/..." in out
    assert "the roots in localhost.pem" in out
    assert "from secrets/weather" in out
    assert "rootlet gateway serve" in out
    assert SECRET not in out


def test_check_as_json(ca: MakerCa, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "check", "--maker", str(ca.folder), "--json")
    [route] = json.loads(out)["routes"]
    assert (code, route["alias"], route["methods"]) == (0, "weather", ["GET", "PUT"])
    assert route["secret_headers"] == {"Authorization": "weather"}


def test_a_dry_run_shows_what_would_leave(ca: MakerCa, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--as", "sensor-1", "GET", "/weather/now?city=Oslo")
    code, out, _ = _run(capsys, "check", "--maker", str(ca.folder), *asked)
    assert code == 0
    assert "GET /v2/now?city=Oslo HTTP/1.1" in out
    assert "Rootlet-Device: sensor-1" in out
    assert "Authorization: (secret: weather)" in out
    assert SECRET not in out


def test_a_dry_run_that_is_refused_exits_1(ca: MakerCa, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--as", "mast-1", "GET", "/weather/now")
    code, out, _ = _run(capsys, "check", "--maker", str(ca.folder), *asked)
    assert code == 1
    assert "403 route_not_allowed" in out
    code, out, _ = _run(capsys, "check", "--maker", str(ca.folder), *asked, "--json")
    assert code == 1
    assert json.loads(out)["error"] == "route_not_allowed"


def test_no_routes_is_misuse(ca: MakerCa, capsys: pytest.CaptureFixture[str]) -> None:
    ca.configure("")
    code, _, err = _run(capsys, "check", "--maker", str(ca.folder))
    assert code == 2
    assert "[[gateway.routes]]" in err


def test_an_unknown_key_is_misuse(ca: MakerCa, capsys: pytest.CaptureFixture[str]) -> None:
    ca.configure('[gateway]\nlissen = "127.0.0.1:1"')
    code, _, err = _run(capsys, "check", "--maker", str(ca.folder))
    assert code == 2
    assert "did you mean 'listen'?" in err


def test_a_port_in_use_exits_4(ca: MakerCa, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        address = f"{LOOPBACK}:{taken.getsockname()[1]}"
        code, _, err = _run(capsys, "serve", "--maker", str(ca.folder), "--listen", address)
    assert code == 4
    assert err.startswith(f"rootlet: cannot listen on {address}: Address already in use\n")
    assert len(err.splitlines()) == 2


def test_a_place_that_cannot_be_listened_on_exits_4(
    ca: MakerCa, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = _run(capsys, "serve", "--maker", str(ca.folder), "--listen", "192.0.2.1:1")
    assert code == 4
    assert "cannot listen on 192.0.2.1:1: Cannot assign requested address" in err


def test_a_log_that_cannot_be_written_exits_4(
    ca: MakerCa, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = _run(capsys, "serve", "--maker", str(ca.folder), "--log", f"{ca.folder}/no/log")
    assert code == 4
    assert "cannot write the log" in err


def _connect(ca: MakerCa, port: int) -> ssl.SSLSocket:
    plain = socket.create_connection((LOOPBACK, port), timeout=10)
    return ca.device("sensor-1").context().wrap_socket(plain, server_hostname=GATEWAY)


def _events(log: Path) -> list[str]:
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    # The socket that looked whether the port is open left within its handshake.
    return [line["event"] for line in lines if line["event"] != "handshake_refused"]


def test_serving_reloading_and_stopping_by_signals(
    ca: MakerCa, nginx: int, capsys: pytest.CaptureFixture[str]
) -> None:
    port, log = free_port(), ca.folder / "access.log"
    seen: list[str] = []

    def use() -> None:
        try:
            deadline = time.monotonic() + 10
            while not listening(port) and time.monotonic() < deadline:
                time.sleep(0.01)
            with _connect(ca, port) as secure:
                device = DeviceSocket(secure)
                seen.append(device.ask(request("/weather/who")).body.decode())
                old = log.rename(ca.folder / "access.log.1")
                log.mkdir()
                os.kill(os.getpid(), signal.SIGHUP)
                while b"reloaded" not in old.read_bytes() and time.monotonic() < deadline:
                    time.sleep(0.01)
                log.rmdir()
                os.kill(os.getpid(), signal.SIGHUP)
                while not log.exists() and time.monotonic() < deadline:
                    time.sleep(0.01)
                seen.append(device.ask(request("/weather/who")).body.decode())
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=use)
    thread.start()
    listen = ("--listen", f"{LOOPBACK}:{port}")
    code, out, _ = _run(capsys, "serve", "--maker", str(ca.folder), *listen, "--log", str(log))
    thread.join()
    assert code == 0
    assert out == f"rootlet: gateway ready on https://{LOOPBACK}:{port} (weather)\n"
    assert seen[0].startswith(f"{SECRET}|sensor-1|")
    assert seen[0] == seen[1], "the same connection to nginx"
    before, after = ca.folder / "access.log.1", log
    assert _events(before) == ["request", "log_not_reopened", "reloaded"]
    assert _events(after) == ["reloaded", "request", "draining", "stopped"]
    assert SECRET not in before.read_text(encoding="utf-8")


def test_nginx_behind_a_gateway_of_its_own_process(ca: MakerCa, nginx: int) -> None:
    command = [sys.executable, "-m", "rootlet", "gateway", "serve", "--json"]
    process = subprocess.Popen(
        [*command, "--maker", str(ca.folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    assert ready["routes"] == ["weather"]
    body = os.urandom(1 << 20) * 10
    try:
        with _connect(ca, int(ready["ready"].rpartition(":")[2])) as secure:
            device = DeviceSocket(secure)
            numbers = set()
            for _ in range(100):
                answer = device.ask(request("/weather/who"))
                numbers.add(answer.body.split(b"|")[2])
            assert len(numbers) == 1, "one connection for a hundred requests"
            assert device.ask(request("/weather/stored", method="PUT", body=body)).status == 201
            assert (ca.folder / "www/v2/stored").read_bytes() == body
            large = device.ask(request("/weather/large")).body
            assert large == (ca.folder / "www/v2/large").read_bytes()
            part = device.ask(request("/weather/large", "Range: bytes=10-19"))
            assert (part.status, part.body) == (206, large[10:20])
            assert device.ask(request("/weather/missing")).status == 404
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["event"] for line in lines[-2:]] == ["draining", "stopped"]
    assert {line["status"] for line in lines if "status" in line} == {200, 201, 206, 404}
    assert SECRET not in err.decode()
