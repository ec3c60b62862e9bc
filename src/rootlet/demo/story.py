"""The demo, step by step: what a device with nothing but one root does, and refuses."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

from rootlet.demo.firmware import build_firmware
from rootlet.demo.liars import Liar, forger, liar_by
from rootlet.demo.outsider import API_KEY
from rootlet.demo.processes import rootlet
from rootlet.demo.program import DeviceProgram, Outcome, build_device
from rootlet.demo.row import Row
from rootlet.demo.stage import API, FORBIDDEN_DEVICE, GATEWAY, SENSOR, Stage
from rootlet.roughtime import build_request, key_from_text, load_key

__all__ = ["Story", "describe"]

CONNECTIONS = 40
"""Handshakes across the replacement of a certificate: more than two seconds of them."""

TOLERANCE_SECONDS = 10
"""How far the interval a device learns may be from the host's own clock."""

HOUR = 3600

SOON = ("--time-timeout", "400")
"""Milliseconds: loopback answers sooner, and who lies is not waited for."""

WEATHER = "/weather/weather?city=Oslo"
HELLO = "/hello"

Tell = Callable[[Row], None]


class Story:
    """Runs the device against the stage; every run becomes a row."""

    def __init__(
        self,
        stage: Stage,
        *,
        chapter: Callable[[str], None],
        tell: Tell,
        firmware: bool = False,
    ) -> None:
        self._stage = stage
        self._firmware = firmware
        self._chapter = chapter
        self._tell = tell
        self._rows: list[Row] = []
        self._device: DeviceProgram | None = None

    def run(self) -> list[Row]:
        """All five chapters, and a sixth with firmware; returns every row."""
        self._device = self._build()
        self._learns_the_time_and_connects()
        self._is_forwarded()
        self._lives_through_a_renewal()
        self._refuses_servers()
        self._refuses_time()
        self._is_refused()
        if self._firmware:
            self._is_firmware()
        return self._rows

    def _build(self) -> DeviceProgram:
        bundle = self._stage.folder / "bundle"
        rootlet("bundle", "--maker", str(self._stage.maker), "--out", str(bundle))
        return build_device(bundle, self._stage.folder / "device")

    def _row(self, step: int, tried: str, expected: str, seen: str, outcome: Outcome) -> None:
        row = Row(step, tried, expected, seen, outcome.milliseconds, outcome.sent, outcome.received)
        self._rows.append(row)
        self._tell(row)

    def _ask(self, server: str, path: str, *options: str, host: str = API) -> Outcome:
        assert self._device is not None
        return self._device.run(host, self._stage.address(server), path, *options)

    def _learns_the_time_and_connects(self) -> None:
        identity = self._stage.identity(SENSOR)
        self._chapter("1. Cold start: it is 1970, and three Roughtime servers know better")
        outcome = self._ask("api", HELLO, *identity)
        expected = "the right time, 3 of 3 agree"
        self._row(1, "time from 3 Roughtime servers", expected, _time(outcome), outcome)
        self._outvotes_a_liar(1, "one of them lies by an hour")
        self._chapter("2. TLS 1.3 with mutual authentication to the maker's nginx")
        seen = f"{outcome.verdict} {outcome.body}"
        self._row(2, "a request to the maker's API", "HTTP 200 hello, device", seen, outcome)
        without = self._ask("api", HELLO)
        self._row(2, "the same without a device certificate", "HTTP 400", without.verdict, without)

    def _outvotes_a_liar(self, step: int, tried: str) -> None:
        liar = Liar(liar_by(HOUR, load_key(self._stage.maker / "time" / "time-a.key")))
        outcome = self._ask("api", HELLO, "--time-server", liar.address)
        liar.stop()
        self._row(step, tried, "the right time, 2 of 3 agree", _time(outcome), outcome)

    def _is_forwarded(self) -> None:
        self._chapter("3. Through the gateway to someone else's service, with a key it never held")
        identity = self._stage.identity(SENSOR)
        outcome = self._ask("gateway", WEATHER, *identity, host=GATEWAY)
        body = json.loads(outcome.body) if outcome.body.startswith("{") else {}
        seen = f"{outcome.verdict}, asked by {body.get('asked_by', 'nobody')}, {len(body)} fields"
        expected = f"HTTP 200, asked by {SENSOR}, 3 fields"
        self._row(3, "weather from the outside service", expected, seen, outcome)
        program = (self._stage.folder / "device").read_bytes()
        seen = "in the device" if API_KEY.encode() in program else "not in the device"
        self._row(3, "where the service's API key is", "not in the device", seen, outcome)

    def _lives_through_a_renewal(self) -> None:
        self._chapter("4. The server's certificate is replaced while the device goes on")
        assert self._device is not None
        identity = self._stage.identity(SENSOR)
        before = self._serial()
        running = self._device.start(
            *(API, self._stage.address("api"), HELLO),
            *identity,
            *("--connections", str(CONNECTIONS)),
        )
        rootlet("ca", "renew", API, "--maker", str(self._stage.maker))
        self._stage.reload_api()
        outcome = self._device.finish(running)
        after = self._serial()
        seen = f"{outcome.connections} of {CONNECTIONS} answered"
        expected = f"{CONNECTIONS} of {CONNECTIONS} answered"
        self._row(4, "connections across the renewal", expected, seen, outcome)
        seen = "a new serial" if before != after else "the old serial"
        tried = f"serial {before[:8]}... before, {after[:8]}... after"
        self._row(4, tried, "a new serial", seen, outcome)

    def _serial(self) -> str:
        """Serial of the certificate that the API serves, as a device sees it."""
        issued = self._stage.maker / "issued" / "devices" / SENSOR
        seen = rootlet(
            *("probe", self._stage.address("api"), "--name", API, "--json"),
            *("--root", str(self._stage.maker / "root" / "root.pem")),
            *("--cert", str(issued / "cert.pem"), "--key", str(issued / "key.pem")),
        )
        return str(json.loads(seen)["chain"][0]["serial"])

    def _refuses_servers(self) -> None:
        self._chapter("5. Refused, each for its own reason")
        identity = self._stage.identity(SENSOR)
        for server, tried, expected in (
            ("rival", "a server with another CA's certificate", "ERR_X509_UNKNOWN_ISSUER"),
            ("expired", "an expired certificate", "ERR_X509_EXPIRED"),
            ("other-name", "a certificate for another name", "ERR_X509_NAME"),
            ("old-version", "a server with TLS 1.2 only", "alert protocol_version received"),
            ("other-suite", "a server with another suite only", "alert handshake_failure received"),
        ):
            outcome = self._ask(server, HELLO, *identity)
            self._row(5, tried, expected, outcome.verdict, outcome)
        outcome = self._ask("api", HELLO, *identity, "--no-clock")
        expected = "ERR_X509_NOT_YET_VALID"
        self._row(5, "a clock that was never set", expected, outcome.verdict, outcome)

    def _refuses_time(self) -> None:
        key = key_from_text(self._stage.keys["time-a"])
        old = self._recorded_reply(key)
        for liar, tried, expected in (
            (
                Liar(forger(key)),
                "two of three Roughtime servers with the wrong key",
                "ERR_ROUGHTIME_DELEGATION",
            ),
            (
                Liar(lambda _request: old),
                "two of three that replay an answer",
                "ERR_ROUGHTIME_NONCE",
            ),
        ):
            outcome = self._ask("api", HELLO, *twice(liar), *SOON)
            self._row(5, tried, expected, outcome.verdict, outcome)
            liar.stop()

    def _is_firmware(self) -> None:
        self._chapter("6. The same, as Cortex-M3 firmware in an emulator")
        folder = self._stage.folder
        self._device = build_firmware(folder / "bundle", folder / "device.elf")
        identity = self._stage.identity(SENSOR)
        for server, tried, expected, options in (
            ("api", "time, then a request to the maker's API", "HTTP 200", identity),
            ("api", "the same without a device certificate", "HTTP 400", ()),
            ("rival", "another CA's certificate", "ERR_X509_UNKNOWN_ISSUER", identity),
            ("expired", "an expired certificate", "ERR_X509_EXPIRED", identity),
            ("other-name", "a certificate for another name", "ERR_X509_NAME", identity),
            ("api", "no clock", "ERR_X509_NOT_YET_VALID", (*identity, "--no-clock")),
        ):
            outcome = self._ask(server, HELLO, *options)
            self._row(6, f"firmware: {tried}", expected, outcome.verdict, outcome)
        outcome = self._ask("gateway", WEATHER, *identity, host=GATEWAY)
        tried = "firmware: weather from the outside service"
        self._row(6, tried, "HTTP 200", outcome.verdict, outcome)
        self._outvotes_a_liar(6, "firmware: one of three Roughtime servers lies")
        liar = Liar(forger(key_from_text(self._stage.keys["time-a"])))
        outcome = self._ask("api", HELLO, *twice(liar), *SOON)
        liar.stop()
        tried, expected = "firmware: two of three with the wrong key", "ERR_ROUGHTIME_DELEGATION"
        self._row(6, tried, expected, outcome.verdict, outcome)

    def _recorded_reply(self, key: bytes) -> bytes:
        """A true answer of the first time server, to a question of someone else."""
        request = build_request(os.urandom(32), key)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(5)
            asking.sendto(request, ("127.0.0.1", self._stage.ports["time-a"]))
            return asking.recv(2048)

    def _is_refused(self) -> None:
        forbidden = self._stage.identity(FORBIDDEN_DEVICE)
        outcome = self._ask("gateway", WEATHER, *forbidden, host=GATEWAY)
        self._row(5, "a route not allowed to this device", "HTTP 403", outcome.verdict, outcome)
        stranger = self._stage.identity(SENSOR, maker=self._stage.rival)
        outcome = self._ask("gateway", WEATHER, *stranger, host=GATEWAY)
        expected = "alert unknown_ca received"
        self._row(5, "a device certificate of another CA", expected, outcome.verdict, outcome)


