"""rootlet server: configurations from a maker's folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from rootlet.profile import PROFILE_NAMES
from support.commands import Run
from support.limits import files_up_to
from support.makers import deliver_server, made_maker
from support.processes import free_port, tool

NAME = "api.example.test"


@pytest.fixture(params=PROFILE_NAMES)
def mine(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    maker = made_maker(tmp_path / "mine", request.param)
    deliver_server(maker, NAME)
    return maker.folder


def config(mine: Path, *rest: object) -> tuple[object, ...]:
    return ("server", "config", "nginx", "--maker", mine, "--name", NAME, *rest)


def test_the_servers_are_listed(run: Run) -> None:
    assert run("server", "list").out.startswith("nginx")
    assert "exact" in run("server", "list", "--json").json["servers"]["nginx"]


def test_a_configuration_is_printed(run: Run, mine: Path, tmp_path: Path) -> None:
    done = run(*config(mine, "--listen", "*:443", "--proxy-to", "http://127.0.0.1:8000"))
    assert (done.code, done.err) == (0, "")
    assert f'ssl_certificate "{mine}/issued/servers/{NAME}/cert.pem";' in done.out
    assert "ssl_verify_client on;" in done.out
    assert "http {" not in done.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine"]


def test_a_complete_one_runs_as_it_was_said(run: Run, mine: Path, tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "hello").write_text("hello, device")
    out, port = tmp_path / "nginx.conf", free_port()
    done = run(
        *config(mine, "--listen", f"127.0.0.1:{port}", "--root-dir", tmp_path / "www"),
        "--client-auth", "off", "--standalone", "--out", out, "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.json["out"] == str(out)
    assert out.read_text(encoding="utf-8") == done.json["config"]
    assert ('user "root";' in done.json["config"]) == (os.geteuid() == 0)
    program = tool("nginx", "nginx")
    for word in ("check", "start"):
        subprocess.run([program, *done.json[word][1:]], check=True, capture_output=True)
    asked = subprocess.run(
        ["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{port}"],
        input=b"GET /hello HTTP/1.0\r\n\r\n",
        capture_output=True,
        check=False,
    )
    for word in ("reload", "stop"):
        subprocess.run([program, *done.json[word][1:]], check=True, capture_output=True)
    assert asked.stdout.endswith(b"hello, device")


def test_what_comes_next_is_said(run: Run, mine: Path, tmp_path: Path) -> None:
    out = tmp_path / "api.conf"
    done = run(*config(mine, "--listen", "*:443", "--root-dir", tmp_path, "--out", out))
    assert [line.split()[0] for line in done.out.splitlines() if line.startswith("  ")] == [
        "check",
        "start",
        "reload",
        "stop",
        "live",
    ]
    assert "reload  nginx -s reload" in done.out


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        (("--listen", "443", "--root-dir", "/srv"), 2, "not HOST:PORT"),
        (("--listen", "*:443"), 2, "give --proxy-to URL or --root-dir DIR"),
        (("--listen", "*:443", "--root-dir", "/a;b"), 2, "cannot be put into"),
        (("--listen", "*:443", "--proxy-to", "https://a.test"), 2, "plain http"),
    ],
)
def test_wrong_options_are_misuse(
    run: Run, mine: Path, changed: tuple[str, ...], code: int, said: str
) -> None:
    done = run(*config(mine, *changed))
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 2


def test_a_server_without_a_certificate_is_told_to_get_one(run: Run, mine: Path) -> None:
    command = ("server", "config", "nginx", "--maker", mine, "--listen", "*:1", "--root-dir", "/")
    done = run(*command, "--name", "gateway.example.test")
    assert done.code == 6
    assert "rootlet ca issue server gateway.example.test" in done.err
    done = run(*command, "--name", "../../etc")
    assert done.code == 1
    assert run("server", "config", "iis", "--name", NAME, "--listen", "*:1").code == 2


def test_a_pair_may_come_later_and_is_named_by_its_link(
    run: Run, mine: Path, tmp_path: Path
) -> None:
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls" / "pair").symlink_to("elsewhere")
    done = run(
        "server", "config", "nginx", "--maker", mine, "--name", "gateway.example.test",
        "--listen", "*:443", "--proxy-to", "http://127.0.0.1:8000", "--pair", tmp_path / "tls/pair",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert f'ssl_certificate "{tmp_path}/tls/pair/cert.pem";' in done.out


def test_a_full_disk_is_said(run: Run, mine: Path, tmp_path: Path) -> None:
    out = tmp_path / "nginx.conf"
    out.write_text("the one before")
    options = ("--listen", "*:443", "--root-dir", tmp_path, "--out", out)
    with files_up_to(50):
        done = run(*config(mine, *options))
    assert done.code == 4
    assert "make room" in done.err
    assert out.read_text() == "the one before"
    (mine / "run").write_text("in the way")
    done = run(*config(mine, *options, "--standalone"))
    assert done.code == 4
    assert "cannot make" in done.err
