"""Every handshake type and every alert in every state: RFC 9846 sections 4 and 6."""

from __future__ import annotations

import pytest

from support.tls.points import Points
from support.tls.rig import STATES
from support.tls.wire import ALERT, message

UNEXPECTED = 10
CLOSE_NOTIFY, USER_CANCELED = 0, 90

EXPECTED = {
    "server hello": {2},
    "second server hello": {2},
    "encrypted extensions": {8},
    "certificate or request": {11, 13},
    "certificate": {11},
    "certificate verify": {15},
    "finished": {20},
    "connected": {4, 24},
}
"""Handshake types by state; all others are unexpected."""


@pytest.mark.parametrize("length", [0, 1, 32, 2**24 - 1])
def test_every_other_handshake_type_is_refused(state: str, length: int, points: Points) -> None:
    for kind in set(range(256)) - EXPECTED[state]:
        rig = points.at(state)
        header = bytes([kind]) + length.to_bytes(3, "big")
        rig.feed(rig.server.handshake_records(header + bytes(min(length, 32))))
        rig.refused("ERR_TLS_UNEXPECTED_MESSAGE", UNEXPECTED, rig.epoch)


def test_a_message_of_another_state_is_refused_even_when_it_is_good(points: Points) -> None:
    for state in STATES:
        for kind in {1, *(kind for kinds in EXPECTED.values() for kind in kinds)} - EXPECTED[state]:
            rig = points.at(state)
            rig.feed(rig.server.handshake_records(message(kind, bytes(80))))
            rig.refused("ERR_TLS_UNEXPECTED_MESSAGE", UNEXPECTED, rig.epoch)


@pytest.mark.parametrize("level", [0, 1, 2, 255])
def test_every_alert_ends_it_silently(state: str, level: int, points: Points) -> None:
    warnings = {CLOSE_NOTIFY, USER_CANCELED} if state == "connected" else {USER_CANCELED}
    for description in set(range(256)) - warnings:
        rig = points.at(state)
        rig.feed(rig.server.seal(ALERT, bytes([level, description])))
        assert rig.status == "ERR_TLS_ALERT_RECEIVED"
        assert rig.client.alert_received == description
        assert rig.server.alerts == [], "an alert is never answered with an alert"
        assert rig.client.closed


@pytest.mark.parametrize("part", [1, 4, 5])
def test_a_fatal_alert_is_heard_inside_a_message_too(part: int, state: str, points: Points) -> None:
    """Nothing comes behind it, so it does not stand between two parts of a message."""
    name = STATES[state][1]
    rig = points.at(state)
    body = rig.server.body(name) if name else message(4, bytes(9))
    rig.feed(rig.server.handshake_records(body[:part]))
    rig.feed(rig.server.seal(ALERT, b"\x02\x28"))
    assert rig.status == "ERR_TLS_ALERT_RECEIVED"
    assert rig.client.alert_received == 40
    assert rig.server.alerts == []


@pytest.mark.parametrize("length", [1, 3, 4, 100])
def test_an_alert_has_two_bytes(length: int, state: str, points: Points) -> None:
    rig = points.at(state)
    rig.feed(rig.server.seal(ALERT, bytes(length)))
    rig.refused("ERR_TLS_DECODE", 50, rig.epoch)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_user_canceled_is_ignored_so_often(level: int, state: str, points: Points) -> None:
    rig = points.at(state)
    for _ in range(32):
        rig.feed(rig.server.seal(ALERT, bytes([level, USER_CANCELED])))
    assert rig.status == "OK"
    rig.feed(rig.server.seal(ALERT, bytes([level, USER_CANCELED])))
    rig.refused("ERR_TLS_FLOOD", UNEXPECTED, rig.epoch)
