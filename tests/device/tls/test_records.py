"""The record layer: RFC 9846 section 5, RFC 8449."""

from __future__ import annotations

import pytest

from rootlet.device import FULL_RECORD_BYTES, RECORD_BYTES
from support.tls.keys import renumber
from support.tls.points import Points, Start
from support.tls.rig import PLAIN, STATES, Rig
from support.tls.server import Edit
from support.tls.wire import (
    ALERT,
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
    DUMMY,
    ENCRYPTED_EXTENSIONS,
    HANDSHAKE,
    extension,
    message,
    number,
    record,
    vector,
)

UNEXPECTED, MAC, OVERFLOW, DECODE, INTERNAL = 10, 20, 22, 50, 80

LIMIT = 512
OVERHEAD = RECORD_BYTES - LIMIT
IDLE_RECORDS = 32
CLEAR = ["server hello", "second server hello"]
PROTECTED = [state for state in STATES if state not in CLEAR]
LISTENING = [state for state in STATES if state != "connected"]

NO_LIMIT: dict[str, Edit] = {
    "encrypted_extensions": lambda _: message(ENCRYPTED_EXTENSIONS, vector(2))
}
FULL_LIMIT: dict[str, Edit] = {
    "encrypted_extensions": lambda _: message(
        ENCRYPTED_EXTENSIONS, vector(2, extension(28, number(16385, 2)))
    )
}


def unexpected(rig: Rig) -> None:
    rig.refused("ERR_TLS_UNEXPECTED_MESSAGE", UNEXPECTED, rig.epoch)


# ---- headers


@pytest.mark.parametrize("version", [0, 0x0300, 0x0301, 0x0304, 0xFEFD, 0xFFFF])
def test_the_version_of_a_record_is_ignored(version: int, start: Start) -> None:
    rig = start()
    hello = rig.server.say("server_hello")
    rig.feed(hello[:1] + number(version, 2) + hello[3:])
    rig.run(PLAIN[1:])
    assert rig.client.connected
    assert rig.server.write
    rig.feed(rig.server.write.seal(APPLICATION_DATA, b"data", version=version))
    assert rig.answer == b"data"


@pytest.mark.parametrize("state", CLEAR)
def test_only_handshake_and_alerts_come_in_the_clear(state: str, points: Points) -> None:
    for kind in set(range(256)) - {CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE}:
        rig = points.at(state)
        rig.feed(record(kind, b"\x02\x28"))
        unexpected(rig)


@pytest.mark.parametrize("state", PROTECTED)
def test_nothing_comes_in_the_clear_once_there_are_keys(state: str, points: Points) -> None:
    for kind in set(range(256)) - {CHANGE_CIPHER_SPEC, APPLICATION_DATA}:
        rig = points.at(state)
        rig.feed(record(kind, b"\x02\x28"))
        unexpected(rig)


def test_a_sealed_record_is_application_data_on_the_outside(points: Points) -> None:
    rig = points.at("connected")
    assert rig.server.write
    rig.feed(rig.server.write.seal(APPLICATION_DATA, b"data", outer=HANDSHAKE))
    unexpected(rig)


@pytest.mark.parametrize("state", PROTECTED)
def test_other_types_inside_are_refused(state: str, points: Points) -> None:
    for kind in set(range(1, 256)) - {ALERT, HANDSHAKE, APPLICATION_DATA}:
        rig = points.at(state)
        rig.feed(rig.server.seal(kind, b"\x01"))
        unexpected(rig)


@pytest.mark.parametrize("state", LISTENING)
@pytest.mark.parametrize("content", [b"", b"data"], ids=["empty", "data"])
def test_application_data_before_the_end_of_the_handshake_is_refused(
    content: bytes, state: str, points: Points
) -> None:
    rig = points.at(state)
    rig.feed(rig.server.seal(APPLICATION_DATA, content))
    unexpected(rig)


# ---- lengths


@pytest.mark.parametrize(
    ("in_bytes", "limit"),
    [(RECORD_BYTES, 529), (2000, 1995), (16384 + 5, 16384), (FULL_RECORD_BYTES, 16384)],
)
def test_a_record_in_the_clear_has_a_limit(in_bytes: int, limit: int, start: Start) -> None:
    rig = start(in_bytes=in_bytes)
    saved = rig.save()
    for length, fits in ((limit - 1, True), (limit, True), (limit + 1, False), (65535, False)):
        rig.restore(saved).feed(b"\x16\x03\x03" + number(length, 2))
        assert rig.client.closed != fits
        if not fits:
            rig.refused("ERR_TLS_RECORD_OVERFLOW", OVERFLOW, "plain")


