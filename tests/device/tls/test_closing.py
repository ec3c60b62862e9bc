"""The end of a connection: RFC 9846 section 6.1, truncation, wiping."""

from __future__ import annotations

import pytest
from _rootlet_device import ffi, lib

from rootlet.device import TlsClient
from support.tls.points import Points, Start
from support.tls.rig import AUTHENTICATED, STATES, Rig
from support.tls.wire import ALERT, APPLICATION_DATA, HANDSHAKE

LISTENING = [state for state in STATES if state != "connected"]
CLOSE_NOTIFY = b"\x01\x00"


def ours(rig: Rig) -> None:
    rig.server.take(rig.client.close())


def theirs(rig: Rig, level: int = 1) -> None:
    rig.feed(rig.server.seal(ALERT, bytes([level, 0])))


def test_we_close_first(points: Points) -> None:
    rig = points.at("connected")
    ours(rig)
    assert rig.server.alerts == [(1, 0, "application")]
    assert not rig.client.writable
    assert not rig.client.closed, "reading goes on"
    rig.feed(rig.server.seal(APPLICATION_DATA, b"the rest"))
    assert rig.answer == b"the rest"
    theirs(rig)
    assert rig.client.closed
    assert rig.status == "OK"
    rig.client.receive_end()
    assert rig.status == "OK"
    assert rig.client.connected


@pytest.mark.parametrize("level", [0, 1, 2])
def test_the_server_closes_first(level: int, points: Points) -> None:
    rig = points.at("connected")
    theirs(rig, level)
    assert rig.client.writable, "our side may go on writing"
    assert rig.client.receive(b"\x17") == 0, "reading is over"
    rig.client.receive_end()
    rig.server.take(rig.client.write(b"the rest"))
    assert rig.server.received == b"the rest"
    ours(rig)
    assert rig.server.alerts == [(1, 0, "application")]
    assert rig.client.closed
    assert rig.status == "OK"


def test_what_comes_behind_a_close_is_ignored(points: Points) -> None:
    rig = points.at("connected")
    close = rig.server.seal(ALERT, CLOSE_NOTIFY)
    left = rig.feed(close + rig.server.seal(APPLICATION_DATA, b"more") + b"garbage")
    assert left
    assert rig.answer == b""
    assert rig.status == "OK"
    rig.client.receive_end()
    ours(rig)
    assert rig.client.closed
    assert rig.status == "OK"


def test_an_update_that_is_owed_is_not_sent_when_closing(points: Points) -> None:
    rig = points.at("connected")
    rig.feed(rig.server.key_update(1))
    ours(rig)
    assert [s.kind for s in rig.server.seen if s.epoch == "application"] == [ALERT]


def test_keys_of_the_server_still_change_behind_our_close(points: Points) -> None:
    rig = points.at("connected")
    ours(rig)
    rig.feed(rig.server.key_update(1))
    rig.feed(rig.server.seal(APPLICATION_DATA, b"the rest"))
    theirs(rig)
    assert rig.answer == b"the rest"
    assert rig.status == "OK"
    assert rig.client.closed


def test_closing_twice_says_it_once(points: Points) -> None:
    rig = points.at("connected")
    ours(rig)
    ours(rig)
    assert rig.server.alerts == [(1, 0, "application")]
    assert rig.status == "OK"


def test_no_alert_is_said_behind_our_close(points: Points) -> None:
    rig = points.at("connected")
    ours(rig)
    rig.feed(rig.server.seal(HANDSHAKE, b"\x01\0\0\0"))
    assert rig.status == "ERR_TLS_UNEXPECTED_MESSAGE"
    assert rig.server.alerts == [(1, 0, "application")]
    assert rig.client.closed


@pytest.mark.parametrize("state", LISTENING)
def test_the_server_cannot_close_during_the_handshake(state: str, points: Points) -> None:
    rig = points.at(state)
    theirs(rig)
    assert rig.status == "ERR_TLS_ALERT_RECEIVED"
    assert rig.client.alert_received == 0
    assert rig.server.alerts == []
    assert rig.client.closed


