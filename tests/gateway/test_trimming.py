"""Answers made short: selected fields within a budget, and never a silent cut."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rootlet.errors import Misuse
from rootlet.gateway.answers import read_answer
from rootlet.gateway.refusals import Refusal, RefusedMessage
from rootlet.gateway.trimming import AnswerRule, find, parse_pointer, trim
from rootlet.maker import Table
from support.gateway_outside import Request
from support.gateway_rig import Rig, request

WEATHER = {
    "main": {"temp": 281.52, "humidity": 81},
    "wind": [{"speed": 4.1}],
    "weather": [{"description": "light rain"}],
    "padding": "x" * 500,
}
SHORT = b'{"temp":281.52,"wind":4.1,"text":"light rain"}'

RFC_6901 = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}


def rule(max_bytes: int = 1000, **select: str) -> AnswerRule:
    pointers = {name: parse_pointer(text) for name, text in select.items()}
    return AnswerRule(pointers, max_bytes, 10_000)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", RFC_6901),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
        ("/foo/2", None),
        ("/foo/-", None),
        ("/foo/00", None),
        ("/foo/-1", None),
        ("/foo/0/0", None),
        ("/none/0", None),
        ("/foo/99999999999999999999", None),
    ],
)
def test_the_rfcs_own_pointers(pointer: str, value: object) -> None:
    """RFC 6901 section 5, and what leads nowhere."""
    assert find(RFC_6901, parse_pointer(pointer)) == value


@pytest.mark.parametrize("text", ["foo", "/~", "/~2", "/a~", "#/foo"])
def test_what_is_no_pointer(text: str) -> None:
    with pytest.raises(ValueError, match="JSON pointer"):
        parse_pointer(text)


def test_fields_come_in_the_routes_order_and_missing_ones_are_null() -> None:
    made = trim(rule(b="/main/temp", a="/none", c="/main"), json.dumps(WEATHER).encode())
    assert made == b'{"b":281.52,"a":null,"c":{"temp":281.52,"humidity":81}}'


@pytest.mark.parametrize("limit", range(16, 60))
def test_what_does_not_fit_is_left_out_and_said(limit: int) -> None:
    chosen = rule(limit, temp="/main/temp", wind="/wind/0/speed", text="/weather/0/description")
    made = trim(chosen, json.dumps(WEATHER).encode())
    assert len(made) <= limit
    fields = json.loads(made)
    if made == SHORT:
        assert limit >= len(SHORT)
    else:
        assert fields.pop("cut") is True
        assert fields.items() <= json.loads(SHORT).items()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200)
@given(JSON, st.integers(16, 120))
def test_any_json_is_within_the_budget(value: Any, limit: int) -> None:
    chosen = rule(limit, whole="", first="/0", named="/a")
    made = trim(chosen, json.dumps({"a": value}).encode())
    assert len(made) <= limit
    fields = json.loads(made)
    assert fields.get("cut") or fields["named"] == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{",
        b'{"main":NaN}',
        b'{"main":1e999}',
        b"[" * 100_000,
        b'{"main":' + b"9" * 5000 + b"}",
        b'{"main":"\\ud800"}',
        b"\xff\xfe",
        b'{"main":1}garbage',
    ],
)
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(RefusedMessage) as refused:
        trim(rule(main="/main"), body)
    assert refused.value.refusal is Refusal.ANSWER_NOT_JSON


def table(**answer: Any) -> Table:
    return Table({"answer": answer}, where="[gateway.routes]")


def test_a_rule_is_read() -> None:
    made = read_answer(table(select={"a": "/x/0"}, max_bytes=99, max_upstream_bytes=1234))
    assert made == AnswerRule({"a": ("x", "0")}, 99, 1234)
    assert read_answer(Table({}, where="[gateway.routes]")) is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({}, "names 0 fields"),
        ({"select": {str(n): "/x" for n in range(65)}}, "names 65 fields"),
        ({"select": {"cut": "/x"}}, "cannot have a field 'cut'"),
        ({"select": {"a b": "/x"}}, "cannot have a field"),
        ({"select": {"a": "x"}}, "begins with /"),
        ({"select": {"a": 5}}, "is not text"),
        ({"select": {"a": "/x"}, "max_bytes": 15}, "out of range"),
        ({"select": {"a": "/x"}, "max_bytes": 16385}, "out of range"),
        ({"select": {"a": "/x"}, "max_upstream_bytes": 0}, "out of range"),
        ({"select": {"a": "/x"}, "bytes": 1}, "unknown key 'bytes'"),
    ],
)
def test_a_rule_that_cannot_be(answer: dict[str, Any], words: str) -> None:
    with pytest.raises(Misuse, match=words):
        read_answer(table(**answer))


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


LONG = json.dumps(WEATHER).encode()


def test_a_device_gets_the_fields_and_nothing_else(rig: Rig) -> None:
    rig.outside.answers(answer(LONG, "Content-Type: text/html", "Set-Cookie: a=b", "X-Long: y"))
    with rig.device() as device:
        for _ in range(3):
            got = device.ask(request("/short/now", "Accept-Encoding: gzip"))
            assert (got.status, got.body) == (200, SHORT)
            assert got.headers == {
                "content-type": "application/json",
                "content-length": str(len(SHORT)),
            }
    assert all(not seen.values("Accept-Encoding") for seen in rig.outside.requests)
    assert rig.opened("short") == 1
    assert f'"sent":{len(SHORT)}' in rig.log.getvalue()


@pytest.mark.parametrize("piece", [13, 100])
def test_in_pieces_and_chunks(rig: Rig, piece: int) -> None:
    parts = [LONG[at : at + piece] for at in range(0, len(LONG), piece)]
    chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in parts]
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    rig.outside.answers(head, *chunks, b"0\r\n\r\n")
    assert rig.ask(request("/short/now")).body == SHORT


def test_a_body_that_ends_with_the_connection(rig: Rig) -> None:
    async def behave(_: Request, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + LONG)
        writer.close()

    rig.outside.behaviour = behave
    with rig.device() as device:
        for _ in range(2):  # the device's connection goes on
            assert device.ask(request("/short/now")).body == SHORT


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"<html>not json</html>", "answer_not_json"),
        (b'{"padding":"' + b"x" * 3000 + b'"}', "answer_too_large"),
    ],
)
def test_an_answer_that_cannot_be_made_short(rig: Rig, body: bytes, error: str) -> None:
    rig.outside.answers(answer(body))
    with rig.device() as device:
        for _ in range(2):
            got = device.ask(request("/short/now"))
            assert (got.status, got.error) == (502, error)
    rig.outside.answers(answer(LONG))
    assert rig.ask(request("/short/now")).body == SHORT


def test_a_gigabyte_is_not_read(rig: Rig) -> None:
    sent = 0

    async def behave(_: Request, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
        piece = b" " * 65536
        while sent < 1 << 30 and not writer.is_closing():
            writer.write(piece)
            sent += len(piece)
            await writer.drain()

    rig.outside.behaviour = behave
    got = rig.ask(request("/short/now"))
    assert (got.status, got.error) == (502, "answer_too_large")
    assert sent < 1 << 24


def test_an_answer_that_breaks_off_is_no_answer(rig: Rig) -> None:
    async def behave(_: Request, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(LONG)[:-10])
        await writer.drain()
        writer.transport.abort()

    rig.outside.behaviour = behave
    got = rig.ask(request("/short/now"))
    assert (got.status, got.error) == (502, "upstream_lost")


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oops", "301 Elsewhere"])
def test_an_upstreams_error_page_becomes_its_status(rig: Rig, status: str) -> None:
    page = answer(b"<html>" + b"x" * 900, "Location: http://169.254.169.254/", status=status)
    rig.outside.answers(page)
    got = rig.ask(request("/short/now"))
    number = int(status[:3])
    assert got.status == number
    assert json.loads(got.body) == {"error": "upstream_status", "status": number}
    assert "location" not in got.headers


def test_retry_after_is_handed_on(rig: Rig) -> None:
    rig.outside.answers(answer(b"busy", "Retry-After: 17", status="503 Busy"))
    assert rig.ask(request("/short/now")).headers["retry-after"] == "17"


def test_answers_without_a_body_stay_so(rig: Rig) -> None:
    rig.outside.answers(b"HTTP/1.1 204 Nothing\r\n\r\n")
    assert rig.ask(request("/short/now")).status == 204
    rig.outside.answers(b"HTTP/1.1 200 OK\r\nContent-Length: 700\r\n\r\n")
    got = rig.ask(request("/short/now", method="HEAD"), "HEAD")
    assert (got.status, got.body) == (200, b"")
