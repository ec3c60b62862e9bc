"""Raw requests made to confuse two parsers, to cross routes, or to speak in another's name.

Each is refused with the status named, never reaches the service, and does not hurt the next
request. Below that: what is not refused but made harmless.
"""

from __future__ import annotations

import asyncio

import pytest

from support.gateway_maker import SECRET
from support.gateway_rig import Rig, request

HEAD = "GET /weather/now HTTP/1.1\r\nHost: gateway.example.test\r\n"
POST = "POST /weather/now HTTP/1.1\r\nHost: gateway.example.test\r\n"
CHUNKED = POST + "Transfer-Encoding: chunked\r\n\r\n"

REFUSED = {
    "length and chunks": (
        POST + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "bad_request",
    ),
    "chunks and length": (
        POST + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        400,
        "bad_request",
    ),
    "two lengths": (
        POST + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        400,
        "bad_request",
    ),
    "the same length twice": (
        POST + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
        400,
        "bad_request",
    ),
    "a list of lengths": (POST + "Content-Length: 1, 1\r\n\r\na", 400, "bad_request"),
    "a length with a sign": (POST + "Content-Length: +5\r\n\r\nabcde", 400, "bad_request"),
    "a negative length": (POST + "Content-Length: -5\r\n\r\nabcde", 400, "bad_request"),
    "a length beyond all numbers": (
        POST + "Content-Length: 99999999999999999999999\r\n\r\n",
        400,
        "bad_request",
    ),
    "another coding": (POST + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400, "bad_body"),
    "a coding before chunked": (
        POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        400,
        "bad_body",
    ),
    "chunked twice": (
        POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "bad_request",
    ),
    "an empty coding": (
        POST + "Transfer-Encoding:\r\nContent-Length: 3\r\n\r\nabc",
        400,
        "bad_request",
    ),
    "chunks in HTTP/1.0": (
        "POST /weather/now HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        505,
        "version_refused",
    ),
    "HTTP/1.0": ("GET /weather/now HTTP/1.0\r\nHost: a\r\n\r\n", 505, "version_refused"),
    "HTTP/0.9": ("GET /weather/now\r\n\r\n", 505, "version_refused"),
    "HTTP/2.0 by name": ("GET /weather/now HTTP/2.0\r\nHost: a\r\n\r\n", 505, "version_refused"),
    "the preface of HTTP/2": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "bad_request"),
    "a folded header": (HEAD + "X-A: a\r\n b\r\n\r\n", 400, "bad_request"),
    "bare line feeds": ("GET /weather/now HTTP/1.1\nHost: a\n\n", 400, "bad_request"),
    "a bare carriage return": (HEAD + "X-A: a\rb\r\n\r\n", 400, "bad_request"),
    "a zero byte": (HEAD + "X-A: a\0b\r\n\r\n", 400, "bad_request"),
    "space before the colon": (HEAD + "X-A : a\r\n\r\n", 400, "bad_request"),
    "a header without a name": (HEAD + ": a\r\n\r\n", 400, "bad_request"),
    "no Host": ("GET /weather/now HTTP/1.1\r\n\r\n", 400, "bad_host"),
    "two Hosts": (HEAD + "Host: other.example.test\r\n\r\n", 400, "bad_host"),
    "an empty Host": ("GET /weather/now HTTP/1.1\r\nHost:\r\n\r\n", 400, "bad_host"),
    "a Host with a path": ("GET /weather/now HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "bad_host"),
    "one huge header": (HEAD + "X-A: " + "a" * 65536 + "\r\n\r\n", 431, "header_too_large"),
    "a header without end": (HEAD + "X-A: " + "a" * 65536, 431, "header_too_large"),
    "too many headers": (HEAD + "X-A: a\r\n" * 70 + "\r\n", 431, "header_too_large"),
    "a long URL": (
        f"GET /weather/{'a' * 32768} HTTP/1.1\r\nHost: a\r\n\r\n",
        414,
        "url_too_long",
    ),
    "the whole address": (
        "GET http://api.example.test/v2/now HTTP/1.1\r\nHost: a\r\n\r\n",
        400,
        "absolute_target",
    ),
    "a tunnel": (
        "CONNECT api.example.test:443 HTTP/1.1\r\nHost: a\r\n\r\n",
        405,
        "connect_refused",
    ),
    "the whole server": ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_target"),
    "a method that echoes": ("TRACE /weather/now HTTP/1.1\r\nHost: a\r\n\r\n", 405, None),
    "a method unheard of": ("BREW /weather/now HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"),
    "the method in small letters": ("get /weather/now HTTP/1.1\r\nHost: a\r\n\r\n", 400, None),
    "another protocol": ("OPTIONS /weather/now RTSP/1.0\r\nHost: a\r\n\r\n", 505, None),
    "an upgrade": (
        HEAD + "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        400,
        "upgrade_refused",
    ),
    "an upgrade to h2c": (
        HEAD + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n",
        400,
        "upgrade_refused",
    ),
    "an upgrade only named": (HEAD + "Connection: upgrade\r\n\r\n", 400, "upgrade_refused"),
    "early data": (HEAD + "Early-Data: 1\r\n\r\n", 425, "early_data_refused"),
    "another expectation": (HEAD + "Expect: 200-ok\r\n\r\n", 417, "expectation_refused"),
    "an underscore twin of the device": (
        HEAD + "Rootlet_Device: sensor-2\r\n\r\n",
        400,
        "spoofed_header",
    ),
    "a dotted twin of a fixed header": (HEAD + "X.Plan: gold\r\n\r\n", 400, "spoofed_header"),
    "an underscore twin of a length": (HEAD + "Content_Length: 5\r\n\r\n", 400, "spoofed_header"),
    "an underscore twin of the coding": (
        HEAD + "Transfer_Encoding: chunked\r\n\r\n",
        400,
        "spoofed_header",
    ),
    "too large by its own word": (POST + "Content-Length: 300001\r\n\r\n", 413, "body_too_large"),
}

