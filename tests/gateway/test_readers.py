"""The readers alone: whole, byte by byte, and with something behind."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rootlet.gateway.messages import RequestHead, ResponseHead
from rootlet.gateway.model import Limits
from rootlet.gateway.readers import RequestReader, ResponseReader
from rootlet.gateway.refusals import Refusal, RefusedMessage

EXAMPLES = 100
LIMITS = Limits(target_bytes=64, head_bytes=512, header_count=8)
HOST = b"Host: gateway.example.test\r\n"
GET = b"GET /a/b HTTP/1.1\r\n" + HOST


class Recorder:
    """Remembers what a reader said."""

    def __init__(self) -> None:
        self.requests: list[RequestHead] = []
        self.responses: list[ResponseHead] = []
        self.body = b""
        self.ends = 0

    def request_head(self, head: RequestHead) -> None:
        self.requests.append(head)

    def request_body(self, data: bytes) -> None:
        self.body += data

    def request_end(self) -> None:
        self.ends += 1

    def response_head(self, head: ResponseHead) -> None:
        self.responses.append(head)

    def response_body(self, data: bytes) -> None:
        self.body += data


def _request(pieces: Iterable[bytes]) -> Recorder:
    sink = Recorder()
    reader = RequestReader(sink, LIMITS)
    for piece in pieces:
        reader.feed(piece)
    return sink


def _response(pieces: Iterable[bytes], *, head: bool = False) -> tuple[Recorder, ResponseReader]:
    sink = Recorder()
    reader = ResponseReader(sink, LIMITS, head_request=head)
    for piece in pieces:
        reader.feed(piece)
    return sink, reader


def _bytewise(raw: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in raw]


REQUESTS = {
    "no body": (GET + b"\r\n", None, False, b""),
    "a length": (GET + b"Content-Length: 3\r\n\r\nabc", 3, False, b"abc"),
    "chunks": (
        GET + b"Transfer-Encoding: Chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n",
        None,
        True,
        b"abc",
    ),
}


@pytest.mark.parametrize("case", REQUESTS)
@pytest.mark.parametrize("bytewise", [False, True])
def test_a_request_is_read(case: str, bytewise: bool) -> None:
    raw, length, chunked, body = REQUESTS[case]
    sink = _request(_bytewise(raw) if bytewise else [raw])
    [head] = sink.requests
    assert (head.method, head.target) == (b"GET", b"/a/b")
    assert (head.length, head.chunked, sink.body, sink.ends) == (length, chunked, body, 1)
    assert head.headers[0] == (b"host", b"gateway.example.test")
    assert head.has_body == bool(body)


REFUSED = {
    Refusal.BAD_REQUEST: GET + b"X A: b\r\n\r\n",
    Refusal.BAD_HOST: b"GET / HTTP/1.1\r\n\r\n",
    Refusal.BAD_BODY: GET + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    Refusal.TRAILERS_REFUSED: GET + b"Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n",
    Refusal.UPGRADE_REFUSED: GET + b"Upgrade: h2c\r\nConnection: upgrade\r\n\r\n",
    Refusal.CONNECT_REFUSED: b"CONNECT a:1 HTTP/1.1\r\n" + HOST + b"\r\n",
    Refusal.URL_TOO_LONG: b"GET /" + b"a" * 64 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    Refusal.EXPECTATION_REFUSED: GET + b"Expect: more\r\n\r\n",
    Refusal.EARLY_DATA_REFUSED: GET + b"Early-Data: 1\r\n\r\n",
    Refusal.HEADER_TOO_LARGE: GET + b"A: b\r\n" * 9 + b"\r\n",
    Refusal.VERSION_REFUSED: b"GET / HTTP/1.0\r\n" + HOST + b"\r\n",
}


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: refusal.error)
@pytest.mark.parametrize("bytewise", [False, True])
def test_a_request_is_refused_in_any_pieces(refusal: Refusal, bytewise: bool) -> None:
    raw = REFUSED[refusal]
    with pytest.raises(RefusedMessage) as caught:
        _request(_bytewise(raw) if bytewise else [raw])
    assert caught.value.refusal is refusal


@given(st.binary(max_size=60), st.integers(0, 60), st.integers(1, 7))
@settings(max_examples=EXAMPLES)
def test_changed_bytes_never_make_a_second_request(noise: bytes, at: int, size: int) -> None:
    """Whatever is changed: one request or none, and the same in any pieces."""
    raw = GET + b"Content-Length: 3\r\n\r\nabc"
    raw = raw[:at] + noise + raw[at:]

    def outcome(pieces: Iterable[bytes]) -> tuple[list[RequestHead], bytes, Refusal | None]:
        sink = Recorder()
        reader = RequestReader(sink, Limits())
        try:
            for piece in pieces:
                reader.feed(piece)
        except RefusedMessage as refused:
            return sink.requests, sink.body, None if reader.pipelined else refused.refusal
        return sink.requests, sink.body, None

    whole = outcome([raw])
    assert len(whole[0]) <= 1
    assert outcome(raw[n : n + size] for n in range(0, len(raw), size)) == whole


def test_a_reader_held_refuses_the_next_request() -> None:
    sink = Recorder()
    reader = RequestReader(sink, LIMITS)
    reader.feed(GET + b"\r\n")
    assert not reader.in_head
    with pytest.raises(RefusedMessage):
        reader.feed(GET)
    assert reader.pipelined
    assert len(sink.requests) == 1


def test_a_reader_released_reads_the_next_request() -> None:
    sink = Recorder()
    reader = RequestReader(sink, LIMITS)
    reader.feed(GET + b"\r\n")
    reader.release()
    reader.feed(GET)
    assert reader.in_head
    reader.feed(b"\r\n")
    assert len(sink.requests) == 2
    assert not reader.pipelined


@pytest.mark.parametrize(
    ("start", "refusal"),
    [
        (GET + b"A: ", Refusal.HEADER_TOO_LARGE),
        (GET + b"Transfer-Encoding: chunked\r\n\r\n1;", Refusal.BAD_BODY),
    ],
    ids=["header", "chunk extension"],
)
def test_what_does_not_get_on_is_not_gathered(start: bytes, refusal: Refusal) -> None:
    with pytest.raises(RefusedMessage) as caught:
        _request([start, *[b"a" * 100] * 7])
    assert caught.value.refusal is refusal


def test_a_failing_sink_is_not_blamed_on_the_peer() -> None:
    class Failing(Recorder):
        def request_head(self, head: RequestHead) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        RequestReader(Failing(), LIMITS).feed(GET + b"\r\n")


ANSWERS = {
    "a length": (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"abc", True),
    "chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: 1\r\n\r\n",
        b"abc",
        True,
    ),
    "close": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na",
        b"a",
        False,
    ),
    "an interim one before": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
        b"a",
        True,
    ),
    "nothing": (b"HTTP/1.1 204 No\r\n\r\n", b"", True),
}


@pytest.mark.parametrize("case", ANSWERS)
@pytest.mark.parametrize("bytewise", [False, True])
def test_an_answer_is_read(case: str, bytewise: bool) -> None:
    raw, body, keep_alive = ANSWERS[case]
    sink, reader = _response(_bytewise(raw) if bytewise else [raw])
    assert len(sink.responses) == 1
    assert sink.body == body
    assert reader.ended
    assert reader.keep_alive is keep_alive


@pytest.mark.parametrize("extra", [b"x", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
@pytest.mark.parametrize("together", [False, True])
def test_bytes_behind_an_answer_are_refused(extra: bytes, together: bool) -> None:
    raw = ANSWERS["a length"][0]
    with pytest.raises(RefusedMessage):
        _response([raw + extra] if together else [raw, extra])


def test_a_head_answer_ends_with_its_head() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
    sink, reader = _response([raw], head=True)
    assert reader.ended
    assert reader.keep_alive
    assert sink.responses[0].length == 3
    with pytest.raises(RefusedMessage):
        reader.feed(b"abc")


def test_the_end_of_the_connection_ends_only_a_body_without_length() -> None:
    sink, reader = _response([b"HTTP/1.1 200 OK\r\n\r\nabc"])
    assert not reader.ended
    reader.eof()
    assert reader.ended
    assert not reader.keep_alive
    assert sink.body == b"abc"
    for raw in (b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"):
        _, reader = _response([raw] if raw else [])
        with pytest.raises(RefusedMessage) as caught:
            reader.eof()
        assert caught.value.refusal is Refusal.UPSTREAM_LOST
