"""Starting, reloading and stopping, and the files a gateway is started with."""

from __future__ import annotations

import asyncio
import builtins
import datetime
import errno
import io
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rootlet.errors import Environment, Misuse, Refused, RootletError, State
from rootlet.gateway import (
    AccessLog,
    Address,
    Gateway,
    GatewayServer,
    http_device,
    load_secrets,
    loop_factory,
    parse_gateway,
    server_files,
    upstream_context,
)
from rootlet.gateway.serve import report_faults
from rootlet.maker import Maker, load_maker
from rootlet.pki import KeySealer, Validity, generate_key
from support.gateway_maker import GATEWAY, SECRET, MakerCa
from support.gateway_outside import OK, Request
from support.gateway_rig import Rig, request
from support.processes import LOOPBACK

HOUR = datetime.timedelta(hours=1)
ROUTE = """
[gateway]
listen = "127.0.0.1:0"
name = "gateway.example.test"
[[gateway.routes]]
alias = "weather"
upstream = "https://api.example.test"
devices = ["*"]
[gateway.routes.secret_headers]
Authorization = "weather"
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Rig]:
    """A gateway that a test may stop."""
    with Rig(tmp_path) as rig:
        yield rig


def _slow(rig: Rig, seconds: float) -> None:
    async def behave(_: Request, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        writer.write(OK)

    rig.outside.behaviour = behave


def test_draining_ends_what_is_under_way_and_nothing_else(own: Rig) -> None:
    _slow(own, 0.4)
    with own.device("sensor-1") as idle, own.device("sensor-2") as busy:
        busy.send(request())
        own.run(asyncio.sleep(0.1))
        own.run(own.server.drain())
        answer = busy.answer()
        assert (answer.body, answer.headers["connection"]) == (b"hello", "close")
        assert busy.closed()
        assert idle.closed()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((LOOPBACK, own.address.port))


def test_draining_does_not_wait_for_ever(own: Rig) -> None:
    _slow(own, 5)
    with own.device() as busy:
        busy.send(request())
        own.run(asyncio.sleep(0.1))
        own.run(own.server.drain())
        assert busy.closed()
    assert own.lines()[0]["error"] == "device_gone"


def test_a_port_in_use_is_named(own: Rig) -> None:
    with pytest.raises(Environment, match="cannot listen on") as caught:
        own.run(own.server.start(own.address))
    assert "--listen" in caught.value.hint


def test_a_renewed_certificate_is_taken_without_dropping_anyone(own: Rig) -> None:
    with own.device() as before:
        old = before.socket.getpeercert(binary_form=True)
        own.ca.server()
        own.loop.call_soon_threadsafe(own.server.reload)
        assert before.ask(request()).status == 200
        with own.device() as after:
            assert after.socket.getpeercert(binary_form=True) != old
            assert after.ask(request()).status == 200
    assert len(own.lines("reloaded")) == 1


def test_a_bad_renewal_leaves_the_old_certificate(own: Rig) -> None:
    folder = own.ca.folder / "issued/servers" / GATEWAY
    (folder / "cert.pem").write_text("nothing", encoding="utf-8")
    own.loop.call_soon_threadsafe(own.server.reload)
    with own.device() as device:
        assert device.ask(request()).status == 200
    assert "cert.pem does not hold" in own.lines("reload_failed")[0]["error"]


@pytest.fixture
def ca(tmp_path: Path) -> MakerCa:
    return MakerCa(tmp_path, "c25519")


@pytest.fixture
def maker(ca: MakerCa) -> Maker:
    return ca.configure(ROUTE)


def _start(maker: Maker) -> GatewayServer:
    gateway = parse_gateway(maker)
    files = server_files(maker, gateway, None, None)
    return GatewayServer.from_maker(maker, gateway, files, log=AccessLog(io.StringIO()))


def test_secrets_are_read_without_their_line_end(maker: Maker) -> None:
    assert load_secrets(maker, parse_gateway(maker)) == {"weather": {"Authorization": SECRET}}


def test_secrets_of_the_environment_and_of_systemd(
    ca: MakerCa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = 'Authorization = "env:WEATHER"\nX-Key = "credential:weather.key"'
    made = ca.configure(ROUTE.replace('Authorization = "weather"', sources))
    gateway = parse_gateway(made)
    with pytest.raises(Environment, match="no WEATHER in the environment"):
        load_secrets(made, gateway)
    monkeypatch.setenv("WEATHER", "Bearer one")
    with pytest.raises(Environment, match="hands over no credentials") as caught:
        load_secrets(made, gateway)
    assert "LoadCredential=weather.key:" in caught.value.hint
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "weather.key").write_text("two\n", encoding="ascii")
    assert load_secrets(made, gateway) == {
        "weather": {"Authorization": "Bearer one", "X-Key": "two"}
    }
    monkeypatch.setenv("WEATHER", "one\ntwo")
    with pytest.raises(Misuse, match="env:WEATHER does not hold one line") as refused:
        load_secrets(made, gateway)
    assert "one" not in refused.value.message.replace("one line", "")


def _no_secret(ca: MakerCa) -> None:
    (ca.folder / "secrets/weather").unlink()


def _open_secret(ca: MakerCa) -> None:
    (ca.folder / "secrets/weather").chmod(0o640)


def _empty_secret(ca: MakerCa) -> None:
    ca.secret("weather", "")


def _two_lines(ca: MakerCa) -> None:
    ca.secret("weather", f"{SECRET}\n{SECRET}")


def _no_clients(ca: MakerCa) -> None:
    (ca.folder / "ca/clients.pem").unlink()


def _bad_clients(ca: MakerCa) -> None:
    (ca.folder / "ca/clients.pem").write_text("nothing", encoding="utf-8")


def _expired(ca: MakerCa) -> None:
    ca.server(Validity(ca.now - 3 * HOUR, ca.now - HOUR))


def _other_key(ca: MakerCa) -> None:
    folder = ca.folder / "issued/servers" / GATEWAY
    kept = (folder / "cert.pem").read_bytes()
    ca.server()
    (folder / "cert.pem").write_bytes(kept)


def _locked_key(ca: MakerCa) -> None:
    key = KeySealer(b"a passphrase").pem(generate_key(ca.profile))
    (ca.folder / "issued/servers" / GATEWAY / "key.pem").write_bytes(key)


def _other_profile(ca: MakerCa) -> None:
    other = MakerCa(ca.folder / "other", "p256").folder / "issued/servers" / GATEWAY
    for name in ("cert.pem", "key.pem"):
        (other / name).rename(ca.folder / "issued/servers" / GATEWAY / name)


def _no_certificate(ca: MakerCa) -> None:
    (ca.folder / "issued/servers" / GATEWAY / "cert.pem").unlink()


FAULTS: dict[str, tuple[Callable[[MakerCa], None], type[RootletError], str]] = {
    "no secret": (_no_secret, Environment, "cannot read the secret"),
    "a secret others may read": (_open_secret, Environment, "others than its owner"),
    "an empty secret": (_empty_secret, Misuse, "one line of visible ASCII"),
    "a secret of two lines": (_two_lines, Misuse, "one line of visible ASCII"),
    "no CA": (_no_clients, Environment, "there is no"),
    "a CA file without certificates": (_bad_clients, Misuse, "holds no PEM certificates"),
    "an expired certificate": (_expired, State, "expired at"),
    "another certificate's key": (_other_key, Misuse, "is not the key of"),
    "an encrypted key": (_locked_key, Misuse, "is not the key of"),
    "a certificate of another profile": (_other_profile, Refused, "P-256"),
    "no certificate": (_no_certificate, Environment, "cannot read the gateway's certificate"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_bad_file_is_told_before_anything_starts(ca: MakerCa, maker: Maker, case: str) -> None:
    spoil, kind, message = FAULTS[case]
    spoil(ca)
    with pytest.raises(kind, match=message) as caught:
        _start(maker)
    assert SECRET not in f"{caught.value.message} {caught.value.hint}"


def test_good_files_start(maker: Maker) -> None:
    assert _start(maker).hub.suite == "TLS_CHACHA20_POLY1305_SHA256"


def _roots(maker: Maker, roots: str) -> Gateway:
    text = ROUTE.replace("devices =", f'roots = "{roots}"\ndevices =')
    (maker.folder / "rootlet.toml").write_text(
        f'[maker]\nname = "Example"\n{text}', encoding="utf-8"
    )
    return parse_gateway(load_maker(maker.folder))


def test_roots_of_a_route_must_be_there_and_hold_certificates(maker: Maker) -> None:
    with pytest.raises(Environment, match="roots of route weather"):
        upstream_context(_roots(maker, "missing.pem").routes["weather"])
    with pytest.raises(Misuse, match="holds no PEM certificates"):
        upstream_context(_roots(maker, "rootlet.toml").routes["weather"])
    context = upstream_context(_roots(maker, "root.pem").routes["weather"])
    assert context is not None
    assert len(context.get_ca_certs()) == 1
    public = upstream_context(_roots(maker, "public").routes["weather"])
    assert public is not None
    assert public.check_hostname


def test_certificate_and_key_come_together_or_from_the_name(maker: Maker) -> None:
    gateway = parse_gateway(maker)
    one, two = Path("one.pem"), Path("two.pem")
    named = server_files(maker, gateway, one, two)
    assert (named.certificate, named.key) == (one, two)
    found = server_files(maker, gateway, None, None)
    assert found.certificate == maker.folder / "issued/servers" / GATEWAY / "cert.pem"
    with pytest.raises(Misuse, match="belong together"):
        server_files(maker, gateway, one, None)
    nameless = Gateway(Address(LOOPBACK, 0), "", {})
    with pytest.raises(Misuse, match="has no certificate"):
        server_files(maker, nameless, None, None)


def test_the_standard_loop_serves_where_there_is_no_uvloop(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "uvloop" in loop_factory().__module__
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> ModuleType:
        if name == "uvloop":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    assert loop_factory() is asyncio.new_event_loop


def test_a_log_that_cannot_be_written_counts_what_is_lost() -> None:
    class Full(io.StringIO):
        full = True

        def write(self, text: str) -> int:
            if self.full:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(text)

    stream = Full()
    log = AccessLog(stream)
    for _ in range(3):
        log.event("one")
    stream.full = False
    log.event("two")
    log.event("three")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert (first["event"], first["lost"]) == ("two", 3)
    assert (second["event"], second.get("lost")) == ("three", None)


def test_a_fault_in_the_loop_is_one_line() -> None:
    stream = io.StringIO()
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(report_faults(AccessLog(stream)))
    loop.call_soon(lambda: 1 // 0)
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    [line] = stream.getvalue().splitlines()
    fields = json.loads(line)
    assert (fields["event"], fields["kind"]) == ("fault", "ZeroDivisionError")


def test_identities_are_parsed_once_and_forgotten_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bytes] = []

    def identify(der: bytes) -> str:
        asked.append(der)
        if der == b"bad":
            raise Refused("no device", hint="none")
        return der.decode()

    monkeypatch.setattr(http_device, "_REMEMBERED_IDENTITIES", 2)
    identities = http_device.Identities(identify)
    assert [identities.of(der) for der in (b"a", b"a", b"bad", b"bad")] == ["a", "a", None, None]
    assert asked == [b"a", b"bad"]
    assert identities.of(b"c") == "c"
    assert identities.of(b"a") == "a"
    assert asked == [b"a", b"bad", b"c", b"a"]
