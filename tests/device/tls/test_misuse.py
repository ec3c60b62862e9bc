"""Calls out of turn or beyond a window: refused, closed, never undefined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from _rootlet_device import ffi, lib

from rootlet.device import Identity
from rootlet.errors import Refused
from support.tls.points import Points, Start
from support.tls.rig import Rig
from support.tls.wire import ALERT, APPLICATION_DATA, HANDSHAKE

INTERNAL = 80
OK, MISUSE = 0, 1
HUGE = 2 ** (8 * ffi.sizeof("size_t")) - 1

WINDOWS = {
    "send": (lib.rootlet_tls_send_window, lib.rootlet_tls_send_done),
    "recv": (lib.rootlet_tls_recv_window, lib.rootlet_tls_recv_done),
    "read": (lib.rootlet_tls_read_window, lib.rootlet_tls_read_done),
    "write": (lib.rootlet_tls_write_window, lib.rootlet_tls_write_done),
}
BITS = {
    "send": lib.ROOTLET_TLS_SEND,
    "recv": lib.ROOTLET_TLS_RECV,
    "read": lib.ROOTLET_TLS_READ,
    "write": lib.ROOTLET_TLS_WRITE,
}


def window(rig: Rig, name: str) -> int:
    """The length of a window."""
    length = ffi.new("size_t *")
    WINDOWS[name][0](rig.client._tls, length)
    return int(length[0])


def done(rig: Rig, name: str, moved: int) -> int:
    """What the matching call returns."""
    return int(WINDOWS[name][1](rig.client._tls, moved))


def wants(rig: Rig) -> int:
    return int(lib.rootlet_tls_wants(rig.client._tls))


def sending(rig: Rig) -> Rig:
    length = ffi.new("size_t *")
    room = lib.rootlet_tls_write_window(rig.client._tls, length)
    ffi.memmove(room, b"data", 4)
    assert done(rig, "write", 4) == OK
    return rig


def reading(rig: Rig) -> Rig:
    assert rig.client.receive(rig.server.seal(APPLICATION_DATA, b"some data")) > 0
    return rig


def closed_by_us(rig: Rig) -> Rig:
    rig.server.take(rig.client.close())
    return rig


def closed_by_server(rig: Rig) -> Rig:
    rig.feed(rig.server.seal(ALERT, b"\1\0"))
    return rig


SITUATIONS: dict[str, tuple[str, Callable[[Rig], Rig], set[str]]] = {
    "listening": ("server hello", lambda rig: rig, {"recv"}),
    "deep in the handshake": ("finished", lambda rig: rig, {"recv"}),
    "connected": ("connected", lambda rig: rig, {"recv", "write"}),
    "sending": ("connected", sending, {"recv", "send"}),
    "reading": ("connected", reading, {"read", "write"}),
    "reading and sending": ("connected", lambda rig: sending(reading(rig)), {"read", "send"}),
    "closed by us": ("connected", closed_by_us, {"recv"}),
    "closed by the server": ("connected", closed_by_server, {"write"}),
}


@pytest.fixture(params=sorted(SITUATIONS))
def situation(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def at(points: Points, situation: str) -> Rig:
    state, go_on, _ = SITUATIONS[situation]
    return go_on(points.at(state))


def test_bits_and_windows_agree(situation: str, points: Points) -> None:
    rig = at(points, situation)
    legal = SITUATIONS[situation][2]
    assert wants(rig) == sum(BITS[name] for name in legal)
    assert {name for name in WINDOWS if window(rig, name)} == legal


def test_a_new_connection_wants_to_send(start: Start) -> None:
    rig = start()
    saved = rig.save()
    rig.client.to_send()
    assert wants(rig.restore(saved)) == lib.ROOTLET_TLS_RECV


@pytest.mark.parametrize("name", sorted(WINDOWS))
@pytest.mark.parametrize("beyond", [1, 1000, 2**16, HUGE])
def test_more_than_the_window_is_misuse(
    name: str, beyond: int, situation: str, points: Points
) -> None:
    rig = at(points, situation)
    epoch, alerts = rig.epoch, len(rig.server.alerts)
    moved = min(window(rig, name) + beyond, HUGE)
    assert done(rig, name, moved) == MISUSE
    assert rig.status == "ERR_MISUSE"
    rig.server.take(rig.client.to_send())
    expected = [(2, INTERNAL, epoch)] if situation != "closed by us" else []
    assert rig.server.alerts[alerts:] == expected
    assert rig.client.closed
    assert wants(rig) == lib.ROOTLET_TLS_CLOSED


@pytest.mark.parametrize("name", ["send", "recv", "read"])
def test_moving_nothing_changes_nothing(name: str, situation: str, points: Points) -> None:
    rig = at(points, situation)
    before = rig.save().memory
    assert done(rig, name, 0) == OK
    assert rig.save().memory == before


def test_writing_nothing_is_misuse(points: Points) -> None:
    rig = points.at("connected")
    assert done(rig, "write", 0) == MISUSE
    rig.drain()
    rig.refused("ERR_MISUSE", INTERNAL, "application")


def test_new_keys_out_of_turn_are_misuse(situation: str, points: Points) -> None:
    rig = at(points, situation)
    legal = "write" in SITUATIONS[situation][2]
    assert lib.rootlet_tls_update_keys(rig.client._tls, True) == (OK if legal else MISUSE)
    assert (rig.status == "ERR_MISUSE") != legal


def test_after_a_failure_every_call_says_so(points: Points) -> None:
    rig = points.at("connected")
    rig.feed(rig.server.seal(HANDSHAKE, b"\1\0\0\0"))
    failure = rig.client.status
    for name in WINDOWS:
        assert window(rig, name) == 0
        assert done(rig, name, 1) == failure
    assert lib.rootlet_tls_update_keys(rig.client._tls, False) == failure
    assert lib.rootlet_tls_close(rig.client._tls) == failure
    assert lib.rootlet_tls_recv_end(rig.client._tls) == failure
    assert wants(rig) == lib.ROOTLET_TLS_CLOSED


def test_after_an_orderly_end_every_call_says_so(points: Points) -> None:
    rig = closed_by_server(closed_by_us(points.at("connected")))
    closed = lib.ROOTLET_ERR_TLS_CLOSED
    for name in WINDOWS:
        assert window(rig, name) == 0
        assert done(rig, name, 1) == closed
    assert lib.rootlet_tls_update_keys(rig.client._tls, False) == closed
    assert lib.rootlet_tls_close(rig.client._tls) == OK
    assert lib.rootlet_tls_recv_end(rig.client._tls) == OK
    assert rig.status == "OK"


def test_misuse_with_an_alert_on_its_way_changes_nothing(points: Points) -> None:
    rig = points.at("connected")
    rig.client.receive(rig.server.seal(HANDSHAKE, b"\1\0\0\0"))
    assert done(rig, "send", window(rig, "send") + 1) == rig.client.status
    rig.drain()
    rig.refused("ERR_TLS_UNEXPECTED_MESSAGE", 10, "application")


@pytest.mark.parametrize("piece", [1, 7, 100])
def test_sending_takes_any_pace(piece: int, start: Start) -> None:
    def slowly(rig: Rig) -> bytes:
        sent, length = b"", ffi.new("size_t *")
        while wants(rig) & lib.ROOTLET_TLS_SEND:
            data = lib.rootlet_tls_send_window(rig.client._tls, length)
            part = min(piece, length[0])
            sent += bytes(ffi.buffer(data, part))
            assert done(rig, "send", part) == OK
        return sent

    random = bytes(range(96))
    quick, slow = start(random=random), start(random=random)
    for rig, sent in ((quick, Rig.drain), (slow, slowly)):
        rig.run(until="finished")
        rig.client.receive(rig.server.say("finished"))
        before = len(rig.sent)
        data: Any = sent(rig)
        assert (data or rig.sent[before:])[:1] == b"\x17"
    assert quick.client.connected
    assert slow.client.connected


def test_an_identity_without_a_certificate_is_misuse(start: Start) -> None:
    with pytest.raises(Refused) as refused:
        start(identity=Identity((), bytes(32)))
    assert refused.value.status == "ERR_MISUSE"


def test_a_failed_start_leaves_a_closed_connection() -> None:
    tls, config = ffi.new("rootlet_tls *"), ffi.new("rootlet_tls_config *")
    buffers = ffi.new("rootlet_tls_buffers *")
    ffi.buffer(tls)[:] = b"\xa5" * ffi.sizeof("rootlet_tls")
    assert lib.rootlet_tls_init(tls, config, buffers) == MISUSE
    assert lib.rootlet_tls_wants(tls) == lib.ROOTLET_TLS_CLOSED
    assert lib.rootlet_tls_status(tls) == MISUSE
    lib.rootlet_tls_wipe(tls)
    assert lib.rootlet_tls_status(tls) == MISUSE
    assert not lib.rootlet_tls_connected(tls)