@pytest.mark.parametrize(
    ("in_bytes", "edits", "inner"),
    [
        (RECORD_BYTES, FULL_LIMIT, 513),
        (RECORD_BYTES + 1, FULL_LIMIT, 513),
        (RECORD_BYTES + 300, FULL_LIMIT, 513),
        (RECORD_BYTES + 512, FULL_LIMIT, 1025),
        (RECORD_BYTES, NO_LIMIT, 513),
        (RECORD_BYTES + 1, NO_LIMIT, 514),
        (5000, FULL_LIMIT, 5000 - OVERHEAD + 1),
        (FULL_RECORD_BYTES, FULL_LIMIT, 16385),
        (FULL_RECORD_BYTES, NO_LIMIT, 16385),
    ],
)
def test_a_sealed_record_has_a_limit(
    in_bytes: int, edits: dict[str, Edit], inner: int, start: Start
) -> None:
    rig = start(in_bytes=in_bytes, tolerate_no_limit=True).run(edits=edits)
    saved = rig.save()
    for change in (-1, 0):
        rig.restore(saved).feed(rig.server.seal(APPLICATION_DATA, b"x" * (inner + change - 1)))
        assert rig.answer == b"x" * (inner + change - 1)
        padding = inner + change - 3
        rig.restore(saved).feed(rig.server.seal(APPLICATION_DATA, b"xy", padding=padding))
        assert rig.answer == b"xy"
    for padding in (0, 1, 300):
        content = b"x" * (inner - padding)
        rig.restore(saved).feed(rig.server.seal(APPLICATION_DATA, content, padding=padding))
        rig.refused("ERR_TLS_RECORD_OVERFLOW", OVERFLOW, "application")


def test_a_header_that_is_too_long_is_refused_without_waiting(points: Points) -> None:
    rig = points.at("connected")
    assert rig.feed(b"\x17\x03\x03" + number(530, 2)) == b""
    rig.refused("ERR_TLS_RECORD_OVERFLOW", OVERFLOW, "application")


def test_the_record_that_brings_the_limit_keeps_to_it(start: Start) -> None:
    rig = start(in_bytes=RECORD_BYTES + 300).run(until="encrypted_extensions")
    said = rig.server.body("encrypted_extensions")
    rig.server.spoken("encrypted_extensions", said)
    rig.feed(rig.server.seal(HANDSHAKE, said, padding=513 - len(said)))
    rig.refused("ERR_TLS_RECORD_OVERFLOW", OVERFLOW, "handshake")


def test_a_server_that_keeps_no_limit_fails_at_its_first_long_record(start: Start) -> None:
    rig = start(tolerate_no_limit=True).run(edits=NO_LIMIT)
    rig.feed(rig.server.seal(APPLICATION_DATA, bytes(513)))
    rig.refused("ERR_TLS_RECORD_OVERFLOW", OVERFLOW, "application")


# ---- protection


@pytest.mark.parametrize("state", PROTECTED)
@pytest.mark.parametrize("length", range(17))
def test_a_record_shorter_than_its_protection_is_refused(
    length: int, state: str, points: Points
) -> None:
    rig = points.at(state)
    rig.feed(record(APPLICATION_DATA, bytes(length)))
    rig.refused("ERR_TLS_RECORD_MAC", MAC, rig.epoch)