def twice(liar: Liar) -> tuple[str, ...]:
    """It stands in for the first two of a device's three time servers."""
    return ("--time-server", liar.address) * 2


def _time(outcome: Outcome) -> str:
    now = time.time()
    if not (
        outcome.clock == "OK"
        and outcome.earliest - TOLERANCE_SECONDS <= now <= outcome.latest + TOLERANCE_SECONDS
    ):
        return f"{outcome.clock}, {outcome.latest - outcome.earliest} s wide"
    return f"the right time, {outcome.agreed} of {outcome.asked} agree"


def describe(stage: Stage, folder: Path) -> list[str]:
    """How to poke at what is running."""
    root = stage.maker / "root" / "root.pem"
    issued = stage.maker / "issued" / "devices" / SENSOR
    return [
        f"cd {folder}",
        f"rootlet probe {stage.address('api')} --name {API} --root {root} \\",
        f"    --cert {issued / 'cert.pem'} --key {issued / 'key.pem'}",
        f"rootlet time query {stage.address('time-a')} --key {stage.keys['time-a']}",
        f"rootlet gateway check --maker {stage.maker} --as {SENSOR} GET {WEATHER}",
        f"rootlet ca list --maker {stage.maker}",
        f"./device {API} {stage.address('api')} {HELLO} {' '.join(stage.identity(SENSOR))}",
    ]
