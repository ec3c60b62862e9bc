"""Nothing waits for ever: a device or a service that stands still is let go at a named deadline."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rootlet.gateway.http_deadline import Deadline, Wait
from support.gateway_outside import OK, Request
from support.gateway_rig import PATIENT, QUICK, Rig, request
from support.processes import LOOPBACK


@pytest.fixture(scope="module")
def shared_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("maker"), limits=QUICK) as rig:
        yield rig
        assert rig.faults == []


def test_tcp_without_a_handshake_is_closed(rig: Rig) -> None:
    with socket.create_connection((LOOPBACK, rig.address.port)) as plain:
        plain.settimeout(5)
        began = time.monotonic()
        assert plain.recv(1) == b""
    assert 0.5 < time.monotonic() - began < 4


def test_silence_after_the_handshake_is_closed(rig: Rig) -> None:
    with rig.device() as device:
        assert device.closed()
    assert rig.lines() == []


def test_line_ends_alone_do_not_keep_a_connection(rig: Rig) -> None:
    with rig.device() as device:
        began = time.monotonic()
        for _ in range(4):
            device.send(b"\r\n")
            time.sleep(0.1)
        assert device.closed()
        assert time.monotonic() - began < 3


def test_half_a_head_is_answered_408(rig: Rig) -> None:
    with rig.device() as device:
        device.send(b"GET /weather/now HTTP/1.1\r\nHost: a\r\n")
        answer = device.answer()
        assert (answer.status, answer.error) == (408, "header_timeout")
        assert device.closed()


def test_a_head_that_drips_is_answered_408(rig: Rig) -> None:
    with rig.device() as device:
        for byte in b"GET /weather/now":
            device.send(bytes([byte]))
            time.sleep(0.03)
        assert device.answer().error == "header_timeout"


def test_a_stalled_body_is_answered_408_and_cut_off_upstream(rig: Rig) -> None:
    with rig.device() as device:
        device.send(request("/weather/now", "Content-Length: 10", method="POST") + b"abc")
        answer = device.answer()
        assert (answer.status, answer.error) == (408, "body_timeout")
    rig.ask(request())
    assert [seen.whole for seen in rig.outside.requests] == [False, True]


def test_a_device_that_does_not_read_is_cut_off(rig: Rig) -> None:
    async def endless(_: Request, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"a" * 65536 + b"\r\n")
            await writer.drain()

    rig.outside.behaviour = endless
    with rig.device(buffer=4096) as device:
        device.send(request())
        for _ in range(100):
            rig.run(asyncio.sleep(0.05))
            if rig.lines():
                break
        [line] = rig.lines()
        assert (line["status"], line["error"]) == (200, "body_timeout")


def test_a_slow_device_still_gets_the_end_of_its_last_answer(tmp_path: Path) -> None:
    size = 16 << 20
    with Rig(tmp_path, limits=dataclasses.replace(QUICK, body_seconds=10.0)) as rig:
        rig.outside.closes_after(b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * size)
        with rig.device(buffer=4096) as device:
            device.send(request())
            rig.run(asyncio.sleep(0.2))
            assert device.answer().body == b"a" * size


@pytest.mark.parametrize("stage", ["nothing", "half a head"])
def test_a_service_that_does_not_answer_is_504(rig: Rig, stage: str) -> None:
    async def silent(
        _: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if stage == "half a head":
            writer.write(OK[:20])
        await reader.read()

    rig.outside.behaviour = silent
    with rig.device() as device:
        answer = device.ask(request("/hasty/now"))
        assert (answer.status, answer.error) == (504, "upstream_timeout")
        rig.outside.reset()
        assert device.ask(request()).status == 200, "the device's connection goes on"


def test_interim_answers_do_not_prolong_the_wait(rig: Rig) -> None:
    async def hints(_: Request, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.1)

    rig.outside.behaviour = hints
    assert rig.ask(request("/hasty/now")).error == "upstream_timeout"


def test_an_answer_that_stops_half_way_is_cut_off(rig: Rig) -> None:
    async def stops(_: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        await reader.read()

    rig.outside.behaviour = stops
    with rig.device() as device:
        device.send(request("/hasty/now"))
        assert device.rest().endswith(b"\r\n\r\nabc")
    assert rig.lines()[0]["error"] == "upstream_timeout"


def test_a_slow_connection_upstream_is_504(rig: Rig) -> None:
    # The service's plain port never answers a ClientHello.
    answer = rig.ask(request("/no-tls/now"))
    assert (answer.status, answer.error) == (504, "upstream_timeout")


def test_idle_upstream_connections_close(tmp_path: Path) -> None:
    limits = dataclasses.replace(PATIENT, pooled_seconds=0.1)
    with Rig(tmp_path, limits=limits) as rig:
        rig.ask(request())
        rig.run(asyncio.sleep(0.3))
        rig.ask(request())
        assert rig.opened() == 2


def test_what_cannot_be_repeated_takes_only_a_fresh_connection(tmp_path: Path) -> None:
    limits = dataclasses.replace(PATIENT, fresh_seconds=0.1)
    with Rig(tmp_path, limits=limits) as rig:
        rig.ask(request())
        rig.run(asyncio.sleep(0.2))
        rig.ask(request())
        assert rig.opened() == 1
        rig.run(asyncio.sleep(0.2))
        rig.ask(request("/weather/now", "Content-Length: 0", method="POST"))
        assert rig.opened() == 2


def test_a_deadline_moves_both_ways() -> None:
    async def scenario() -> list[Wait]:
        loop = asyncio.get_running_loop()
        fired: list[Wait] = []
        deadline = Deadline(loop, fired.append)
        deadline.set(Wait.IDLE, 0.05)
        deadline.set(Wait.BODY, 0.15)
        await asyncio.sleep(0.1)
        assert fired == []
        await asyncio.sleep(0.1)
        deadline.set(Wait.IDLE, 5.0)
        deadline.set(Wait.HEADER, 0.01)
        await asyncio.sleep(0.05)
        deadline.set(Wait.UPSTREAM, 0.01)
        deadline.clear()
        await asyncio.sleep(0.05)
        return fired

    assert asyncio.run(scenario()) == [Wait.BODY, Wait.HEADER]
