"""EncryptedExtensions and CertificateRequest: RFC 9846 sections 4.4.1 and 4.4.2, and the limits of
RFC 8449 and RFC 6066 section 4."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from rootlet.device import FULL_RECORD_BYTES
from support.authority import ADDRESS, Authority
from support.conversation import device
from support.tls.points import Points, Start
from support.tls.rig import AUTHENTICATED, PLAIN, Rig
from support.tls.server import Credentials, Edit
from support.tls.wire import (
    APPLICATION_DATA,
    CERTIFICATE_REQUEST,
    ENCRYPTED_EXTENSIONS,
    extension,
    message,
    number,
    vector,
)

ILLEGAL, DECODE, MISSING, UNSUPPORTED, HANDSHAKE_FAILURE = 47, 50, 109, 110, 40

LIMIT = extension(28, number(16385, 2))
ALPN = extension(16, vector(2, vector(1, b"mqtt")))


def answers(*extensions: bytes) -> bytes:
    return message(ENCRYPTED_EXTENSIONS, vector(2, *extensions))


FAULTS: dict[str, tuple[bytes, str, int]] = {
    "an unknown extension": (
        answers(LIMIT, extension(0xFABC)),
        "ERR_TLS_UNSUPPORTED_EXTENSION",
        UNSUPPORTED,
    ),
    "early_data": (answers(LIMIT, extension(42)), "ERR_TLS_UNSUPPORTED_EXTENSION", UNSUPPORTED),
    "pre_shared_key": (
        answers(LIMIT, extension(41, b"\0\0")),
        "ERR_TLS_UNSUPPORTED_EXTENSION",
        UNSUPPORTED,
    ),
    "psk_key_exchange_modes": (
        answers(LIMIT, extension(45, b"\x01\x01")),
        "ERR_TLS_UNSUPPORTED_EXTENSION",
        UNSUPPORTED,
    ),
    "a cookie": (
        answers(LIMIT, extension(44, vector(2, b"c"))),
        "ERR_TLS_UNSUPPORTED_EXTENSION",
        UNSUPPORTED,
    ),
    "status_request": (answers(LIMIT, extension(5)), "ERR_TLS_UNSUPPORTED_EXTENSION", UNSUPPORTED),
    "heartbeat": (
        answers(LIMIT, extension(15, b"\x01")),
        "ERR_TLS_UNSUPPORTED_EXTENSION",
        UNSUPPORTED,
    ),
    "key_share": (
        answers(LIMIT, extension(51, number(0x001D, 2) + vector(2, bytes(32)))),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "supported_versions": (
        answers(LIMIT, extension(43, number(0x0304, 2))),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "signature_algorithms": (
        answers(LIMIT, extension(13, b"\0\x02\x08\x07")),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "a limit twice": (answers(LIMIT, LIMIT), "ERR_TLS_ILLEGAL_PARAMETER", ILLEGAL),
    "a name twice": (
        answers(LIMIT, extension(0), extension(0)),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "a name that is not empty": (answers(LIMIT, extension(0, b"\0")), "ERR_TLS_DECODE", DECODE),
    "both limits": (
        answers(LIMIT, extension(1, b"\x01")),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "both limits, the other way round": (
        answers(extension(1, b"\x01"), LIMIT),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "a limit of 63": (
        answers(extension(28, number(63, 2))),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "a limit of 0": (answers(extension(28, number(0, 2))), "ERR_TLS_ILLEGAL_PARAMETER", ILLEGAL),
    "a limit of one byte": (answers(extension(28, b"\x80")), "ERR_TLS_DECODE", DECODE),
    "a limit of three bytes": (answers(extension(28, b"\0\x40\0")), "ERR_TLS_DECODE", DECODE),
    "an empty limit": (answers(extension(28)), "ERR_TLS_DECODE", DECODE),
    "another fragment length": (
        answers(extension(1, b"\x02")),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "a fragment length of 0": (
        answers(extension(1, b"\0")),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "a fragment length of two bytes": (answers(extension(1, b"\0\x01")), "ERR_TLS_DECODE", DECODE),
    "an empty fragment length": (answers(extension(1)), "ERR_TLS_DECODE", DECODE),
    "no limit at all": (answers(), "ERR_TLS_RECORD_LIMIT_IGNORED", HANDSHAKE_FAILURE),
    "two protocols": (
        answers(LIMIT, extension(16, vector(2, vector(1, b"mqtt"), vector(1, b"coap")))),
        "ERR_TLS_DECODE",
        DECODE,
    ),
    "the protocol twice": (
        answers(LIMIT, extension(16, vector(2, vector(1, b"mqtt"), vector(1, b"mqtt")))),
        "ERR_TLS_DECODE",
        DECODE,
    ),
    "an empty protocol": (
        answers(LIMIT, extension(16, vector(2, vector(1)))),
        "ERR_TLS_DECODE",
        DECODE,
    ),
    "no protocol": (answers(LIMIT, extension(16, vector(2))), "ERR_TLS_DECODE", DECODE),
    "an empty ALPN": (answers(LIMIT, extension(16)), "ERR_TLS_DECODE", DECODE),
    "bytes behind the protocol": (
        answers(LIMIT, extension(16, vector(2, vector(1, b"mqtt")) + b"\0")),
        "ERR_TLS_DECODE",
        DECODE,
    ),
    "another protocol": (
        answers(LIMIT, extension(16, vector(2, vector(1, b"coap")))),
        "ERR_TLS_ALPN",
        ILLEGAL,
    ),
    "the start of the protocol": (
        answers(LIMIT, extension(16, vector(2, vector(1, b"mqt")))),
        "ERR_TLS_ALPN",
        ILLEGAL,
    ),
    "an extension cut off": (answers(LIMIT, b"\0\x0a\0\x05"), "ERR_TLS_DECODE", DECODE),
    "bytes behind the block": (
        message(ENCRYPTED_EXTENSIONS, vector(2, LIMIT) + b"\0"),
        "ERR_TLS_DECODE",
        DECODE,
    ),
    "no block": (message(ENCRYPTED_EXTENSIONS, b""), "ERR_TLS_DECODE", DECODE),
}


@pytest.fixture(scope="module")
def offering(start: Start) -> Points:
    """Connections of a device that offers a protocol."""
    return Points(start, alpn=b"mqtt")


@pytest.mark.parametrize("fault", FAULTS)
def test_encrypted_extensions_are_refused_for(fault: str, offering: Points) -> None:
    said, status, alert = FAULTS[fault]
    rig = offering.at("encrypted extensions")
    rig.feed(rig.server.say("encrypted_extensions", lambda _: said))
    rig.refused(status, alert, "handshake")


def test_what_was_not_offered_is_refused(start: Start, points: Points) -> None:
    rig = points.at("encrypted extensions")
    rig.feed(rig.server.say("encrypted_extensions", lambda _: answers(LIMIT, ALPN)))
    rig.refused("ERR_TLS_UNSUPPORTED_EXTENSION", UNSUPPORTED, "handshake")
    rig = start(host=ip_address(ADDRESS)).run(until="encrypted_extensions")
    rig.feed(rig.server.say("encrypted_extensions", lambda _: answers(LIMIT, extension(0))))
    rig.refused("ERR_TLS_UNSUPPORTED_EXTENSION", UNSUPPORTED, "handshake")
    rig = start(in_bytes=FULL_RECORD_BYTES).run(until="encrypted_extensions")
    fragment = extension(1, b"\x01")
    rig.feed(rig.server.say("encrypted_extensions", lambda _: answers(fragment)))
    rig.refused("ERR_TLS_UNSUPPORTED_EXTENSION", UNSUPPORTED, "handshake")


@pytest.mark.parametrize(
    "extensions",
    [
        (LIMIT, ALPN, extension(0), extension(10, b"\0\x02\0\x1d")),
        (LIMIT,),
        (extension(1, b"\x01"), ALPN),
        (LIMIT, extension(10, b"anything")),
    ],
)
def test_answers_to_what_was_offered_are_taken(
    extensions: tuple[bytes, ...], offering: Points
) -> None:
    rig = offering.at("encrypted extensions")
    rig.feed(rig.server.say("encrypted_extensions", lambda _: answers(*extensions)))
    assert rig.run(PLAIN[2:]).client.connected


def longest_record(rig: Rig) -> int:
    """Content bytes of the longest record of application data the device makes."""
    seen = len(rig.server.seen)
    rig.server.take(rig.client.write(bytes(40000)))
    return max(len(s.content) for s in rig.server.seen[seen:] if s.kind == APPLICATION_DATA)


@pytest.mark.parametrize(
    ("answer", "longest"),
    [
        (extension(28, number(64, 2)), 63),
        (extension(28, number(513, 2)), 512),
        (extension(28, number(16384, 2)), 16383),
        (extension(28, number(16385, 2)), 16384),
        (extension(28, number(16386, 2)), 16384),
        (extension(28, number(65535, 2)), 16384),
        (extension(1, b"\x01"), 512),
        (b"", 16384),
    ],
)
def test_records_are_as_long_as_the_server_takes(answer: bytes, longest: int, start: Start) -> None:
    rig = start(out_bytes=20000, tolerate_no_limit=True)
    rig.run(edits={"encrypted_extensions": lambda _: answers(answer)})
    assert longest_record(rig) == longest


def test_a_send_buffer_of_any_size_is_taken(start: Start) -> None:
    rig = start(out_bytes=200000).run()
    assert longest_record(rig) == 16384
    assert rig.server.received == bytes(40000)


def limited(limit: int) -> dict[str, Edit]:
    """A server that takes records up to this limit."""
    return {"encrypted_extensions": lambda _: answers(extension(28, number(limit, 2)))}


def test_a_flight_is_whole_at_every_limit(authority: Authority, credentials: Credentials) -> None:
    identity = authority.identity(authority.device())
    rig = Rig(device(authority, identity=identity), credentials).run(until="encrypted_extensions")
    saved = rig.save()
    for limit in range(64, 330):
        rig.restore(saved)
        rig.run(AUTHENTICATED[1:], edits=limited(limit))
        assert rig.client.connected
        assert [m[0] for m in rig.server.messages] == [1, 11, 15, 20]


def test_the_flight_keeps_to_the_limit_too(authority: Authority, credentials: Credentials) -> None:
    identity = authority.identity(authority.device())
    rig = Rig(device(authority, identity=identity), credentials)
    rig.run(AUTHENTICATED, edits=limited(64))
    assert rig.client.connected
    flight = [s for s in rig.server.seen if s.epoch == "handshake"]
    assert max(len(s.content) for s in flight) == 63
    assert longest_record(rig) == 63


def test_a_full_size_buffer_needs_no_limit(start: Start) -> None:
    rig = start(in_bytes=FULL_RECORD_BYTES)
    assert rig.run(edits={"encrypted_extensions": lambda _: answers()}).client.connected


# ---- CertificateRequest


def request(context: bytes, *extensions: bytes) -> bytes:
    return message(CERTIFICATE_REQUEST, vector(1, context) + vector(2, *extensions))


SCHEMES = extension(13, vector(2, number(0x0807, 2)))

REQUESTS: dict[str, tuple[bytes, str, int]] = {
    "a context": (request(b"c", SCHEMES), "ERR_TLS_ILLEGAL_PARAMETER", ILLEGAL),
    "no extensions": (request(b""), "ERR_TLS_MISSING_EXTENSION", MISSING),
    "no signature_algorithms": (
        request(b"", extension(47, vector(2))),
        "ERR_TLS_MISSING_EXTENSION",
        MISSING,
    ),
    "an empty list of schemes": (request(b"", extension(13, vector(2))), "ERR_TLS_DECODE", DECODE),
    "no list of schemes": (request(b"", extension(13)), "ERR_TLS_DECODE", DECODE),
    "half a scheme": (
        request(b"", extension(13, vector(2, b"\x08\x07\x04"))),
        "ERR_TLS_DECODE",
        DECODE,
    ),
    "bytes behind the schemes": (
        request(b"", extension(13, vector(2, b"\x08\x07") + b"\0")),
        "ERR_TLS_DECODE",
        DECODE,
    ),
    "the schemes twice": (request(b"", SCHEMES, SCHEMES), "ERR_TLS_ILLEGAL_PARAMETER", ILLEGAL),
    "an unknown extension twice": (
        request(b"", SCHEMES, extension(0xFABC), extension(0xFABC)),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "key_share": (request(b"", SCHEMES, extension(51)), "ERR_TLS_ILLEGAL_PARAMETER", ILLEGAL),
    "supported_versions": (
        request(b"", SCHEMES, extension(43, number(0x0304, 2))),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "an extension cut off": (request(b"", SCHEMES, b"\0\x2f\0\x09"), "ERR_TLS_DECODE", DECODE),
    "bytes behind the block": (
        message(CERTIFICATE_REQUEST, vector(1) + vector(2, SCHEMES) + b"\0"),
        "ERR_TLS_DECODE",
        DECODE,
    ),
    "nothing": (message(CERTIFICATE_REQUEST, b""), "ERR_TLS_DECODE", DECODE),
}


@pytest.mark.parametrize("fault", REQUESTS)
def test_a_certificate_request_is_refused_for(fault: str, points: Points) -> None:
    said, status, alert = REQUESTS[fault]
    rig = points.at("certificate or request")
    rig.feed(rig.server.say("certificate_request", lambda _: said))
    rig.refused(status, alert, "handshake")


@pytest.mark.parametrize(
    ("schemes", "shown"),
    [
        ((0x0807,), True),
        ((0x0403, 0x0804, 0x0807), True),
        ((0x0403,), False),
        ((0x0708, 0x0408), False),
    ],
)
@pytest.mark.parametrize("configured", [True, False], ids=["certificate", "none"])
def test_a_certificate_is_shown_where_its_scheme_is_taken(
    schemes: tuple[int, ...],
    shown: bool,
    configured: bool,
    authority: Authority,
    credentials: Credentials,
) -> None:
    identity = authority.identity(authority.device()) if configured else None
    rig = Rig(device(authority, identity=identity), credentials)
    listed = extension(13, vector(2, *(number(scheme, 2) for scheme in schemes)))
    ignored = extension(0xFABC, b"?"), extension(47, vector(2, vector(2, b"name")))
    rig.run(AUTHENTICATED, edits={"certificate_request": lambda _: request(b"", *ignored, listed)})
    assert rig.client.connected
    kinds = [m[0] for m in rig.server.messages]
    assert kinds == ([1, 11, 15, 20] if shown and configured else [1, 11, 20])
    if not (shown and configured):
        assert rig.server.messages[1] == message(11, vector(1) + vector(3))


def test_the_shown_certificate_and_its_signature_are_right(
    authority: Authority, credentials: Credentials
) -> None:
    issued = authority.device()
    identity = authority.identity(issued)
    rig = Rig(device(authority, identity=identity), credentials).run(AUTHENTICATED)
    _, certificate, verify, _ = rig.server.messages
    entries = [vector(3, der) + vector(2) for der in identity.chain]
    assert certificate == message(11, vector(1) + vector(3, *entries))
    signature = verify[8:]
    assert verify[4:8] == number(0x0807, 2) + number(64, 2)
    # What was signed ends with the client's Certificate.
    server = rig.server
    server.transcript = server.transcript.partition(verify)[0]
    issued.key.public_key().verify(signature, server.signed_content("client"))
