"""nginx: golden configurations that nginx itself accepts, and a real one held to the profile."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from rootlet.ca import issued_folder
from rootlet.maker import Maker
from rootlet.pki import Kind
from rootlet.profile import PROFILE_NAMES, load_profile
from rootlet.servers import ClientAuth, Nginx
from rootlet.servers.openssl_words import openssl_words
from support.makers import deliver_device, deliver_server, made_maker
from support.nginx import NAME, Echo, Live, run, settings_for, started
from support.processes import LOOPBACK

GOLDEN = Path(__file__).parent / "golden"
AS_A_PART = """\
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {part};
}}
"""


PROXY = "http://127.0.0.1:8000"
CASES = [
    ("c25519", ClientAuth.REQUIRED, PROXY, False, None),
    ("c25519", ClientAuth.OFF, PROXY, False, None),
    ("c25519", ClientAuth.REQUIRED, None, True, "root"),
    ("p256", ClientAuth.OPTIONAL, PROXY, True, None),
    ("p256", ClientAuth.REQUIRED, None, False, None),
]


@pytest.mark.parametrize(("profile", "auth", "proxy_to", "complete", "user"), CASES)
def test_a_configuration_is_the_golden_one_and_nginx_takes_it(
    tmp_path: Path,
    profile: str,
    auth: ClientAuth,
    proxy_to: str | None,
    complete: bool,
    user: str | None,
) -> None:
    maker = made_maker(tmp_path / "maker", profile)
    deliver_server(maker, NAME)
    settings = settings_for(
        maker.folder, profile, auth, proxy_to=proxy_to, complete=complete, user=user
    )
    text = Nginx().config(settings)
    words = [profile, auth.value, "proxy" if proxy_to else "files"]
    golden = GOLDEN / f"nginx-{'-'.join(words)}-{'complete' if complete else 'part'}.conf"
    assert text.replace(str(maker.folder), "/srv/maker") == golden.read_text(encoding="utf-8")

    config = tmp_path / "made.conf"
    config.write_text(text, encoding="utf-8")
    if settings.state is None:
        whole = tmp_path / "whole.conf"
        whole.write_text(AS_A_PART.format(folder=tmp_path, part=config), encoding="utf-8")
        config = whole
    else:
        settings.state.mkdir(parents=True)
    done = run(Nginx().check_command(config, complete=True).argv)
    assert done.returncode == 0, done.stderr
    assert "test is successful" in done.stderr
    warnings = [line for line in done.stderr.splitlines() if "[warn]" in line]
    if os.geteuid() != 0:  # who is not root cannot become root; "user" says so to whom is
        warnings = [line for line in warnings if '"user" directive' not in line]
    assert warnings == []


def test_every_golden_configuration_is_compared() -> None:
    assert len(list(GOLDEN.iterdir())) == len(CASES)


@pytest.fixture(scope="module")
def application() -> Iterator[str]:
    with ThreadingHTTPServer((LOOPBACK, 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://{LOOPBACK}:{server.server_port}"
        server.shutdown()
        thread.join()


def maker_with_identities(folder: Path, profile: str) -> Maker:
    maker = made_maker(folder, profile)
    deliver_server(maker, NAME)
    deliver_server(maker, "gateway.example.test")
    deliver_device(maker, "sensor-1")
    return maker


@pytest.fixture(scope="module", params=PROFILE_NAMES)
def live(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, application: str
) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("maker") / "mine"
    maker = maker_with_identities(folder, request.param)
    with started(maker, application, ClientAuth.REQUIRED) as running:
        yield running


def identity(live: Live, kind: Kind = Kind.DEVICE, name: str = "sensor-1") -> Path:
    return issued_folder(live.maker.folder, kind, name)


def test_a_device_is_let_in_and_named(live: Live) -> None:
    printed = live.ask(identity=identity(live))
    assert "HTTP/1.1 200" in printed
    assert "device=['sensor-1']" in printed
    assert "Verification: OK" in printed
    assert live.profile.tls.suite in printed


def test_no_ticket_is_sent(live: Live) -> None:
    assert "NewSessionTicket" not in live.ask(identity=identity(live))


def test_only_the_one_signature_scheme_is_asked_of_devices(live: Live) -> None:
    printed = live.ask(identity=identity(live))
    wanted = openssl_words(live.profile).signature
    assert set(re.findall(r"Requested Signature Algorithms: (.*)", printed)) == {wanted}
    used = {"c25519": "Ed25519", "p256": "ECDSA"}[live.profile.name]
    assert f"peer signature type: {used}".lower() in printed.lower()


def test_whoever_has_no_device_certificate_is_refused(live: Live) -> None:
    assert "400 No required SSL certificate was sent" in live.ask()
    server = identity(live, Kind.SERVER, "gateway.example.test")
    assert "400 The SSL certificate error" in live.ask(identity=server)


def test_a_device_of_another_ca_is_refused(live: Live, tmp_path: Path) -> None:
    other = made_maker(tmp_path / "other", live.profile.name)
    deliver_device(other, "sensor-1")
    stranger = issued_folder(other.folder, Kind.DEVICE, "sensor-1")
    assert "400 The SSL certificate error" in live.ask(identity=stranger)


@pytest.mark.parametrize(
    "offer",
    [
        ("-tls1_2",),
        ("-ciphersuites", "TLS_AES_256_GCM_SHA384"),
        ("-ciphersuites", "other"),
        ("-groups", "other"),
        ("-groups", "P-384"),
        ("-sigalgs", "RSA-PSS+SHA256"),
    ],
)
def test_outside_the_profile_there_is_no_handshake(live: Live, offer: tuple[str, ...]) -> None:
    other = load_profile(next(name for name in PROFILE_NAMES if name != live.profile.name))
    words = {"-ciphersuites": other.tls.suite, "-groups": openssl_words(other).group}
    offer = tuple(words[offer[0]] if word == "other" else word for word in offer)
    printed = live.ask(*offer, identity=identity(live))
    assert "alert" in printed
    assert "HTTP/1.1" not in printed


@pytest.mark.parametrize("name", [("-noservername",), ("-servername", "other.example.test")])
def test_the_profile_holds_whatever_name_is_asked_for(live: Live, name: tuple[str, ...]) -> None:
    assert "HTTP/1.1 200" in live.ask(*name, identity=identity(live))
    assert "alert" in live.ask(*name, "-tls1_2", identity=identity(live))


def test_a_replaced_certificate_is_taken_up_while_requests_go_on(live: Live) -> None:
    before = live.serial()
    issued = deliver_server(live.maker, NAME)
    assert live.serial() == before
    done = run(Nginx().reload_command(live.config, complete=True).argv)
    assert done.returncode == 0, done.stderr
    deadline = time.monotonic() + 10
    while (serial := live.serial()) == before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert serial == issued.certificate.serial_number


def test_where_it_is_optional_a_device_may_stay_unnamed(tmp_path: Path, application: str) -> None:
    maker = maker_with_identities(tmp_path / "mine", "c25519")
    with started(maker, application, ClientAuth.OPTIONAL) as live:
        assert "device=None" in live.ask()
        assert "device=['sensor-1']" in live.ask(identity=identity(live))
        other = identity(live, Kind.SERVER, "gateway.example.test")
        assert "400 The SSL certificate error" in live.ask(identity=other)


def test_where_it_is_off_nobody_is_asked_or_believed(tmp_path: Path, application: str) -> None:
    maker = maker_with_identities(tmp_path / "mine", "c25519")
    with started(maker, application, ClientAuth.OFF) as live:
        printed = live.ask()
        assert "device=None" in printed
        assert "CertificateRequest" not in printed
