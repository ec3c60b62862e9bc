"""What a device offers: RFC 9846 section 4.2.2, byte by byte."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from rootlet.device import FULL_RECORD_BYTES, RANDOM_BYTES, RECORD_BYTES
from support.authority import ADDRESS, NAME
from support.tls.points import Start
from support.tls.rig import RETRIED
from support.tls.wire import (
    CLIENT_HELLO,
    extension,
    message,
    number,
    parse_client_hello,
    record,
    split_records,
    vector,
)

RANDOM = bytes(range(100, 100 + RANDOM_BYTES))
LONG_NAME = ".".join(["a" * 63] * 3 + ["b" * 61])
OVERHEAD = RECORD_BYTES - 512


def server_name(name: str) -> bytes:
    return extension(0, vector(2, b"\0" + vector(2, name.encode())))


def test_is_exactly_this(start: Start) -> None:
    rig = start(random=RANDOM, alpn=b"mqtt")
    share = rig.server.hello.extensions[51][-32:]
    body = (
        number(0x0303, 2)
        + RANDOM[:32]
        + vector(1)
        + vector(2, number(0x1303, 2))
        + vector(1, b"\0")
        + vector(
            2,
            server_name(NAME),
            extension(10, vector(2, number(0x001D, 2))),
            extension(13, vector(2, number(0x0807, 2))),
            extension(43, vector(1, number(0x0304, 2))),
            extension(51, vector(2, number(0x001D, 2) + vector(2, share))),
            extension(28, number(513, 2)),
            extension(1, b"\x01"),
            extension(16, vector(2, vector(1, b"mqtt"))),
        )
    )
    assert rig.sent == record(22, message(CLIENT_HELLO, body), version=0x0301)


def test_its_share_belongs_to_the_private_key(start: Start) -> None:
    rig = start(random=RANDOM)
    private_key = X25519PrivateKey.from_private_bytes(RANDOM[32:64])
    assert rig.server.hello.extensions[51][-32:] == private_key.public_key().public_bytes_raw()


@pytest.mark.parametrize("name", ["a.b", "xn--bcher-kva.example", LONG_NAME])
def test_names_the_host(name: str, start: Start) -> None:
    assert start(host=name).server.hello.extensions[0] == server_name(name)[4:]


def test_drops_a_trailing_dot(start: Start) -> None:
    assert start(host=NAME + ".").server.hello.extensions[0] == server_name(NAME)[4:]


def test_never_names_an_address(start: Start) -> None:
    for address in (ADDRESS, "2001:db8::1"):
        assert 0 not in start(host=ip_address(address)).server.hello.extensions


def test_offers_a_protocol_only_when_told(start: Start) -> None:
    assert 16 not in start().server.hello.extensions
    hello = start(alpn=b"p" * 32).server.hello
    assert hello.extensions[16] == vector(2, vector(1, b"p" * 32))


@pytest.mark.parametrize(
    ("content", "limit", "code"),
    [
        (512, 513, 1),
        (1023, 513, 1),
        (1024, 1025, 2),
        (2047, 1025, 2),
        (2048, 2049, 3),
        (4095, 2049, 3),
        (4096, 4097, 4),
        (4097, 4098, None),
        (16383, 16384, None),
        (16384, 16385, None),
        (FULL_RECORD_BYTES - OVERHEAD, 16385, None),
        (100000, 16385, None),
    ],
)
def test_asks_for_records_that_fit_the_buffer(
    content: int, limit: int, code: int | None, start: Start
) -> None:
    extensions = start(in_bytes=content + OVERHEAD).server.hello.extensions
    assert extensions[28] == number(limit, 2)
    assert extensions.get(1) == (None if code is None else bytes([code]))


def test_the_second_is_the_first_with_the_cookie(start: Start) -> None:
    rig = start(random=RANDOM, alpn=b"mqtt").run(RETRIED, until="server_hello")
    first, second = (parse_client_hello(whole) for whole in rig.server.messages)
    cookie = {44: vector(2, b"a cookie for you")}
    assert second.extensions == first.extensions | cookie
    assert list(second.extensions)[-1] == 44
    assert (second.random, second.session_id) == (first.random, first.session_id)
    records = split_records(rig.sent)
    assert [whole[1:3] for whole in records] == [b"\x03\x01", b"\x03\x03"]


def test_a_long_one_is_cut_into_records(start: Start) -> None:
    rig = start(host=LONG_NAME)
    cookie = extension(44, vector(2, bytes(range(256))))
    rig.feed(
        rig.server.say(
            "hello_retry",
            lambda _: rig.server.hello_body(
                rig.server.body("hello_retry")[6:38], rig.server.versions_extension, cookie
            ),
        )
    )
    assert rig.server.hello.extensions[44] == vector(2, bytes(range(256)))
    assert rig.server.hello.extensions[0] == server_name(LONG_NAME)[4:]
    second = split_records(rig.sent)[1:]
    assert [len(whole) > 5 for whole in second] == [True, True]
    assert max(len(whole) for whole in second) <= RECORD_BYTES
    rig.run()
    assert rig.status == "ERR_X509_NAME", "the handshake went on to the certificate"