@pytest.mark.parametrize("state", LISTENING)
def test_we_may_give_up_during_the_handshake(state: str, points: Points) -> None:
    rig = points.at(state)
    epoch = rig.epoch
    ours(rig)
    assert rig.server.alerts == [(1, 0, epoch)]
    assert rig.client.closed
    assert rig.status == "ERR_TLS_CLOSED"
    assert not rig.client.connected


def session(rig: Rig) -> bytes:
    """All bytes of a whole session from the server, as it is said to this device."""
    said = b""
    for name in AUTHENTICATED:
        records = rig.server.say(name)
        rig.feed(records)
        said += records
    for records in (
        rig.server.seal(APPLICATION_DATA, b"answer"),
        rig.server.key_update(1),
        rig.server.seal(APPLICATION_DATA, b"more"),
    ):
        rig.feed(records)
        said += records
    return said + rig.server.seal(ALERT, CLOSE_NOTIFY)


def test_an_end_anywhere_before_the_close_is_truncation(start: Start) -> None:
    random = bytes(range(96))
    said = session(start(random=random))
    rig = start(random=random)
    for byte in said:
        saved = rig.save()
        rig.client.receive_end()
        assert rig.status == "ERR_TLS_TRUNCATED"
        assert rig.client.closed
        assert rig.client.to_send() == b""
        rig.restore(saved)
        rig.client.receive(bytes([byte]))
        rig.client.to_send()
        rig.answer += rig.client.read()
    rig.client.receive_end()
    assert rig.status == "OK"
    assert rig.answer == b"answermore"


def test_an_end_inside_the_flight_is_truncation(start: Start) -> None:
    rig = start()
    rig.client.receive_end()
    assert rig.status == "ERR_TLS_TRUNCATED"
    assert rig.client.to_send() == b""


def test_an_end_drops_what_was_not_sent(points: Points) -> None:
    rig = points.at("connected")
    lib_write(rig.client, b"data")
    rig.client.receive_end()
    assert rig.status == "ERR_TLS_TRUNCATED"
    assert rig.client.to_send() == b""
    assert rig.client.closed


def lib_write(client: TlsClient, data: bytes) -> None:
    """Seal data without sending it."""
    length = ffi.new("size_t *")
    window = lib.rootlet_tls_write_window(client._tls, length)
    ffi.memmove(window, data, len(data))
    assert lib.rootlet_tls_write_done(client._tls, len(data)) == 0


@pytest.mark.parametrize("how", ["end", "alert"])
def test_a_close_that_was_not_sent_is_dropped_when_the_server_is_gone(
    how: str, points: Points
) -> None:
    rig = points.at("connected")
    lib_write(rig.client, b"data")
    assert lib.rootlet_tls_close(rig.client._tls) == 0
    if how == "end":
        rig.client.receive_end()
    else:
        rig.client.receive(rig.server.seal(ALERT, b"\x02\x28"))
    assert rig.client.to_send() == b""
    assert rig.client.closed


def test_a_close_follows_what_was_not_sent_yet(points: Points) -> None:
    rig = points.at("connected")
    lib_write(rig.client, b"data")
    ours(rig)
    assert rig.server.received == b"data"
    assert rig.server.alerts == [(1, 0, "application")]


def test_an_alert_follows_what_was_not_sent_yet(points: Points) -> None:
    rig = points.at("connected")
    lib_write(rig.client, b"data")
    rig.client.receive(rig.server.seal(HANDSHAKE, b"\x01\0\0\0"))
    rig.server.take(rig.client.to_send())
    assert rig.server.received == b"data"
    rig.refused("ERR_TLS_UNEXPECTED_MESSAGE", 10, "application")


def test_a_fatal_alert_drops_what_was_not_sent_yet(points: Points) -> None:
    rig = points.at("connected")
    lib_write(rig.client, b"data")
    rig.client.receive(rig.server.seal(ALERT, b"\x02\x28"))
    assert rig.client.to_send() == b""
    assert rig.status == "ERR_TLS_ALERT_RECEIVED"


