"""KeyUpdate, NewSessionTicket and data behind the handshake: RFC 9846 sections 4.7 and 7.2."""

from __future__ import annotations

import pytest

from support.authority import Authority
from support.conversation import device
from support.tls.keys import renumber
from support.tls.points import Points, Start
from support.tls.rig import AUTHENTICATED, Rig
from support.tls.server import Credentials
from support.tls.wire import (
    APPLICATION_DATA,
    HANDSHAKE,
    KEY_UPDATE,
    NEW_SESSION_TICKET,
    message,
    number,
    vector,
)

UNEXPECTED, ILLEGAL, DECODE = 10, 47, 50
UPDATES = 32


def sends(rig: Rig, data: bytes) -> list[tuple[int, bytes]]:
    """The device writes; returns (type, content) of the records it made."""
    before = len(rig.server.seen)
    rig.server.take(rig.client.write(data))
    return [(s.kind, s.content) for s in rig.server.seen[before:]]


def hears(rig: Rig, data: bytes) -> None:
    """The server's data arrives."""
    before = len(rig.answer)
    rig.feed(rig.server.seal(APPLICATION_DATA, data))
    assert rig.answer[before:] == data


ANSWER = (HANDSHAKE, message(KEY_UPDATE, b"\0"))
REQUEST = (HANDSHAKE, message(KEY_UPDATE, b"\1"))
DATA = (APPLICATION_DATA, b"data")


# ---- the server's KeyUpdate


def test_new_keys_read_on_at_once(points: Points) -> None:
    rig = points.at("connected")
    for _ in range(3):
        rig.feed(rig.server.key_update())
        hears(rig, b"with new keys")
    assert rig.server.seen[-1].kind == HANDSHAKE, "nothing was asked for, nothing is answered"
    assert sends(rig, b"data") == [DATA]


def test_a_request_is_answered_before_the_next_data(points: Points) -> None:
    rig = points.at("connected")
    rig.feed(rig.server.key_update(1))
    hears(rig, b"with new keys")
    assert sends(rig, b"data") == [ANSWER, DATA]
    assert sends(rig, b"data") == [DATA]


def test_many_requests_have_one_answer(points: Points) -> None:
    rig = points.at("connected")
    for request in (1, 1, 0, 1, 0):
        rig.feed(rig.server.key_update(request))
    assert sends(rig, b"data") == [ANSWER, DATA]


def test_a_request_between_window_and_writing_is_answered_too(points: Points) -> None:
    rig = points.at("connected")
    assert rig.client.writable
    rig.feed(rig.server.key_update(1))
    assert rig.client.writable
    assert sends(rig, bytes(500))[0] == ANSWER


def test_our_own_update_is_an_answer(points: Points) -> None:
    rig = points.at("connected")
    rig.feed(rig.server.key_update(1))
    rig.server.take(rig.client.update_keys(request_peer=False))
    assert sends(rig, b"data") == [DATA]


def test_our_own_request_is_not(points: Points) -> None:
    rig = points.at("connected")
    rig.feed(rig.server.key_update(1))
    rig.server.take(rig.client.update_keys(request_peer=True))
    assert sends(rig, b"data") == [ANSWER, DATA]


@pytest.mark.parametrize("request_value", [2, 3, 127, 255])
def test_another_value_is_refused(request_value: int, points: Points) -> None:
    rig = points.at("connected")
    rig.feed(rig.server.key_update(request_value))
    rig.refused("ERR_TLS_ILLEGAL_PARAMETER", ILLEGAL, "application")


@pytest.mark.parametrize("body", [b"", b"\0\0", b"\1" * 3, bytes(2000)])
def test_another_length_is_refused(body: bytes, points: Points) -> None:
    rig = points.at("connected")
    rig.feed(rig.server.handshake_records(message(KEY_UPDATE, body)))
    rig.refused("ERR_TLS_DECODE", DECODE, "application")


