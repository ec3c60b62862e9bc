"""Services that lie, break off, close early, or are not who they should be."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import struct
from contextlib import suppress
from pathlib import Path

import pytest

from rootlet.gateway.http_upstream import Pool, resolve
from rootlet.gateway.refusals import Refusal, RefusedMessage
from support.gateway_outside import OK, Request
from support.gateway_rig import PATIENT, Rig, request
from support.processes import LOOPBACK

BAD_ANSWERS = {
    "no HTTP": b"SSH-2.0-OpenSSH\r\n",
    "length and chunks": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
    "another coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a switch of protocols": (
        b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    ),
    "a switch without saying to what": b"HTTP/1.1 101 X\r\n\r\n",
    "no status": b"HTTP/1.1 000 X\r\nContent-Length: 0\r\n\r\n",
    "a status unheard of": b"HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n",
    "a header without end": b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 500_000,
    "too many headers": b"HTTP/1.1 200 OK\r\n" + b"X-A: a\r\n" * 70 + b"\r\n",
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
}

BROKEN_OFF = {
    "less than its length": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
    "no last chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    "a broken chunk": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nZ\r\n0\r\n\r\n"
    ),
}


@pytest.mark.parametrize("case", BAD_ANSWERS)
def test_a_malformed_answer_is_502(rig: Rig, case: str) -> None:
    rig.outside.closes_after(BAD_ANSWERS[case])
    with rig.device() as device:
        answer = device.ask(request())
        assert (answer.status, answer.error) == (502, "upstream_answer_bad")
        rig.outside.reset()
        assert device.ask(request()).status == 200, "the device's connection goes on"


@pytest.mark.parametrize("case", BROKEN_OFF)
def test_an_answer_that_breaks_off_is_never_completed(rig: Rig, case: str) -> None:
    rig.outside.closes_after(BROKEN_OFF[case])
    with rig.device() as device:
        device.send(request())
        got = device.rest()
        assert got.startswith(b"HTTP/1.1 200 ")
        assert not got.endswith((b"0\r\n\r\n",))
    [line] = rig.lines()
    assert line["status"] == 200
    assert line["error"] in ("upstream_lost", "upstream_answer_bad")


@pytest.mark.parametrize(
    "extra",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged", b"junk"],
    ids=["answer", "junk"],
)
@pytest.mark.parametrize("later", [False, True], ids=["at once", "later"])
def test_what_follows_an_answer_is_never_the_next_answer(
    rig: Rig, extra: bytes, later: bool
) -> None:
    rig.outside.answers(*([OK, extra] if later else [OK + extra]))
    with rig.device() as device:
        for _ in range(3):
            assert device.ask(request()).body == b"hello"
            rig.run(asyncio.sleep(0.05))
    assert rig.outside.connections == 3


def test_a_body_behind_a_head_answer_is_never_the_next_answer(rig: Rig) -> None:
    rig.outside.answers(OK)
    with rig.device() as device:
        assert device.ask(request(method="HEAD"), "HEAD").body == b""
        rig.outside.reset()
        assert device.ask(request()).body == b"hello"
    assert rig.outside.connections == 1


def test_an_answer_with_close_is_not_reused(rig: Rig) -> None:
    rig.outside.answers(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    with rig.device() as device:
        for _ in range(2):
            assert "connection" not in device.ask(request()).headers
    assert rig.outside.connections == 2


def test_a_service_of_http_1_0_is_understood(rig: Rig) -> None:
    rig.outside.closes_after(OK.replace(b"1.1", b"1.0"))
    with rig.device() as device:
        for _ in range(2):
            assert device.ask(request()).body == b"hello"
    assert rig.outside.connections == 2


def _closing_once(rig: Rig, requests: list[str]) -> None:
    """Answer the first request; on reused connections close without a word; then answer again."""

    async def behave(got: Request, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(got.line)
        if len(requests) == 2:
            writer.close()
        else:
            writer.write(OK)

    rig.outside.behaviour = behave


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_a_reused_connection_that_was_dead_is_replaced_once(rig: Rig, method: str) -> None:
    requests: list[str] = []
    _closing_once(rig, requests)
    with rig.device() as device:
        assert device.ask(request()).status == 200
        assert device.ask(request("/weather/again", method=method), method).status == 200
    assert requests[1] == requests[2] == f"{method} /v2/again HTTP/1.1"


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_request_whose_body_was_sent_is_not_repeated(rig: Rig, method: str) -> None:
    requests: list[str] = []
    _closing_once(rig, requests)
    with rig.device() as device:
        assert device.ask(request()).status == 200
        answer = device.ask(request(method=method, body=b"once"))
        assert (answer.status, answer.error) == (502, "upstream_lost")
    assert len(requests) == 2


def test_a_post_without_a_body_is_not_repeated(rig: Rig) -> None:
    requests: list[str] = []
    _closing_once(rig, requests)
    with rig.device() as device:
        assert device.ask(request()).status == 200
        assert device.ask(request(method="POST")).error == "upstream_lost"
    assert len(requests) == 2


def test_a_second_failure_is_final(rig: Rig) -> None:
    rig.ask(request())
    rig.outside.closes_after(b"")
    assert rig.ask(request()).error == "upstream_lost"
    assert len(rig.outside.requests) == 3


def test_a_reset_upstream_is_502(rig: Rig) -> None:
    async def reset(_: Request, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at_once = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        writer.transport.abort()

    rig.outside.behaviour = reset
    assert rig.ask(request("/plain/now")).error == "upstream_lost"


def test_no_more_idle_connections_are_kept_than_allowed(tmp_path: Path) -> None:
    async def slow(_: Request, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.write(OK)

    with Rig(tmp_path, limits=dataclasses.replace(PATIENT, pooled=1)) as rig:
        rig.outside.behaviour = slow
        with rig.device("sensor-1") as one, rig.device("sensor-2") as two:
            for _ in range(2):
                one.send(request())
                two.send(request())
                assert one.answer().status == two.answer().status == 200
        assert rig.opened() == 3


async def _open(
    rig: Rig, addresses: list[str], port: int, alias: str = "weather"
) -> Refusal | None:
    """Open a connection to one of several addresses; why not, or None."""

    async def resolver(_: str, __: int) -> list[str]:
        return addresses

    pool = rig.server.hub.pools[alias]
    route = pool.route
    route = dataclasses.replace(route, upstream=dataclasses.replace(route.upstream, port=port))
    probe = Pool(route, PATIENT, tls=pool.tls, resolver=resolver)
    try:
        connection = await probe.open()
    except RefusedMessage as refused:
        return refused.refusal
    connection.drop()
    return None


def test_the_next_address_is_tried(rig: Rig) -> None:
    port = rig.server.hub.pools["weather"].route.upstream.port
    assert rig.run(_open(rig, ["127.0.0.2", LOOPBACK], port)) is None
    assert rig.run(_open(rig, ["127.0.0.2"], port)) is Refusal.UPSTREAM_UNREACHABLE
    assert rig.run(_open(rig, [], port)) is Refusal.UPSTREAM_UNREACHABLE


def test_a_service_without_tls_is_told_apart(rig: Rig) -> None:
    async def scenario() -> Refusal | None:
        async def no_tls(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(no_tls, LOOPBACK, 0)
        port = server.sockets[0].getsockname()[1]
        refusal = await _open(rig, [LOOPBACK], port)
        server.close()
        return refusal

    assert rig.run(scenario()) is Refusal.UPSTREAM_TLS_FAILED


@pytest.mark.parametrize(
    ("alias", "error"),
    [
        ("unknown-roots", "upstream_not_trusted"),
        ("other-name", "upstream_not_trusted"),
        ("nobody", "upstream_unreachable"),
        ("nowhere", "upstream_unresolved"),
        ("public-only", "upstream_address_refused"),
        ("metadata", "upstream_address_refused"),
    ],
)
def test_a_service_that_cannot_be_reached_is_502(rig: Rig, alias: str, error: str) -> None:
    with rig.device() as device:
        answer = device.ask(request(f"/{alias}/now"))
        assert (answer.status, answer.error) == (502, error)
        assert device.ask(request()).status == 200, "the device's connection goes on"
    assert [seen.line for seen in rig.outside.requests] == ["GET /v2/now HTTP/1.1"]


def test_a_device_that_leaves_takes_its_request_along(rig: Rig) -> None:
    ended = asyncio.Event()

    async def wait(_: Request, reader: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read()
        ended.set()

    rig.outside.behaviour = wait
    with rig.device() as device:
        device.send(request())
        rig.run(asyncio.sleep(0.1))
    rig.run(asyncio.wait_for(ended.wait(), 5))
    assert [line["error"] for line in rig.lines()] == ["device_gone"]


def test_a_device_that_leaves_while_the_connection_opens(rig: Rig) -> None:
    with rig.device() as device:
        device.send(request("/no-tls/now"))
        rig.run(asyncio.sleep(0.1))
    rig.run(asyncio.sleep(0.1))
    assert [line["error"] for line in rig.lines()] == ["device_gone"]


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0177.0.0.1", "localhost"])
def test_every_spelling_of_loopback_resolves_to_what_is_checked(host: str) -> None:
    found = asyncio.run(resolve(host, 443))
    assert set(found) <= {"127.0.0.1", "::1"}
    assert found


def test_a_name_that_cannot_be_looked_up_is_unresolved(rig: Rig) -> None:
    pool = rig.server.hub.pools["weather"]
    name = "a" * 64 + ".test"
    with pytest.raises(UnicodeError):
        asyncio.run(resolve(name, 443))

    async def scenario() -> Refusal:
        async def resolver(_: str, __: int) -> list[str]:
            raise UnicodeError(name)

        with pytest.raises(RefusedMessage) as caught:
            await Pool(pool.route, PATIENT, tls=pool.tls, resolver=resolver).open()
        return caught.value.refusal

    assert rig.run(scenario()) is Refusal.UPSTREAM_UNRESOLVED
