"""Read HTTP/1.1 from bytes, strictly, without I/O: one reader per leg over llhttp.

llhttp is strict about syntax but checks neither Host nor sizes, and takes HTTP/1.0 with chunks;
those rules are here. Both readers count what arrives without the message getting on, because the
parser itself would gather an endless header, chunk extension or trailer in memory.

Fed with bytes of any size, a reader calls its sink: head, body pieces, end. A message that breaks
a rule raises ``RefusedMessage`` from ``feed``; the reader is then of no further use.
"""

from __future__ import annotations

import re
from typing import Protocol

import httptools

from rootlet.gateway.messages import (
    BODILESS,
    Header,
    RequestHead,
    ResponseHead,
    connection_names,
)
from rootlet.gateway.model import Limits
from rootlet.gateway.refusals import Refusal, RefusedMessage

__all__ = ["RequestReader", "RequestSink", "ResponseReader", "ResponseSink"]

_WATCHED = frozenset(
    {
        b"connection",
        b"content-length",
        b"early-data",
        b"expect",
        b"host",
        b"http2-settings",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Headers that the readers look at; the others are only handed on."""

_NONE: frozenset[bytes] = frozenset()
_HOST = re.compile(rb"[A-Za-z0-9._:\[\]-]{1,260}")
_FIRST_INTERIM, _SWITCHING_PROTOCOLS, _FIRST_FINAL = 100, 101, 200
_LAST_STATUS = 599


class RequestSink(Protocol):
    """Who is told about requests."""

    def request_head(self, head: RequestHead) -> None:
        """A head was read and is well-formed."""

    def request_body(self, data: bytes) -> None:
        """A piece of the body, never empty."""

    def request_end(self) -> None:
        """The request is complete."""


class ResponseSink(Protocol):
    """Who is told about an upstream's answer."""

    def response_head(self, head: ResponseHead) -> None:
        """The final head was read and is well-formed; interim ones are dropped."""

    def response_body(self, data: bytes) -> None:
        """A piece of the body, never empty."""


class _Reader:
    """What both directions share: feeding, counting, and raising the reason, not its symptom."""

    _parser: httptools.HttpRequestParser | httptools.HttpResponseParser

    def __init__(self, limits: Limits, malformed: Refusal) -> None:
        self._limits = limits
        self._malformed = malformed
        self._reason: RefusedMessage | None = None
        self._headers: list[Header] = []
        self._watched: dict[bytes, list[bytes]] = {}
        self._head_bytes = 0
        self._head_done = False
        self._got_on = False
        self._stuck_bytes = 0

    def feed(self, data: bytes) -> None:
        """Read on; ``RefusedMessage`` for what breaks a rule."""
        self._got_on = False
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if self._reason is None and isinstance(error, httptools.HttpParserCallbackError):
                # A sink failed: that is a fault of ours, and must not look like the peer's.
                raise error.__context__ or error from None
            raise self._reason or RefusedMessage(self._fault()) from None
        self._stuck_bytes = 0 if self._got_on else self._stuck_bytes + len(data)
        if self._stuck_bytes > self._limits.head_bytes:
            raise RefusedMessage(self._too_large())

    def _refuse(self, refusal: Refusal) -> None:
        self._reason = RefusedMessage(refusal)
        raise self._reason

    def _fault(self) -> Refusal:
        return self._malformed

    def _too_large(self) -> Refusal:
        return self._malformed

    def _begin_head(self) -> None:
        self._headers, self._watched, self._head_bytes = [], {}, 0

    def _add_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        self._headers.append((name, value))
        if name in _WATCHED:
            self._watched.setdefault(name, []).append(value)
        self._head_bytes += len(name) + len(value)
        if (
            self._head_bytes > self._limits.head_bytes
            or len(self._headers) > self._limits.header_count
        ):
            self._refuse(self._too_large())

    def _named(self) -> frozenset[bytes]:
        values = self._watched.get(b"connection")
        return connection_names(values) if values else _NONE

    def _framing(self) -> tuple[int | None, bool]:
        """Length and whether chunked. The parser has refused two lengths, or length and chunks."""
        coding = self._watched.get(b"transfer-encoding")
        if coding and [value.lower() for value in coding] != [b"chunked"]:
            self._refuse(Refusal.BAD_BODY if self._malformed is not _ANSWER else _ANSWER)
        length = self._watched.get(b"content-length")
        return (int(length[0]) if length else None), bool(coding)


_ANSWER = Refusal.UPSTREAM_ANSWER_BAD


class RequestReader(_Reader):
    """Reads a device's requests, one after the other, never two at once."""

    def __init__(self, sink: RequestSink, limits: Limits) -> None:
        super().__init__(limits, Refusal.BAD_REQUEST)
        self._sink = sink
        self._target = b""
        self._held = False
        self.pipelined = False
        """The device sent a request before it had the answer to the one before."""
        self._parser = self._request_parser = httptools.HttpRequestParser(self)

    @property
    def in_head(self) -> bool:
        """A request has begun, and its head is not complete."""
        return self._held and not self._head_done

    def release(self) -> None:
        """The answer is out: the next request may begin."""
        self._held = False

    def _fault(self) -> Refusal:
        return Refusal.BAD_BODY if self._head_done else Refusal.BAD_REQUEST

    def _too_large(self) -> Refusal:
        return Refusal.BAD_BODY if self._head_done else Refusal.HEADER_TOO_LARGE

    def on_message_begin(self) -> None:
        """Called by the parser."""
        if self._held:
            self.pipelined = True
            self._refuse(Refusal.BAD_REQUEST)
        self._held = True
        self._head_done = False
        self._target = b""
        self._begin_head()

    def on_url(self, url: bytes) -> None:
        """Called by the parser, once per piece."""
        self._target += url
        if len(self._target) > self._limits.target_bytes:
            self._refuse(Refusal.URL_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser, for trailers too."""
        if self._head_done:
            self._refuse(Refusal.TRAILERS_REFUSED)
        self._add_header(name, value)

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        parser = self._request_parser
        if parser.get_http_version() != "1.1":
            self._refuse(Refusal.VERSION_REFUSED)
        method = parser.get_method()
        if method == b"CONNECT":
            self._refuse(Refusal.CONNECT_REFUSED)
        watched = self._watched
        hosts = watched.get(b"host", [])
        if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
            self._refuse(Refusal.BAD_HOST)
        named = self._named()
        if b"upgrade" in watched or b"http2-settings" in watched or b"upgrade" in named:
            self._refuse(Refusal.UPGRADE_REFUSED)
        if b"early-data" in watched:
            self._refuse(Refusal.EARLY_DATA_REFUSED)
        expected = [value.lower() for value in watched.get(b"expect", [])]
        if expected not in ([], [b"100-continue"]):
            self._refuse(Refusal.EXPECTATION_REFUSED)
        length, chunked = self._framing()
        self._got_on = self._head_done = True
        headers = tuple(self._headers)
        self._sink.request_head(
            RequestHead(method, self._target, headers, named, length, chunked, bool(expected))
        )

    def on_body(self, data: bytes) -> None:
        """Called by the parser."""
        self._got_on = True
        self._sink.request_body(data)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self._got_on = True
        self._sink.request_end()


class ResponseReader(_Reader):
    """Reads one answer of an upstream. Interim answers (1xx) are skipped."""

    def __init__(self, sink: ResponseSink, limits: Limits, *, head_request: bool) -> None:
        super().__init__(limits, _ANSWER)
        self._sink = sink
        self._head_request = head_request
        self._head: ResponseHead | None = None
        self._interim = False
        self.ended = False
        """The answer is complete."""
        self.keep_alive = False
        """After the end: whether the connection can carry another request."""
        self._parser = self._response_parser = httptools.HttpResponseParser(self)

    def eof(self) -> None:
        """The upstream closed: the end of a body without length, otherwise ``RefusedMessage``."""
        if self._head is None or not self._head.until_close:
            raise RefusedMessage(Refusal.UPSTREAM_LOST)
        self.ended = True

    def on_message_begin(self) -> None:
        """Called by the parser."""
        if self.ended:
            self._refuse(_ANSWER)
        self._begin_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser, for trailers too; those are dropped."""
        if self._head is None:
            self._add_header(name, value)

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        status = self._response_parser.get_status_code()
        if _FIRST_INTERIM <= status < _FIRST_FINAL and status != _SWITCHING_PROTOCOLS:
            self._interim = True
            return
        if not _FIRST_FINAL <= status <= _LAST_STATUS:
            self._refuse(_ANSWER)
        length, chunked = self._framing()
        bodiless = self._head_request or status in BODILESS
        headers = tuple(self._headers)
        self._head = ResponseHead(status, headers, self._named(), length, chunked, bodiless)
        self._got_on = True
        self._sink.response_head(self._head)
        if self._head_request:
            self._end()

    def on_body(self, data: bytes) -> None:
        """Called by the parser."""
        if self.ended:
            self._refuse(_ANSWER)
        self._got_on = True
        self._sink.response_body(data)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        if self._interim:
            self._interim = False
        elif not self.ended:
            self._end()

    def _end(self) -> None:
        # Only here: once the parser has left the message it answers "no" for ever, and every
        # request would open a new connection.
        self.keep_alive = self._response_parser.should_keep_alive()
        self.ended = self._got_on = True
