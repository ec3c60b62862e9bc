"""Who may connect at all: the profile's TLS and a certificate of this maker's devices only."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import socket
import ssl
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from rootlet.errors import Environment
from rootlet.gateway import loop_factory, pinned_store
from rootlet.profile import PROFILE_NAMES, load_profile
from support.gateway_maker import GATEWAY, MakerCa
from support.gateway_rig import PATIENT, DeviceSocket, Rig, request
from support.processes import LOOPBACK, tool

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "uvloop": loop_factory(),
    "standard": asyncio.new_event_loop,
}


@pytest.mark.parametrize("profile", PROFILE_NAMES)
@pytest.mark.parametrize("loop", LOOPS)
def test_a_device_of_either_profile_is_served(tmp_path: Path, profile: str, loop: str) -> None:
    with Rig(tmp_path, profile=profile, factory=LOOPS[loop]) as rig, rig.device() as device:
        cipher = device.socket.cipher()
        assert cipher is not None
        assert cipher[0] == rig.ca.profile.tls.suite
        assert device.ask(request()).status == 200
        assert device.ask(request(method="POST", body=b"abc")).status == 200
        assert rig.outside.requests[0].values("Rootlet-Device") == ["sensor-1"]
        assert rig.faults == []


def test_no_session_tickets_are_sent(rig: Rig) -> None:
    with rig.device() as device:
        assert device.ask(request()).status == 200
        assert device.socket.session is None or not device.socket.session.has_ticket


@pytest.mark.parametrize("suite", ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"])
def test_another_suite_is_refused(rig: Rig, suite: str) -> None:
    with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"), rig.device(suite=suite):
        pass


def test_connections_to_anyone_else_are_not_held_to_the_profile(rig: Rig) -> None:
    others = {cipher["name"] for cipher in ssl.create_default_context().get_ciphers()}
    assert {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"} < others


def test_where_openssl_is_out_of_reach_another_suite_is_closed_without_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pinned_store, "_openssl", lambda: None)
    monkeypatch.setattr(ssl.SSLContext, "set_ecdh_curve", lambda _context, _group: None)
    suite = "TLS_AES_128_GCM_SHA256"
    with Rig(tmp_path) as rig, rig.device(suite=suite) as device:
        with suppress(ConnectionError):
            device.send(request())
        assert device.rest() == b""
        assert rig.lines("suite_refused")[0]["suite"] == suite
        assert rig.outside.requests == []


def test_a_python_that_cannot_be_held_to_the_group_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_context: ssl.SSLContext, _group: str) -> None:
        raise ValueError("unknown group")

    monkeypatch.setattr(pinned_store, "_openssl", lambda: None)
    monkeypatch.setattr(ssl.SSLContext, "set_ecdh_curve", refuse)
    with pytest.raises(Environment, match="cannot be held to the group X25519"):
        pinned_store.pinned_context(load_profile("c25519"))


def test_another_group_is_refused(rig: Rig) -> None:
    with pytest.raises(ssl.SSLError), rig.device(group="prime256v1"):
        pass


def _openssl(rig: Rig, *options: str) -> subprocess.CompletedProcess[bytes]:
    target = f"{LOOPBACK}:{rig.address.port}"
    return subprocess.run(
        [tool("openssl", "openssl"), "s_client", "-connect", target, *options],
        input=b"",
        capture_output=True,
        timeout=20,
        check=False,
    )


def test_tls_1_2_is_refused(rig: Rig) -> None:
    files = rig.ca.device("sensor-1")
    result = _openssl(rig, "-tls1_2", "-cert", str(files.certificate), "-key", str(files.key))
    assert b"alert protocol version" in result.stderr


def test_a_device_without_a_certificate_is_refused(rig: Rig) -> None:
    files = rig.ca.device("sensor-1")
    context = ssl.create_default_context(cafile=files.root)
    with pytest.raises(ssl.SSLError, match="CERTIFICATE_REQUIRED"):
        _ask(rig, context)


def _ask(rig: Rig, context: ssl.SSLContext) -> int:
    with (
        socket.create_connection((LOOPBACK, rig.address.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=GATEWAY) as secure,
    ):
        device = DeviceSocket(secure)
        return device.ask(request()).status


def test_a_device_of_another_ca_is_refused(rig: Rig, tmp_path: Path) -> None:
    stranger = MakerCa(tmp_path, "c25519").device("sensor-1")
    context = dataclasses.replace(stranger, root=rig.ca.root_file).context()
    with pytest.raises(ssl.SSLError, match="UNKNOWN_CA"):
        _ask(rig, context)
    assert rig.outside.requests == []


def test_a_server_certificate_does_not_make_a_device(rig: Rig) -> None:
    folder = rig.ca.folder / "issued/servers" / GATEWAY
    files = dataclasses.replace(
        rig.ca.device("sensor-1"), certificate=folder / "cert.pem", key=folder / "key.pem"
    )
    with pytest.raises(ssl.SSLError, match="UNSUPPORTED_CERTIFICATE"):
        _ask(rig, files.context())
    assert rig.lines("handshake_refused")[0]["reason"] == "CERTIFICATE_VERIFY_FAILED"


def test_a_certificate_that_names_no_device_of_this_maker_is_403(rig: Rig) -> None:
    files = rig.ca.device("foreign", urn_prefix="urn:dev:os:1-")
    with rig.using(files) as device:
        answer = device.ask(request())
        assert (answer.status, answer.error) == (403, "no_device_identity")
        assert device.closed()
    assert rig.lines()[0]["device"] == ""
    assert rig.outside.requests == []


def test_a_leaf_with_its_issuing_ca_is_served_too(rig: Rig, tmp_path: Path) -> None:
    files = rig.ca.device("sensor-9")
    both = tmp_path / "both.pem"
    issuing = (rig.ca.folder / "ca/clients.pem").read_bytes()
    both.write_bytes(files.certificate.read_bytes() + issuing)
    with rig.using(dataclasses.replace(files, certificate=both)) as device:
        assert device.ask(request()).status == 200


def test_two_devices_on_two_connections_stay_apart(rig: Rig) -> None:
    with rig.device("sensor-1") as one, rig.device("sensor-2") as two:
        for _ in range(3):
            assert one.ask(request()).status == two.ask(request()).status == 200
            assert one.ask(request("/plain/now")).status == 200
            assert two.ask(request("/plain/now")).status == 403
    asked = [seen.values("Rootlet-Device")[0] for seen in rig.outside.requests]
    assert asked == ["sensor-1", "sensor-2", "sensor-1"] * 3


def test_too_many_devices_are_turned_away(tmp_path: Path) -> None:
    with Rig(tmp_path, limits=dataclasses.replace(PATIENT, connections=2)) as rig:
        with rig.device("sensor-1") as one, rig.device("sensor-2") as two:
            assert one.ask(request()).status == two.ask(request()).status == 200
            with rig.device("sensor-3") as three:
                assert three.closed()
        assert rig.lines("too_many_connections")[0]["limit"] == 2


def test_a_small_device_gets_small_records(rig: Rig) -> None:
    """OpenSSL's client asks for 512 bytes (RFC 6066) as a device does."""
    files = rig.ca.device("sensor-1")
    rig.outside.answers(b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + b"a" * 3000)
    target = f"{LOOPBACK}:{rig.address.port}"
    process = subprocess.run(
        [
            *(tool("openssl", "openssl"), "s_client", "-connect", target, "-ign_eof", "-msg"),
            *("-maxfraglen", "512", "-ciphersuites", rig.ca.profile.tls.suite),
            *("-groups", "X25519", "-servername", GATEWAY),
            *("-cert", str(files.certificate), "-key", str(files.key)),
        ],
        input=request("/weather/now", "Connection: close"),
        capture_output=True,
        timeout=20,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    assert process.stdout.count(b"a" * 400) >= 5, process.stderr
