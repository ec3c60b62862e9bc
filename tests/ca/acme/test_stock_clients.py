"""Clients that people have already get and renew certificates; nothing of them is told of us."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509

from rootlet.ca import RecordStore, place_of
from rootlet.ca.revocation_store import RevocationStore
from rootlet.pki import Reason
from support.acme_rig import Rig
from support.agent_rig import wait_until
from support.processes import LOOPBACK, free_port, tool

SECONDS = 120


def run(folder: Path, *words: str | Path, **environment: str) -> str:
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def installed(name: str) -> str:
    """A program that pip put beside Python."""
    path = Path(sys.executable).parent / name
    assert path.exists(), f"{name} is missing: pip install rootlet[dev]"
    return str(path)


def leaf(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates(path.read_bytes())[0]


def names(certificate: x509.Certificate) -> list[str]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return found.get_values_for_type(x509.DNSName)


def served(port: int, name: str, root: Path) -> x509.Certificate:
    """What a server shows to somebody who trusts the root; waits until it does."""
    context = ssl.create_default_context(cafile=str(root))
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            with (
                socket.create_connection((LOOPBACK, port), 10) as plain,
                context.wrap_socket(plain, server_hostname=name) as wrapped,
            ):
                der = wrapped.getpeercert(binary_form=True)
            assert der is not None
            return x509.load_der_x509_certificate(der)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_certbot_gets_and_renews_when_the_ca_says_so(p256: Rig, tmp_path: Path) -> None:
    name, root = "certbot.fleet.example.test", str(p256.server.root)
    common = ["--config-dir", "etc", "--work-dir", "work", "--logs-dir", "log", "-n"]
    common += ["--http-01-port", str(p256.http_port), "--http-01-address", LOOPBACK]
    first = ["--standalone", "-d", name, "--server", p256.server.directory, "--agree-tos"]
    first += ["--register-unsafely-without-email", "--preferred-profile", "short"]
    certbot = installed("certbot")
    run(tmp_path, certbot, "certonly", *common, *first, REQUESTS_CA_BUNDLE=root)
    place = tmp_path / "etc" / "live" / name / "fullchain.pem"
    old = leaf(place)
    assert names(old) == [name]
    said = run(tmp_path, certbot, "renew", *common, REQUESTS_CA_BUNDLE=root)
    assert "not due" in said or "not yet due" in said, said
    assert leaf(place) == old
    with RecordStore(place_of(p256.maker)) as records:
        serial = f"{old.serial_number:x}"
        assert RevocationStore(records).add([serial], Reason.SUPERSEDED, datetime.now(UTC))
    said = run(tmp_path, certbot, "renew", *common, "--no-random-sleep-on-renew",
               REQUESTS_CA_BUNDLE=root)  # fmt: skip
    assert leaf(place) != old, said


def test_lego_gets_by_tls_alpn_and_renews_by_http(p256: Rig, tmp_path: Path) -> None:
    name, root = "lego.fleet.example.test", str(p256.server.root)
    command = [tool("lego", "lego"), "--server", p256.server.directory, "--accept-tos"]
    command += ["--email", "who@example.test", "--path", "lego", "-d", name]
    by_tls = ["--tls", "--tls.port", f"{LOOPBACK}:{p256.tls_port}"]
    by_http = ["--http", "--http.port", f"{LOOPBACK}:{p256.http_port}"]
    run(tmp_path, *command, *by_tls, "run", LEGO_CA_CERTIFICATES=root)
    place = tmp_path / "lego" / "certificates" / f"{name}.crt"
    old = leaf(place)
    renew = ["renew", "--days", "30", "--no-random-sleep"]
    run(tmp_path, *command, *by_http, *renew, LEGO_CA_CERTIFICATES=root)
    assert names(leaf(place)) == names(old) == [name]
    assert leaf(place) != old
    run(tmp_path, *command, "revoke", LEGO_CA_CERTIFICATES=root)
    assert p256.server.events("revoked")[-1]["reason"] == "unspecified"


@contextlib.contextmanager
def files(folder: Path, port: int) -> Iterator[None]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    server = ThreadingHTTPServer((LOOPBACK, port), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_dehydrated_gets_and_renews(p256: Rig, tmp_path: Path) -> None:
    name = "dehydrated.fleet.example.test"
    known = tmp_path / "www" / ".well-known" / "acme-challenge"
    known.mkdir(parents=True)
    config = tmp_path / "config"
    config.write_text(
        f"CA={p256.server.directory}\nWELLKNOWN={known}\nBASEDIR={tmp_path / 'base'}\n"
        f"CURL_OPTS='--cacert {p256.server.root}'\nKEY_ALGO=prime256v1\nKEYSIZE=2048\n"
        f"CHALLENGETYPE=http-01\nLOCKFILE={tmp_path / 'lock'}\n"
    )
    (tmp_path / "base").mkdir()
    command = [tool("dehydrated", "dehydrated"), "--config", str(config)]
    with files(tmp_path / "www", p256.http_port):
        run(tmp_path, *command, "--register", "--accept-terms")
        run(tmp_path, *command, "--cron", "--domain", name)
        place = tmp_path / "base" / "certs" / name / "fullchain.pem"
        old = leaf(place)
        run(tmp_path, *command, "--cron", "--force", "--domain", name)
    assert names(leaf(place)) == names(old) == [name]
    assert leaf(place) != old


RENEWED_AT_ONCE = 0.9999
"""Of a certificate's life that is left."""


def caddy(folder: Path, rig: Rig, name: str, key_type: str, port: int) -> Path:
    issuer = {
        "module": "acme",
        "ca": rig.server.directory,
        "trusted_roots_pem_files": [str(rig.server.root)],
        "challenges": {
            "http": {"alternate_port": rig.http_port},
            "tls-alpn": {"disabled": True},
            "bind_host": LOOPBACK,
        },
    }
    policy = {
        "subjects": [name],
        "issuers": [issuer],
        "key_type": key_type,
        "renewal_window_ratio": RENEWED_AT_ONCE,
    }
    server = {
        "listen": [f"{LOOPBACK}:{port}"],
        "routes": [{"match": [{"host": [name]}], "handle": [{"handler": "static_response"}]}],
        "automatic_https": {"disable_redirects": True},
    }
    http = {"http_port": rig.http_port, "https_port": port, "servers": {"one": server}}
    config = {
        "admin": {"disabled": True},
        "storage": {"module": "file_system", "root": str(folder / "data")},
        "apps": {
            "tls": {"automation": {"policies": [policy], "renew_interval": "1s"}},
            "http": http,
        },
    }
    path = folder / "caddy.json"
    path.write_text(json.dumps(config))
    return path


@pytest.mark.parametrize(("profile", "key_type"), [("p256", "p256"), ("c25519", "ed25519")])
def test_caddy_serves_what_it_got_and_then_another(
    profile: str, key_type: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    rig, port = request.getfixturevalue(profile), free_port()
    name = "caddy.fleet.example.test"
    config = caddy(tmp_path, rig, name, key_type, port)
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [installed("caddy"), "run", "--config", str(config)],
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        shown = served(port, name, rig.server.root)
        wait_until(lambda: served(port, name, rig.server.root) != shown)
        renewed = served(port, name, rig.server.root)
    except (OSError, AssertionError):
        pytest.fail((tmp_path / "log").read_text())
    finally:
        process.terminate()
        process.wait(SECONDS)
    assert names(shown) == names(renewed) == [name]
    assert renewed.not_valid_before_utc >= shown.not_valid_before_utc
    assert rig.server.events("issued")[-1]["names"] == [name]
