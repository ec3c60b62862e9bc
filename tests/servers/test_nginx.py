"""A real nginx, held to the profile: what a client sees, and what the application is told."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rootlet.ca import issued_folder
from rootlet.maker import Maker
from rootlet.pki import Kind
from rootlet.profile import PROFILE_NAMES, load_profile
from rootlet.servers import ClientAuth
from rootlet.servers.words import openssl_words
from support.makers import deliver_device, deliver_server, made_maker
from support.nginx import NAME, Live, started


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
    live.reload()
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