def test_every_byte_of_a_record_is_authenticated(points: Points) -> None:
    rig = points.at("connected")
    whole = rig.server.seal(APPLICATION_DATA, b"some data")
    for at in {1, 2, *range(5, len(whole))}:
        rig = points.at("connected")
        rig.feed(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        rig.refused("ERR_TLS_RECORD_MAC", MAC, "application")


@pytest.mark.parametrize("state", PROTECTED)
def test_a_record_cannot_be_repeated_left_out_or_put_off(state: str, points: Points) -> None:
    rig = points.at(state)
    assert rig.server.write
    rig.server.write.sequence += 1
    rig.feed(rig.server.seal(APPLICATION_DATA, b"data"))
    rig.refused("ERR_TLS_RECORD_MAC", MAC, rig.epoch)
    rig = points.at("connected")
    whole = rig.server.seal(APPLICATION_DATA, b"data")
    rig.feed(whole)
    rig.feed(whole)
    assert rig.answer == b"data"
    rig.refused("ERR_TLS_RECORD_MAC", MAC, "application")


@pytest.mark.parametrize("state", PROTECTED)
@pytest.mark.parametrize("zeros", [1, 2, 100, 513])
def test_nothing_but_padding_is_refused(zeros: int, state: str, points: Points) -> None:
    rig = points.at(state)
    assert rig.server.write
    rig.feed(rig.server.write.seal_inner(bytes(zeros)))
    unexpected(rig)


@pytest.mark.parametrize("padding", [1, 2, 500])
def test_padding_is_taken_off(padding: int, points: Points) -> None:
    rig = points.at("connected")
    rig.feed(rig.server.seal(APPLICATION_DATA, b"data\0\0", padding=padding))
    assert rig.answer == b"data\0\0"


def test_the_number_of_a_record_never_wraps(points: Points) -> None:
    rig = points.at("connected")
    assert rig.server.write
    rig.server.write.sequence = 2**32 - 2
    renumber(rig.client._tls.secrets.keys.read, 2**32 - 2)
    rig.feed(rig.server.seal(APPLICATION_DATA, b"the last but one"))
    assert rig.answer == b"the last but one"
    rig.feed(rig.server.seal(APPLICATION_DATA, b"the last"))
    assert rig.answer == b"the last but one"
    rig.refused("ERR_TLS_SEQUENCE", INTERNAL, "application")


@pytest.mark.parametrize("sequence", [255, 256, 2**16 - 1, 2**24 - 2, 2**32 - 5])
def test_the_number_of_a_record_counts_on(sequence: int, points: Points) -> None:
    rig = points.at("connected")
    assert rig.server.write
    rig.server.write.sequence = sequence
    renumber(rig.client._tls.secrets.keys.read, sequence)
    for _ in range(3):
        rig.feed(rig.server.seal(APPLICATION_DATA, b"data"))
    assert rig.answer == b"data" * 3


# ---- records that carry nothing


@pytest.mark.parametrize("kind", [HANDSHAKE, ALERT])
def test_empty_handshake_and_alert_records_are_refused(
    kind: int, state: str, points: Points
) -> None:
    rig = points.at(state)
    rig.feed(rig.server.seal(kind, b""))
    unexpected(rig)


def test_empty_application_data_is_taken_so_often(points: Points) -> None:
    rig = points.at("connected")
    for _ in range(2):
        for _ in range(IDLE_RECORDS):
            rig.feed(rig.server.seal(APPLICATION_DATA, b""))
        assert not rig.client.closed
        rig.feed(rig.server.seal(APPLICATION_DATA, b"data"))
    assert rig.answer == b"data" * 2
    for _ in range(IDLE_RECORDS + 1):
        rig.feed(rig.server.seal(APPLICATION_DATA, b""))
    rig.refused("ERR_TLS_FLOOD", UNEXPECTED, "application")


# ---- change_cipher_spec


@pytest.mark.parametrize("state", LISTENING)
def test_a_change_cipher_spec_is_dropped_during_the_handshake(state: str, points: Points) -> None:
    rig = points.at(state)
    rig.feed(DUMMY * 2)
    steps, until = STATES[state]
    rig.run(steps[steps.index(until) :])
    assert rig.client.connected


def test_a_change_cipher_spec_behind_the_handshake_is_refused(points: Points) -> None:
    rig = points.at("connected")
    rig.feed(DUMMY)
    unexpected(rig)


@pytest.mark.parametrize("content", [b"", b"\x00", b"\x02", b"\x01\x01", b"\x01" * 600])
def test_another_change_cipher_spec_is_refused(content: bytes, state: str, points: Points) -> None:
    rig = points.at(state)
    rig.feed(record(CHANGE_CIPHER_SPEC, content))
    unexpected(rig)


@pytest.mark.parametrize("state", PROTECTED)
def test_a_sealed_change_cipher_spec_is_refused(state: str, points: Points) -> None:
    rig = points.at(state)
    rig.feed(rig.server.seal(CHANGE_CIPHER_SPEC, b"\x01"))
    unexpected(rig)


@pytest.mark.parametrize("state", LISTENING)
def test_too_many_of_them_are_refused(state: str, points: Points) -> None:
    rig = points.at(state)
    rig.feed(DUMMY * IDLE_RECORDS)
    assert not rig.client.closed
    rig.feed(DUMMY)
    rig.refused("ERR_TLS_FLOOD", UNEXPECTED, rig.epoch)


# ---- inside a handshake message

INTRUDERS = [(APPLICATION_DATA, b"data"), (APPLICATION_DATA, b""), (ALERT, b"\x01\x00")]
INTRUDERS += [(ALERT, b"\x01\x5a")]


@pytest.mark.parametrize("part", [1, 3, 4, 6])
@pytest.mark.parametrize("state", LISTENING)
def test_no_other_record_comes_inside_a_message(state: str, part: int, points: Points) -> None:
    name = STATES[state][1]
    for kind, content in INTRUDERS:
        rig = points.at(state)
        rig.feed(rig.server.handshake_records(rig.server.body(name)[:part]))
        rig.feed(rig.server.seal(kind, content))
        unexpected(rig)
    rig = points.at(state)
    rig.feed(rig.server.handshake_records(rig.server.body(name)[:part]))
    rig.feed(DUMMY)
    unexpected(rig)


@pytest.mark.parametrize("part", [1, 4, 5, 30])
def test_no_other_record_comes_inside_a_ticket(part: int, points: Points) -> None:
    for kind, content in INTRUDERS:
        rig = points.at("connected")
        rig.feed(rig.server.handshake_records(message(4, bytes(40))[:part]))
        rig.feed(rig.server.seal(kind, content))
        unexpected(rig)
