"""A device's request, forwarded to someone else's service and answered."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from pathlib import Path
from typing import Any

import pytest

from rootlet.gateway import loop_factory
from support.gateway_maker import SECRET
from support.gateway_outside import Request
from support.gateway_rig import Rig, request

LARGE = 32 << 20
"""Bytes; several times what the sockets between service and device hold."""


def test_a_request_is_forwarded_with_the_secret_and_the_device(rig: Rig) -> None:
    answer = rig.ask(request("/weather/now?city=Oslo", "Accept: */*"))
    assert (answer.status, answer.body) == (200, b"hello")
    assert answer.headers["content-type"] == "text/plain"
    [seen] = rig.outside.requests
    assert seen.line == "GET /v2/now?city=Oslo HTTP/1.1"
    assert seen.values("Authorization") == [SECRET]
    assert seen.values("Rootlet-Device") == ["sensor-1"]
    assert seen.values("X-Plan") == ["basic"]
    assert seen.values("Accept") == ["*/*"]
    assert seen.values("Host")[0].startswith("api.example.test:")


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ("/weather", "GET /v2 HTTP/1.1"),
        ("/weather/", "GET /v2/ HTTP/1.1"),
        ("/weather?a=b", "GET /v2?a=b HTTP/1.1"),
        ("/weather/a%2Fb/c?d=%2e%2e&e[]=/../", "GET /v2/a%2Fb/c?d=%2e%2e&e[]=/../ HTTP/1.1"),
        ("/weather/.well-known/a..b", "GET /v2/.well-known/a..b HTTP/1.1"),
        ("/plain", "GET / HTTP/1.1"),
        ("/plain?a", "GET /?a HTTP/1.1"),
    ],
)
def test_the_path_is_forwarded_as_it_was_decided_on(rig: Rig, asked: str, line: str) -> None:
    assert rig.ask(request(asked)).status == 200
    assert [seen.line for seen in rig.outside.requests] == [line]


@pytest.mark.parametrize(
    ("device", "path", "method", "status", "error"),
    [
        ("sensor-2", "/weather/now", "GET", 200, None),
        ("mast-7", "/weather/now", "GET", 200, None),
        ("mast-77", "/weather/now", "GET", 403, "route_not_allowed"),
        ("sensor-2", "/plain/now", "GET", 403, "route_not_allowed"),
        ("sensor-1", "/plain/now", "GET", 200, None),
        ("sensor-1", "/weathers/now", "GET", 404, "no_such_route"),
        ("sensor-1", "/%77eather/now", "GET", 404, "no_such_route"),
        ("sensor-1", "/", "GET", 404, "no_such_route"),
        ("sensor-1", "/weather/now", "DELETE", 405, "method_not_allowed"),
    ],
)
def test_routes_let_in_who_is_listed(
    rig: Rig, device: str, path: str, method: str, status: int, error: str | None
) -> None:
    answer = rig.ask(request(path, method=method), device=device)
    assert answer.status == status
    if error:
        assert answer.error == error
        assert rig.outside.requests == []
    if status == 405:
        assert answer.headers["allow"] == "GET, HEAD, POST, PUT"
    [line] = rig.lines()
    assert (line["device"], line["status"], line.get("error")) == (device, status, error)


def test_a_refusal_keeps_the_connection(rig: Rig) -> None:
    with rig.device() as device:
        assert device.ask(request("/elsewhere")).status == 404
        assert device.ask(request()).status == 200


def test_a_hundred_requests_take_one_connection_upstream(rig: Rig) -> None:
    before = rig.opened()
    with rig.device() as device:
        for number in range(50):
            assert device.ask(request(f"/weather/{number}")).body == b"hello"
            assert device.ask(request(method="POST", body=b"abc")).status == 200
    assert rig.opened() - before == 1
    assert rig.outside.connections == 1


def test_several_devices_share_idle_connections(rig: Rig) -> None:
    before = rig.opened()
    for number in range(1, 4):
        assert rig.ask(request(), device=f"sensor-{number}").status == 200
    assert rig.opened() - before == 1
    assert [seen.values("Rootlet-Device") for seen in rig.outside.requests] == [
        ["sensor-1"],
        ["sensor-2"],
        ["sensor-3"],
    ]


def test_a_body_with_a_length(rig: Rig) -> None:
    body = bytes(range(256)) * 1000
    assert rig.ask(request(method="POST", body=body)).status == 200
    [seen] = rig.outside.requests
    assert seen.body == body
    assert seen.values("Content-Length") == [str(len(body))]
    assert rig.lines()[0]["received"] == len(body)


def test_a_body_in_chunks(rig: Rig) -> None:
    with rig.device() as device:
        device.send(request("/weather/now", "Transfer-Encoding: chunked", method="PUT"))
        for piece in (b"3\r\nabc\r\n", b"4\r\n", b"defg", b"\r\n", b"0\r\n\r\n"):
            device.send(piece)
        assert device.answer().status == 200
    [seen] = rig.outside.requests
    assert (seen.body, seen.whole) == (b"abcdefg", True)
    assert seen.values("Content-Length") == []


def test_an_empty_body_keeps_its_length(rig: Rig) -> None:
    rig.ask(request("/weather/now", "Content-Length: 0", method="POST"))
    assert rig.outside.requests[0].values("Content-Length") == ["0"]


def test_100_continue_comes_from_the_gateway(rig: Rig) -> None:
    with rig.device() as device:
        device.send(
            request("/weather/now", "Expect: 100-continue", "Content-Length: 3", method="PUT")
        )
        assert device.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert device.ask(b"abc").status == 200
    [seen] = rig.outside.requests
    assert (seen.body, seen.values("Expect")) == (b"abc", [])


def test_interim_answers_are_dropped(rig: Rig) -> None:
    rig.outside.answers(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    )
    answer = rig.ask(request())
    assert (answer.status, answer.body) == (200, b"hi")
    assert "link" not in answer.headers


def test_head_has_a_length_and_no_body(rig: Rig) -> None:
    rig.outside.answers(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
    before = rig.opened()
    with rig.device() as device:
        for _ in range(3):
            answer = device.ask(request(method="HEAD"), "HEAD")
            assert (answer.status, answer.headers["content-length"]) == (200, "5000")
        assert device.ask(request("/elsewhere", method="HEAD"), "HEAD").status == 404
    assert rig.opened() - before == 1


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body(rig: Rig, status: int) -> None:
    rig.outside.answers(b"HTTP/1.1 %d X\r\nETag: a\r\n\r\n" % status)
    with rig.device() as device:
        for _ in range(2):
            answer = device.ask(request())
            assert (answer.status, answer.body) == (status, b"")
            assert "transfer-encoding" not in answer.headers
    assert rig.outside.connections == 1


def test_an_answer_in_chunks(rig: Rig) -> None:
    rig.outside.answers(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3\r\nabc\r\n",
        b"2;x=y\r\nde\r\n0\r\nX-T: 1\r\n\r\n",
    )
    with rig.device() as device:
        for _ in range(2):
            answer = device.ask(request())
            assert answer.body == b"abcde"
            assert "trailer" not in answer.headers
    assert rig.outside.connections == 1


def test_an_answer_that_ends_with_the_connection(rig: Rig) -> None:
    rig.outside.closes_after(b"HTTP/1.1 200 OK\r\n\r\nuntil the end")
    with rig.device() as device:
        answer = device.ask(request())
        assert answer.body == b"until the end"
        assert answer.headers["connection"] == "close"
        assert "transfer-encoding" not in answer.headers


def test_headers_of_the_upstreams_connection_are_dropped(rig: Rig) -> None:
    rig.outside.answers(
        b"HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
        b"Proxy-Authenticate: Basic\r\nX-Kept: 1\r\nContent-Length: 0\r\n\r\n"
    )
    answer = rig.ask(request())
    assert answer.headers == {"x-kept": "1", "content-length": "0"}


def test_redirects_are_handed_back(rig: Rig) -> None:
    rig.outside.answers(
        b"HTTP/1.1 302 Found\r\nLocation: https://169.254.169.254/latest\r\n"
        b"Content-Length: 0\r\n\r\n"
    )
    answer = rig.ask(request())
    assert (answer.status, answer.headers["location"]) == (302, "https://169.254.169.254/latest")
    assert len(rig.outside.requests) == 1


def test_connection_close_of_the_device_is_honoured(rig: Rig) -> None:
    with rig.device() as device:
        answer = device.ask(request("/weather/now", "Connection: close"))
        assert (answer.body, answer.headers["connection"]) == (b"hello", "close")
        assert device.closed()
    assert rig.ask(request("/elsewhere", "Connection: close")).headers["connection"] == "close"


def test_a_request_in_single_bytes(rig: Rig) -> None:
    with rig.device() as device:
        for byte in request(method="POST", body=b"abc"):
            device.send(bytes([byte]))
        assert device.answer().status == 200
    assert rig.outside.requests[0].body == b"abc"


@pytest.mark.parametrize("loop", ["uvloop", "standard"])
def test_large_bodies_stream_both_ways(tmp_path: Path, loop: str) -> None:
    factory = loop_factory() if loop == "uvloop" else asyncio.new_event_loop
    block = hashlib.shake_256(b"block").digest(1 << 16)
    written: list[int] = []

    async def download(_: Request, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE)
        for sent in range(0, LARGE, len(block)):
            writer.write(block)
            await writer.drain()
            written.append(sent)

    with Rig(tmp_path, factory=factory) as rig:
        rig.outside.behaviour = download
        with rig.device(buffer=4096) as device:
            device.send(request())
            got = device.socket.recv(16384)
            # The device does not read: the service must not get rid of more than sockets hold.
            rig.run(asyncio.sleep(0.3))
            assert written[-1] < LARGE // 2
            got = got.partition(b"\r\n\r\n")[2]
            digest, count = hashlib.sha256(got), len(got)
            while count < LARGE:
                got = device.socket.recv(1 << 16)
                digest.update(got)
                count += len(got)
        assert digest.digest() == hashlib.sha256(block * (LARGE // len(block))).digest()
        rig.outside.reset()
        assert rig.ask(request(method="POST", body=block * 4)).status == 200
        assert rig.outside.requests[0].body == block * 4
        assert rig.faults == []


def test_a_service_that_does_not_read_stops_the_device(tmp_path: Path) -> None:
    body = hashlib.shake_256(b"body").digest(1 << 16) * (LARGE >> 16)
    release = asyncio.Event()
    digests: list[bytes] = []

    async def slow(_: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        digests.append(hashlib.sha256(await reader.readexactly(LARGE)).digest())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    with Rig(tmp_path) as rig, rig.device() as device:
        rig.outside.behaviour, rig.outside.reads_body = slow, False
        device.send(request("/plain/now", f"Content-Length: {LARGE}", method="PUT"))
        sender = threading.Thread(target=device.send, args=(body,))
        sender.start()
        sender.join(0.5)
        assert sender.is_alive(), "the gateway took more than it could pass on"
        rig.loop.call_soon_threadsafe(release.set)
        assert device.answer().status == 200
        sender.join()
        assert rig.faults == []
    assert digests == [hashlib.sha256(body).digest()]


def test_a_device_that_is_full_gets_its_next_answer_later(tmp_path: Path) -> None:
    with Rig(tmp_path) as rig, rig.device() as device:
        assert device.ask(request()).status == 200
        [connection] = rig.server.hub.connections
        rig.loop.call_soon_threadsafe(connection.pause_writing)
        device.send(request())
        rig.run(asyncio.sleep(0.1))
        assert (len(rig.outside.requests), len(rig.lines())) == (2, 1)
        rig.loop.call_soon_threadsafe(connection.resume_writing)
        assert device.answer().body == b"hello"


def test_a_device_full_at_the_end_is_closed_when_it_has_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Rig(tmp_path) as rig, rig.device() as device:
        assert device.ask(request()).status == 200
        [connection] = rig.server.hub.connections
        log = rig.server.hub.log
        written = log.request

        def full_by_then(**fields: Any) -> None:
            written(**fields)
            connection.pause_writing()

        monkeypatch.setattr(log, "request", full_by_then)
        assert device.ask(request("/weather/now", "Connection: close")).body == b"hello"
        device.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            device.socket.recv(1)
        rig.loop.call_soon_threadsafe(connection.resume_writing)
        assert device.closed()


def test_an_early_answer_ends_the_upload(rig: Rig) -> None:
    rig.outside.reads_body = False
    rig.outside.answers(b"HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno")
    with rig.device() as device:
        device.send(request("/weather/now", "Content-Length: 1000", method="POST"))
        answer = device.answer()
        assert (answer.status, answer.body) == (401, b"no")
        assert answer.headers["connection"] == "close"
        assert device.closed()
