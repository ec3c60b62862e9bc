"""ServerHello and HelloRetryRequest that a device refuses: RFC 9846 sections 4.2.3 and 4.2.4."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.tls.points import Points
from support.tls.server import RETRY_RANDOM, ScriptedServer
from support.tls.wire import extension, number, vector

ILLEGAL, DECODE, UNEXPECTED, VERSION, MISSING, UNSUPPORTED, INTERNAL = 47, 50, 10, 70, 109, 110, 80

Made = Callable[[ScriptedServer], bytes]

SHARE_HEADER = number(0x001D, 2)
PRIME = (2**255 - 19).to_bytes(32, "little")
LOW_ORDER = (
    bytes(32),
    (1).to_bytes(32, "little"),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    ((2**255 - 19) - 1).to_bytes(32, "little"),
    PRIME,
    (2**255 - 18).to_bytes(32, "little"),
)


def hello(*extensions: bytes, **changes: int | bytes) -> Made:
    """A ServerHello with these extensions behind the usual two."""

    def made(server: ScriptedServer) -> bytes:
        usual = (server.versions_extension, server.share_extension)
        return server.hello_body(server.random, *usual, *extensions, **changes)

    return made


def bare(*extensions: bytes, end: bytes = b"", version: int = 0x0303) -> Made:
    """A ServerHello with these extensions alone; ``end`` replaces the end of its random."""

    def made(server: ScriptedServer) -> bytes:
        random = server.random[: 32 - len(end)] + end
        return server.hello_body(random, *extensions, version=version)

    return made


def share(data: bytes) -> Made:
    return lambda server: server.hello_body(
        server.random, server.versions_extension, extension(51, data)
    )


def without_extensions(server: ScriptedServer) -> bytes:
    """As TLS 1.2 and older may end."""
    whole = server.hello_body(server.random)[:-2]
    return whole[:1] + number(len(whole) - 4, 3) + whole[4:]


VERSIONS = extension(43, number(0x0304, 2))

HELLOS: dict[str, tuple[Made, str, int]] = {
    "TLS 1.2 in place of 1.3": (
        bare(end=b"DOWNGRD\x01"),
        "ERR_TLS_DOWNGRADE",
        ILLEGAL,
    ),
    "TLS 1.1 in place of 1.3": (bare(end=b"DOWNGRD\x00"), "ERR_TLS_DOWNGRADE", ILLEGAL),
    "TLS 1.1 by legacy_version": (
        bare(end=b"DOWNGRD\x00", version=0x0302),
        "ERR_TLS_DOWNGRADE",
        ILLEGAL,
    ),
    "TLS 1.2 by a server that has no other": (bare(), "ERR_TLS_VERSION", VERSION),
    "TLS 1.2 without extensions": (without_extensions, "ERR_TLS_VERSION", VERSION),
    "TLS 1.2 with other extensions": (
        bare(extension(65281, b"\0"), extension(23)),
        "ERR_TLS_VERSION",
        VERSION,
    ),
    "a sentinel of another kind": (bare(end=b"DOWNGRD\x02"), "ERR_TLS_VERSION", VERSION),
    "a selected version that is 1.2": (
        bare(extension(43, number(0x0303, 2))),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "a selected version of the future": (
        bare(extension(43, number(0x0305, 2))),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "a list of versions": (bare(extension(43, b"\x02\x03\x04")), "ERR_TLS_DECODE", DECODE),
    "an empty version": (bare(extension(43)), "ERR_TLS_DECODE", DECODE),
    "another legacy_version": (hello(version=0x0304), "ERR_TLS_VERSION", VERSION),
    "an older legacy_version": (hello(version=0x0301), "ERR_TLS_VERSION", VERSION),
    "a session id": (hello(session_id=b"s"), "ERR_TLS_SESSION_ID", ILLEGAL),
    "a session id of 32 bytes": (hello(session_id=bytes(32)), "ERR_TLS_SESSION_ID", ILLEGAL),
    "a session id of 33 bytes": (hello(session_id=bytes(33)), "ERR_TLS_DECODE", DECODE),
    "AES-128-GCM": (hello(suite=0x1301), "ERR_TLS_SUITE", ILLEGAL),
    "a suite of TLS 1.2": (hello(suite=0xCCA9), "ERR_TLS_SUITE", ILLEGAL),
    "compression": (hello(compression=1), "ERR_TLS_ILLEGAL_PARAMETER", ILLEGAL),
    "no share": (bare(VERSIONS), "ERR_TLS_MISSING_EXTENSION", MISSING),
    "a share of P-256": (
        share(number(0x0017, 2) + vector(2, b"\x04" + bytes(64))),
        "ERR_TLS_GROUP",
        ILLEGAL,
    ),
    "a group alone": (share(SHARE_HEADER), "ERR_TLS_DECODE", DECODE),
    "a share of 31 bytes": (
        share(SHARE_HEADER + vector(2, bytes(31))),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "a share of 33 bytes": (
        share(SHARE_HEADER + vector(2, bytes(33))),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "an empty share": (share(SHARE_HEADER + vector(2)), "ERR_TLS_ILLEGAL_PARAMETER", ILLEGAL),
    "bytes behind the share": (
        share(SHARE_HEADER + vector(2, b"\x09" * 32) + b"\0"),
        "ERR_TLS_DECODE",
        DECODE,
    ),
    "pre_shared_key": (hello(extension(41, b"\0\0")), "ERR_TLS_UNSUPPORTED_EXTENSION", UNSUPPORTED),
    "early_data": (hello(extension(42)), "ERR_TLS_UNSUPPORTED_EXTENSION", UNSUPPORTED),
    "extended_master_secret": (
        hello(extension(23)),
        "ERR_TLS_UNSUPPORTED_EXTENSION",
        UNSUPPORTED,
    ),
    "ALPN, not offered": (
        hello(extension(16, vector(2, vector(1, b"mqtt")))),
        "ERR_TLS_UNSUPPORTED_EXTENSION",
        UNSUPPORTED,
    ),
    "server_name": (hello(extension(0)), "ERR_TLS_ILLEGAL_PARAMETER", ILLEGAL),
    "supported_groups": (
        hello(extension(10, b"\0\x02\0\x1d")),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "signature_algorithms": (
        hello(extension(13, b"\0\x02\x08\x07")),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "record_size_limit": (
        hello(extension(28, b"\x02\x01")),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "max_fragment_length": (hello(extension(1, b"\x01")), "ERR_TLS_ILLEGAL_PARAMETER", ILLEGAL),
    "the version twice": (hello(VERSIONS), "ERR_TLS_ILLEGAL_PARAMETER", ILLEGAL),
    "another version behind it": (
        hello(extension(43, number(0x0303, 2))),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "an unknown extension twice": (
        hello(extension(0xFABC), extension(0xFABC)),
        "ERR_TLS_UNSUPPORTED_EXTENSION",
        UNSUPPORTED,
    ),
    "an extension cut off": (hello(b"\xfa\xbc\0\x05abcd"), "ERR_TLS_DECODE", DECODE),
    "an extension's header cut off": (hello(b"\xfa\xbc\0"), "ERR_TLS_DECODE", DECODE),
    "a cut off extension in place of the version": (
        bare(b"\0\x2b\0\x03\x03\x04"),
        "ERR_TLS_DECODE",
        DECODE,
    ),
} | {
    f"a share of low order {index}": (
        share(SHARE_HEADER + vector(2, point)),
        "ERR_CRYPTO_ZERO_SHARED",
        ILLEGAL,
    )
    for index, point in enumerate(LOW_ORDER)
}


@pytest.mark.parametrize("fault", HELLOS)
@pytest.mark.parametrize("state", ["server hello", "second server hello"])
def test_a_server_hello_is_refused_for(fault: str, state: str, points: Points) -> None:
    made, status, alert = HELLOS[fault]
    rig = points.at(state)
    rig.feed(rig.server.handshake_records(made(rig.server)))
    rig.refused(status, alert, "plain")


def retry(*extensions: bytes, **changes: int | bytes) -> Made:
    return lambda server: server.hello_body(RETRY_RANDOM, *extensions, **changes)


COOKIE = extension(44, vector(2, b"cookie"))

RETRIES: dict[str, tuple[Made, str, int]] = {
    "another group": (
        retry(VERSIONS, extension(51, number(0x0017, 2))),
        "ERR_TLS_HELLO_RETRY",
        ILLEGAL,
    ),
    "the group that was shared": (
        retry(VERSIONS, extension(51, number(0x001D, 2))),
        "ERR_TLS_HELLO_RETRY",
        ILLEGAL,
    ),
    "a group beside the cookie": (
        retry(VERSIONS, COOKIE, extension(51, number(0x001D, 2))),
        "ERR_TLS_HELLO_RETRY",
        ILLEGAL,
    ),
    "nothing": (retry(VERSIONS), "ERR_TLS_HELLO_RETRY", ILLEGAL),
    "an empty cookie": (retry(VERSIONS, extension(44, vector(2))), "ERR_TLS_DECODE", DECODE),
    "no cookie at all": (retry(VERSIONS, extension(44)), "ERR_TLS_DECODE", DECODE),
    "bytes behind the cookie": (
        retry(VERSIONS, extension(44, vector(2, b"cookie") + b"\0")),
        "ERR_TLS_DECODE",
        DECODE,
    ),
    "a cookie of 257 bytes": (
        retry(VERSIONS, extension(44, vector(2, bytes(257)))),
        "ERR_TLS_COOKIE_TOO_LONG",
        INTERNAL,
    ),
    "two cookies": (retry(VERSIONS, COOKIE, COOKIE), "ERR_TLS_ILLEGAL_PARAMETER", ILLEGAL),
    "TLS 1.2": (retry(COOKIE), "ERR_TLS_VERSION", VERSION),
    "another version": (
        retry(extension(43, number(0x0303, 2)), COOKIE),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "another suite": (retry(VERSIONS, COOKIE, suite=0x1301), "ERR_TLS_SUITE", ILLEGAL),
    "a session id": (retry(VERSIONS, COOKIE, session_id=b"s"), "ERR_TLS_SESSION_ID", ILLEGAL),
    "compression": (
        retry(VERSIONS, COOKIE, compression=1),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
    "an extension not offered": (
        retry(VERSIONS, COOKIE, extension(41, b"\0\0")),
        "ERR_TLS_UNSUPPORTED_EXTENSION",
        UNSUPPORTED,
    ),
    "an extension of another message": (
        retry(VERSIONS, COOKIE, extension(28, b"\x02\x01")),
        "ERR_TLS_ILLEGAL_PARAMETER",
        ILLEGAL,
    ),
}


@pytest.mark.parametrize("fault", RETRIES)
def test_a_hello_retry_is_refused_for(fault: str, points: Points) -> None:
    made, status, alert = RETRIES[fault]
    rig = points.at("server hello")
    rig.feed(rig.server.handshake_records(made(rig.server)))
    rig.refused(status, alert, "plain")


def test_a_second_hello_retry_is_refused(points: Points) -> None:
    rig = points.at("second server hello")
    rig.feed(rig.server.handshake_records(retry(VERSIONS, COOKIE)(rig.server)))
    rig.refused("ERR_TLS_UNEXPECTED_MESSAGE", UNEXPECTED, "plain")


@pytest.mark.parametrize(
    ("state", "status", "alert"),
    [
        ("server hello", "ERR_TLS_UNSUPPORTED_EXTENSION", UNSUPPORTED),
        ("second server hello", "ERR_TLS_ILLEGAL_PARAMETER", ILLEGAL),
    ],
)
def test_a_cookie_in_a_server_hello_is_refused(
    state: str, status: str, alert: int, points: Points
) -> None:
    rig = points.at(state)
    rig.feed(rig.server.handshake_records(hello(COOKIE)(rig.server)))
    rig.refused(status, alert, "plain")


@pytest.mark.parametrize("name", ["hello_retry", "server_hello"])
def test_a_hello_must_end_its_record(name: str, points: Points) -> None:
    rig = points.at("server hello")
    rig.feed(rig.server.say(name, behind=b"\x08"))
    rig.refused("ERR_TLS_UNEXPECTED_MESSAGE", UNEXPECTED, "plain")


@pytest.mark.parametrize("length", [1, 255, 256])
def test_a_cookie_of_any_allowed_length_comes_back(length: int, points: Points) -> None:
    rig = points.at("server hello")
    data = vector(2, bytes(range(length % 251)) + bytes(length - length % 251))
    made = retry(VERSIONS, extension(44, data))
    rig.feed(rig.server.say("hello_retry", lambda _: made(rig.server)))
    assert rig.server.hello.extensions[44] == data
    rig.run()
    assert rig.client.connected
