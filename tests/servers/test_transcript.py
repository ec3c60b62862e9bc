"""Transcripts of OpenSSL's client: what is read from them, and that nothing else breaks it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootlet.servers.checkup.entry import entry_of
from rootlet.servers.checkup.offer import Request
from rootlet.servers.checkup.transcript import Alert, ServerHello, read_transcript

RECORDED = Path(__file__).resolve().parents[2] / "vectors" / "s_client" / "profile.txt"
WHOLE = RECORDED.read_text(encoding="ascii")
LINES = WHOLE.splitlines(keepends=True)

FATAL = "<<< TLS 1.3, Alert [length 0002], fatal certificate_required\n    02 74\n"
CLOSING = "<<< TLS 1.3, Alert [length 0002], warning close_notify\n    01 00\n"


def test_a_handshake_is_read() -> None:
    seen = read_transcript(WHOLE, b"HTTP/1.1 200 OK\r\n\r\n")
    assert seen.hello == ServerHello(0x0304, 0x1303, 0x001D)
    assert (seen.sent, seen.retried, seen.limited, seen.finished) == (True, False, True, True)
    assert seen.asked is not None
    assert seen.asked.signatures == (0x0807,)
    assert [name[-12:] for name in seen.asked.authorities] == [b"mple Issuing", b"Example Root"]
    assert [len(der) for der in seen.certificates] == [323, 345]
    assert seen.certificate_bytes == 686
    assert seen.flight_bytes == 1152
    assert (seen.tickets, seen.alert, seen.trouble) == (0, None, "")
    assert max(seen.records) == 529


def test_an_alert_is_read_and_a_close_is_none() -> None:
    assert read_transcript(WHOLE + FATAL).alert == Alert(116)
    assert read_transcript(WHOLE + CLOSING).alert is None


@pytest.mark.parametrize("text", ["", "\n", "garbage", "<<< \n    00", "    16 03\n"])
def test_nothing_is_nothing(text: str) -> None:
    seen = read_transcript(text)
    assert (seen.hello, seen.finished, seen.sent) == (None, False, False)


@given(st.integers(0, len(LINES)))
def test_what_is_cut_off_ends_there(count: int) -> None:
    seen = read_transcript("".join(LINES[:count]))
    if seen.finished:
        assert seen.certificates
    if seen.certificates:
        assert seen.hello is not None


@given(st.data())
def test_bytes_that_are_wrong_are_no_crash(data: st.DataObject) -> None:
    """A server may send anything: one line of what it sent is another, or gone, or twice."""
    lines = list(LINES)
    hexadecimal = [i for i, line in enumerate(lines) if line.startswith("    ")]
    at = data.draw(st.sampled_from(hexadecimal))
    changed = data.draw(
        st.one_of(
            st.just(""),
            st.just(lines[at] * 2),
            st.binary(max_size=16).map(lambda raw: f"    {raw.hex(' ')}\n"),
            st.text(st.characters(codec="ascii"), max_size=60),
        )
    )
    lines[at] = changed
    seen = read_transcript("".join(lines))
    assert seen.flight_bytes >= 0


def test_what_is_forbidden_to_devices_too_says_nothing() -> None:
    """A folder without a page is forbidden to everyone; what only strangers may not is theirs."""
    forbidden, page = b"HTTP/1.1 403 Forbidden\r\n", b"HTTP/1.1 200 OK\r\n"
    as_device = {
        answer: entry_of(read_transcript(WHOLE, answer), HTTP) for answer in (forbidden, page)
    }
    stranger = read_transcript(WHOLE, forbidden)
    assert as_device[forbidden].let_in
    assert entry_of(stranger, HTTP, as_device[forbidden]).let_in
    assert not entry_of(stranger, HTTP, as_device[page]).let_in


HTTP = Request.HTTP


@given(st.binary(max_size=80))
def test_any_answer_is_understood_or_not(answer: bytes) -> None:
    for request in Request:
        entry = entry_of(read_transcript(WHOLE, answer), request)
        assert entry.how
        if request is Request.NONE:
            assert entry.let_in


@pytest.mark.parametrize(
    ("request_", "answer", "let_in", "how"),
    [
        (Request.HTTP, b"HTTP/1.1 200 OK\r\n", True, "HTTP 200"),
        (Request.HTTP, b"HTTP/1.0 404 Not Found\r\n", True, "HTTP 404"),
        (Request.HTTP, b"HTTP/1.1 502 Bad Gateway\r\n", True, "HTTP 502"),
        (Request.HTTP, b"HTTP/1.1 400 Bad Request\r\n", False, "HTTP 400"),
        (Request.HTTP, b"HTTP/1.1 403 Forbidden\r\n", True, "HTTP 403"),
        (Request.HTTP, b"", False, "no HTTP answer"),
        (Request.MQTT, b"\x20\x02\x00\x00", True, "let in"),
        (Request.MQTT, b"\x20\x02\x00\x05", False, "MQTT refusal 5"),
        (Request.MQTT, b"HTTP/1.1 400", False, "no MQTT answer"),
        (Request.NONE, b"", True, "let in"),
    ],
)
def test_who_is_let_in_is_told(request_: Request, answer: bytes, let_in: bool, how: str) -> None:
    entry = entry_of(read_transcript(WHOLE, answer), request_)
    assert (entry.let_in, entry.how) == (let_in, how)
    refused = entry_of(read_transcript(WHOLE + FATAL, answer), request_)
    assert (refused.let_in, refused.how) == (False, "alert certificate_required")