@pytest.mark.parametrize("behind", [b"\x18", message(KEY_UPDATE, b"\0"), message(4, bytes(9))])
def test_it_must_end_its_record(behind: bytes, points: Points) -> None:
    rig = points.at("connected")
    rig.feed(rig.server.handshake_records(message(KEY_UPDATE, b"\0") + behind))
    rig.refused("ERR_TLS_UNEXPECTED_MESSAGE", UNEXPECTED, "application")


@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_it_may_be_cut_anywhere(cut: int, points: Points) -> None:
    rig = points.at("connected")
    rig.feed(rig.server.handshake_records(message(KEY_UPDATE, b"\1"), cut=cut))
    assert rig.server.write
    rig.server.write.update()
    hears(rig, b"with new keys")
    assert sends(rig, b"data") == [ANSWER, DATA]


def test_old_keys_are_refused_behind_it(points: Points) -> None:
    rig = points.at("connected")
    rig.feed(rig.server.handshake_records(message(KEY_UPDATE, b"\0")))
    rig.feed(rig.server.seal(APPLICATION_DATA, b"data"))
    rig.refused("ERR_TLS_RECORD_MAC", 20, "application")


@pytest.mark.parametrize("request_value", [0, 1])
def test_too_many_without_data_are_refused(request_value: int, points: Points) -> None:
    rig = points.at("connected")
    for _ in range(2):
        for _ in range(UPDATES):
            rig.feed(rig.server.key_update(request_value))
        hears(rig, b"data")
        for _ in range(UPDATES):
            rig.feed(rig.server.key_update(request_value))
        sends(rig, b"data")
    for _ in range(UPDATES + 1):
        rig.feed(rig.server.key_update(request_value))
    rig.refused("ERR_TLS_FLOOD", UNEXPECTED, "application")


def test_updates_that_were_asked_for_are_not_counted(points: Points) -> None:
    rig = points.at("connected")
    for _ in range(2 * UPDATES):
        rig.server.take(rig.client.update_keys(request_peer=True))
        rig.feed(rig.server.key_update())
    assert rig.status == "OK"


# ---- ours


@pytest.mark.parametrize("request_peer", [False, True])
def test_keys_can_be_changed(request_peer: bool, points: Points) -> None:
    rig = points.at("connected")
    for _ in range(3):
        rig.server.take(rig.client.update_keys(request_peer=request_peer))
        assert sends(rig, b"data") == [DATA]
        if request_peer:
            rig.feed(rig.server.key_update())
        hears(rig, b"data")
    updates = [m for m in rig.server.messages if m[0] == KEY_UPDATE]
    assert updates == [message(KEY_UPDATE, bytes([request_peer]))] * 3


def test_a_second_request_waits_for_the_first_answer(points: Points) -> None:
    rig = points.at("connected")
    for _ in range(3):
        rig.server.take(rig.client.update_keys(request_peer=True))
    rig.feed(rig.server.key_update())
    rig.server.take(rig.client.update_keys(request_peer=True))
    assert [m[4] for m in rig.server.messages if m[0] == KEY_UPDATE] == [1, 0, 0, 1]


def test_requests_that_cross_are_both_answered(points: Points) -> None:
    rig = points.at("connected")
    ours = rig.client.update_keys(request_peer=True)
    theirs = rig.server.key_update(1)
    rig.feed(theirs)
    rig.server.take(ours)
    rig.feed(rig.server.key_update(0))
    hears(rig, b"data")
    assert sends(rig, b"data") == [ANSWER, DATA]


@pytest.mark.parametrize("sequence", [2**24, 2**24 + 1, 2**32 - 2])
def test_a_key_that_sealed_many_records_is_changed(sequence: int, points: Points) -> None:
    rig = points.at("connected")
    assert rig.server.read
    rig.server.read.sequence = sequence
    renumber(rig.client._tls.secrets.keys.write, sequence)
    assert sends(rig, b"data") == [ANSWER, DATA]
    assert rig.server.read.sequence == 1
    assert sends(rig, b"data") == [DATA]