BAD_PATHS = {
    "dots": "/weather/../private",
    "a dot": "/weather/./now",
    "dots at the end": "/weather/..",
    "encoded dots": "/weather/%2e%2e/private",
    "half encoded dots": "/weather/.%2E/private",
    "an encoded slash behind dots": "/weather/..%2fprivate",
    "dots encoded twice": "/weather/%252e%252e/private",
    "dots before a parameter": "/weather/..;a=b/private",
    "an encoded backslash": "/weather/..%5cprivate",
    "dots as the route": "/../weather/now",
    "an encoded line end": "/weather/a%0d%0aX-Plan:%20gold",
    "an encoded zero": "/weather/a%00b",
    "a broken escape": "/weather/%zz",
    "an empty segment": "/weather//now",
    "an address behind the route": "/weather//other.example.test/",
    "a backslash": "/weather/a\\b",
    "a fragment": "/weather/now#here",
    "letters beyond ASCII": "/weather/\xe9",
}

BROKEN_CHUNKS = {
    "a size that is no number": "Z\r\nab\r\n0\r\n\r\n",
    "a size beyond all numbers": "fffffffffffffffff\r\na",
    "more than its size": "1\r\nabc\r\n0\r\n\r\n",
    "line feeds only": "1\na\n0\n\n",
    "a negative size": "-1\r\na\r\n",
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_at_the_door(rig: Rig, case: str) -> None:
    raw, status, error = REFUSED[case]
    with rig.device() as device:
        answer = device.ask(raw.encode("latin-1"))
        assert answer.status == status
        assert error in (None, answer.error)
    assert rig.ask(request()).status == 200
    assert [seen.line for seen in rig.outside.requests] == ["GET /v2/now HTTP/1.1"]


@pytest.mark.parametrize("case", BAD_PATHS)
def test_a_path_that_could_mean_two_things_is_refused(rig: Rig, case: str) -> None:
    assert rig.ask(request(BAD_PATHS[case])).status == 400
    assert rig.outside.requests == []


@pytest.mark.parametrize("case", BROKEN_CHUNKS)
def test_a_broken_upload_is_never_completed_upstream(rig: Rig, case: str) -> None:
    with rig.device() as device:
        device.send((CHUNKED + "3\r\nabc\r\n").encode())
        rig.run(asyncio.sleep(0.05))
        device.send(BROKEN_CHUNKS[case].encode())
        answer = device.answer()
        assert (answer.status, answer.error) == (400, "bad_body")
    assert rig.ask(request()).status == 200
    assert all(not seen.whole for seen in rig.outside.requests[:-1])


def test_trailers_are_refused(rig: Rig) -> None:
    answer = rig.ask((CHUNKED + "1\r\na\r\n0\r\nAuthorization: mine\r\n\r\n").encode())
    assert (answer.status, answer.error) == (400, "trailers_refused")


def test_a_trailer_without_end_is_refused(rig: Rig) -> None:
    with rig.device() as device:
        device.send((CHUNKED + "1\r\na\r\n").encode())
        rig.run(asyncio.sleep(0.1))
        device.send(b"0\r\nX-A: ")
        for _ in range(40):
            device.send(b"a" * 1024)
        assert device.answer().error == "bad_body"


def test_a_second_request_before_the_answer_is_never_read(rig: Rig) -> None:
    second = request("/weather/second")
    with rig.device() as device:
        device.send(request("/weather/first") + second)
        assert device.answer().body == b"hello"
        device.send(second)
        assert device.closed()
    assert [seen.line for seen in rig.outside.requests] == ["GET /v2/first HTTP/1.1"]


def test_a_request_behind_a_refused_one_is_judged_by_itself(rig: Rig) -> None:
    with rig.device() as device:
        device.send(request("/nothing-here/a") + request("/weather/now"))
        assert device.answer().status == 404
        assert device.answer().status == 200


def test_bytes_behind_a_refused_body_are_not_a_request(rig: Rig) -> None:
    hidden = request("/weather/hidden")
    with rig.device() as device:
        answer = device.ask(request("/nothing-here/a", method="POST", body=hidden) + hidden)
        assert answer.status == 404
        assert answer.headers["connection"] == "close"
        assert device.closed()
    assert rig.outside.requests == []


def test_credentials_and_identities_of_the_device_are_dropped(rig: Rig) -> None:
    answer = rig.ask(
        request(
            "/weather/now",
            "Authorization: Bearer mine",
            "Proxy-Authorization: Basic mine",
            "Rootlet-Device: sensor-2",
            "ROOTLET-DEVICE: sensor-3",
            "X-Plan: gold",
            "X-Forwarded-For: 10.0.0.1",
            "Forwarded: for=10.0.0.1",
            "X-Real-IP: 10.0.0.1",
        )
    )
    assert answer.status == 200
    [seen] = rig.outside.requests
    assert seen.values("Authorization") == [SECRET]
    assert seen.values("Rootlet-Device") == ["sensor-1"]
    assert seen.values("X-Plan") == ["basic"]
    assert {name.lower() for name, _ in seen.headers} == {
        "host",
        "x-plan",
        "authorization",
        "rootlet-device",
    }


def test_headers_of_one_connection_are_dropped(rig: Rig) -> None:
    rig.ask(
        request(
            "/weather/now",
            "Connection: X-Foo, keep-alive",
            "X-Foo: 1",
            "Keep-Alive: timeout=5",
            "TE: trailers",
            "Trailer: X-Bar",
            "Proxy-Connection: keep-alive",
            "X-Kept: 1",
        )
    )
    [seen] = rig.outside.requests
    assert {name.lower() for name, _ in seen.headers} == {
        "host",
        "x-plan",
        "authorization",
        "rootlet-device",
        "x-kept",
    }


def test_connection_cannot_drop_what_the_gateway_sets(rig: Rig) -> None:
    rig.ask(request("/weather/now", "Connection: Authorization, Rootlet-Device, Host, X-Plan"))
    [seen] = rig.outside.requests
    assert seen.values("Authorization") == [SECRET]
    assert seen.values("Rootlet-Device") == ["sensor-1"]


def test_chunk_extensions_do_not_pass(rig: Rig) -> None:
    rig.ask((CHUNKED + "3;a=b\r\nabc\r\n0\r\n\r\n").encode())
    [seen] = rig.outside.requests
    assert (seen.body, seen.whole) == (b"abc", True)


def test_the_body_limit_counts_bytes_not_words(rig: Rig) -> None:
    piece = b"1000\r\n" + b"a" * 4096 + b"\r\n"
    with rig.device() as device:
        device.send(CHUNKED.encode())
        for _ in range(80):
            device.send(piece)
        answer = device.answer()
    assert (answer.status, answer.error) == (413, "body_too_large")
    rig.ask(request())
    assert all(not seen.whole for seen in rig.outside.requests[:-1])


def test_the_log_holds_no_path_query_or_header(rig: Rig) -> None:
    rig.ask(request("/weather/hidden-path?token=hidden-query", "X-Token: hidden-header"))
    text = rig.log.getvalue()
    assert "hidden" not in text
    assert SECRET not in text
    [line] = rig.lines()
    assert set(line) == {
        *("event", "time", "device", "route", "method", "status", "received", "sent", "ms")
    }
    assert (line["device"], line["route"], line["status"]) == ("sensor-1", "weather", 200)
    assert (line["sent"], line["received"]) == (5, 0)