# ---- secrets


def secrets_of(rig: Rig) -> list[bytes]:
    """Everything secret that the server knows at this point, and the device's private key."""
    server = rig.server
    known = [rig.client.random[32:64]]
    for direction in (server.write, server.read):
        if direction is not None:
            known.append(direction.secret)
    if server.schedule is not None:
        known += [server.schedule.handshake_secret, server.schedule.master_secret]
    if server.application_secrets is not None:
        known += server.application_secrets
    return known


def memory_of(rig: Rig) -> bytes:
    tls = rig.client._tls
    return bytes(ffi.buffer(tls)) + b"".join(bytes(part) for part in rig._memory()[1:])


def test_the_private_key_is_gone_behind_the_server_hello(points: Points) -> None:
    rig = points.at("server hello")
    assert rig.client.random[32:64] in memory_of(rig)
    rig.run(until="encrypted_extensions")
    assert rig.client.random[32:64] not in memory_of(rig)
    assert rig.server.schedule
    assert rig.server.schedule.handshake_secret not in memory_of(rig)


def test_handshake_secrets_are_gone_behind_the_handshake(points: Points) -> None:
    rig = points.at("finished")
    assert rig.server.write
    assert rig.server.read
    assert rig.server.schedule
    before = [rig.server.write.secret, rig.server.read.secret, rig.server.schedule.master_secret]
    assert all(secret in memory_of(rig) for secret in before)
    rig.run(("finished",))
    assert rig.client.connected
    assert not [secret for secret in before if secret in memory_of(rig)]


def test_keys_are_gone_when_their_direction_is_closed(points: Points) -> None:
    rig = points.at("connected")
    assert rig.server.write
    assert rig.server.read
    reading, writing = rig.server.write.secret, rig.server.read.secret
    theirs(rig)
    assert reading not in memory_of(rig)
    assert writing in memory_of(rig)
    rig = points.at("connected")
    ours(rig)
    assert reading in memory_of(rig)
    assert writing not in memory_of(rig)


def test_old_keys_are_gone_behind_an_update(points: Points) -> None:
    rig = points.at("connected")
    assert rig.server.write
    old = rig.server.write.secret
    assert old in memory_of(rig)
    rig.feed(rig.server.key_update())
    assert old not in memory_of(rig)


def test_no_secret_outlives_a_failure(state: str, points: Points) -> None:
    rig = points.at(state)
    known = secrets_of(rig)
    assert [secret for secret in known if secret in memory_of(rig)]
    rig.feed(rig.server.seal(HANDSHAKE, b"\x63\0\0\0"))
    assert rig.client.closed
    assert not [secret for secret in known if secret in memory_of(rig)]


def test_wiping_leaves_nothing_but_the_status(state: str, points: Points) -> None:
    rig = points.at(state)
    memory = rig._memory()[1:]
    rig.client.wipe()
    assert all(set(bytes(part)) == {0} for part in memory)
    assert rig.client.closed
    assert rig.status == "ERR_TLS_CLOSED"
    size = ffi.sizeof("rootlet_tls")
    assert bytes(ffi.buffer(rig.client._tls)).count(0) >= size - 1
    rig.client.wipe()
    assert rig.status == "ERR_TLS_CLOSED"


def test_wiping_takes_what_is_being_sent_with_it(points: Points) -> None:
    rig = points.at("connected")
    lib_write(rig.client, b"data")
    memory = rig._memory()[1:]
    rig.client.wipe()
    assert all(set(bytes(part)) == {0} for part in memory)


def test_wiping_keeps_the_first_failure(points: Points) -> None:
    rig = points.at("connected")
    rig.feed(rig.server.seal(ALERT, b"\x02\x28"))
    rig.client.wipe()
    assert rig.status == "ERR_TLS_ALERT_RECEIVED"
    assert rig.client.alert_received == 40


def test_wiping_an_orderly_end_is_no_failure(points: Points) -> None:
    rig = points.at("connected")
    theirs(rig)
    ours(rig)
    rig.client.wipe()
    assert rig.status == "OK"