def test_it_is_not_changed_before(points: Points) -> None:
    rig = points.at("connected")
    assert rig.server.read
    rig.server.read.sequence = 2**24 - 1
    renumber(rig.client._tls.secrets.keys.write, 2**24 - 1)
    assert sends(rig, b"data") == [DATA]
    assert sends(rig, b"data") == [ANSWER, DATA]


# ---- tickets


def ticket(length: int) -> bytes:
    body = number(7200, 4) + bytes(4) + vector(1, b"n") + vector(2, bytes(length)) + vector(2)
    return message(NEW_SESSION_TICKET, body)


@pytest.mark.parametrize("length", [1, 200, 2000, 65000])
@pytest.mark.parametrize("cut", [1, 100, 512])
def test_tickets_are_skipped(length: int, cut: int, points: Points) -> None:
    if length == 65000 and cut == 1:
        cut = 37
    rig = points.at("connected")
    rig.feed(rig.server.handshake_records(ticket(length) * 2, cut=cut))
    hears(rig, b"data")
    assert sends(rig, b"data") == [DATA]


def test_an_empty_ticket_is_skipped(points: Points) -> None:
    rig = points.at("connected")
    rig.feed(rig.server.handshake_records(message(NEW_SESSION_TICKET, b"") * 3))
    hears(rig, b"data")


def test_the_longest_ticket_there_can_be_is_skipped(points: Points) -> None:
    rig = points.at("connected")
    rig.feed(rig.server.handshake_records(b"\x04\xff\xff\xff"))
    assert rig.client._tls.message_left == 2**24 - 1
    rig.client._tls.message_left = 100
    rig.feed(rig.server.handshake_records(bytes(100) + message(KEY_UPDATE, b"\0")))
    assert rig.server.write
    rig.server.write.update()
    hears(rig, b"data")


def test_a_key_update_may_follow_a_ticket(points: Points) -> None:
    rig = points.at("connected")
    rig.feed(rig.server.handshake_records(ticket(10) + message(KEY_UPDATE, b"\1")))
    assert rig.server.write
    rig.server.write.update()
    hears(rig, b"data")


def test_any_number_of_tickets_is_skipped(points: Points) -> None:
    rig = points.at("connected")
    for _ in range(200):
        rig.feed(rig.server.handshake_records(ticket(100)))
    hears(rig, b"data")


# ---- data


@pytest.mark.parametrize("asked", [False, True], ids=["no request", "certificate"])
@pytest.mark.parametrize("piece", [0, 1])
def test_data_directly_behind_the_finished_is_taken(
    asked: bool, piece: int, authority: Authority, credentials: Credentials
) -> None:
    rig = Rig(device(authority, identity=authority.identity(authority.device())), credentials)
    rig.run(AUTHENTICATED if asked else (), until="finished")
    if not asked:
        rig.run(until="finished")
    half_rtt = rig.server.say("finished") + rig.server.seal(APPLICATION_DATA, b"welcome")
    rig.feed(half_rtt + rig.server.handshake_records(ticket(100)), piece=piece)
    assert rig.client.connected
    assert rig.answer == b"welcome"
    assert sends(rig, b"data") == [DATA]


def test_handshake_buffer_is_free_behind_the_handshake(points: Points) -> None:
    rig = points.at("connected")
    buffers = rig.client._tls.buffers
    for at in range(buffers.handshake_length):
        buffers.handshake[at] = 0xA5
    rig.feed(rig.server.handshake_records(ticket(100) + ticket(1000)))
    rig.feed(rig.server.key_update(1))
    hears(rig, b"data")
    sends(rig, bytes(1000))
    assert set(bytes(buffers.handshake[0 : buffers.handshake_length])) == {0xA5}


def test_data_is_read_in_pieces(start: Start) -> None:
    rig = start().run()
    rig.client.receive(rig.server.seal(APPLICATION_DATA, b"0123456789"))
    assert rig.client.receive(rig.server.seal(APPLICATION_DATA, b"more")) == 0
    assert rig.client.read() == b"0123456789"
