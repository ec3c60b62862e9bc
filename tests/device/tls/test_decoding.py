"""Every message cut at every byte, lengthened, and with every length in it wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.tls.points import Points
from support.tls.rig import Rig
from support.tls.server import Edit
from support.tls.wire import KEY_UPDATE, message

DECODE = 50
EXAMPLES = 100

MESSAGES = [
    ("server hello", "server_hello"),
    ("server hello", "hello_retry"),
    ("second server hello", "server_hello"),
    ("encrypted extensions", "encrypted_extensions"),
    ("certificate or request", "certificate_request"),
    ("certificate or request", "certificate"),
    ("certificate", "certificate"),
    ("certificate verify", "certificate_verify"),
    ("finished", "finished"),
]


@pytest.mark.parametrize(("state", "name"), MESSAGES)
def test_a_message_that_is_too_short_is_refused(state: str, name: str, points: Points) -> None:
    body = points.at(state).server.body(name)[4:]
    for length in range(len(body)):
        rig = points.at(state)
        rig.feed(rig.server.handshake_records(message(rig.server.body(name)[0], body[:length])))
        if name in ("server_hello", "hello_retry") and length == 38:
            # As a server of TLS 1.2 may end its hello.
            rig.refused("ERR_TLS_VERSION", 70, "plain")
        else:
            rig.refused("ERR_TLS_DECODE", DECODE, rig.epoch)


@pytest.mark.parametrize(("state", "name"), MESSAGES)
@pytest.mark.parametrize("more", [b"\0", b"\x01\x02\x03\x04", bytes(70)])
def test_a_message_that_is_too_long_is_refused(
    state: str, name: str, more: bytes, points: Points
) -> None:
    rig = points.at(state)
    whole = rig.server.body(name)
    rig.feed(rig.server.handshake_records(message(whole[0], whole[4:] + more)))
    rig.refused("ERR_TLS_DECODE", DECODE, rig.epoch)


@pytest.mark.parametrize(("state", "name"), MESSAGES)
@pytest.mark.parametrize("change", [1, 128])
def test_a_message_changed_on_the_way_never_connects(
    state: str, name: str, change: int, points: Points
) -> None:
    """Each byte in turn: refused at once, or at the latest by the Finished."""
    for at in range(len(points.at(state).server.body(name))):
        rig = points.at(state)
        replay(rig, rig.server.say(name, tamper=flip(at, change)))
        for following in ORDER[ORDER.index(name) + 1 :]:
            if not rig.client.closed:
                replay(rig, rig.server.say(following))
        rig.client.receive_end()  # a length that grew is still waited for
        assert rig.status != "OK"
        assert not rig.client.connected


ORDER = (
    "hello_retry",
    "server_hello",
    "encrypted_extensions",
    "certificate_request",
    "certificate",
    "certificate_verify",
    "finished",
)


def flip(at: int, change: int) -> Edit:
    return lambda whole: whole[:at] + bytes([whole[at] ^ change]) + whole[at + 1 :]


def replay(rig: Rig, records: bytes) -> None:
    """The server hears the device only as long as their keys are the same."""
    rig.client.receive(records)
    if rig.epoch == "plain":
        rig.drain()
    else:
        rig.client.to_send()


@pytest.mark.parametrize(("state", "name"), MESSAGES)
def test_a_message_of_random_bytes_is_refused(state: str, name: str, points: Points) -> None:
    kind = points.at(state).server.body(name)[0]

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(st.binary(max_size=400))
    def check(body: bytes) -> None:
        rig = points.at(state)
        epoch = rig.epoch
        rig.feed(rig.server.handshake_records(message(kind, body)))
        assert rig.client.closed
        assert [alert[2] for alert in rig.server.alerts] == [epoch]
        assert not rig.client.connected

    check()


@pytest.mark.parametrize("length", range(4))
def test_a_key_update_is_whole_only_with_its_body(length: int, points: Points) -> None:
    rig = points.at("connected")
    rig.feed(rig.server.handshake_records(message(KEY_UPDATE, b"\0")[: length + 1]))
    assert rig.status == "OK"
