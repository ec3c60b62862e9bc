"""However the bytes arrive, the device says the same: whole, one by one, cut anywhere, joined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rootlet.device import RECORD_BYTES, TlsClient
from support.authority import Authority
from support.conversation import device
from support.tls.points import Start
from support.tls.rig import AUTHENTICATED, PLAIN, Rig
from support.tls.server import Credentials
from support.tls.wire import ALERT, APPLICATION_DATA, DUMMY, message

EXAMPLES = 100
RANDOM = bytes(range(7, 103))
STEPS = ("hello_retry", *AUTHENTICATED)


@dataclass(frozen=True)
class Recorded:
    """Both directions of a whole session."""

    said: tuple[bytes, ...]
    """The server's bytes, in the flights that the device waits for."""
    sent: bytes
    """The device's bytes."""
    answer: bytes


@pytest.fixture(scope="module")
def identity_start(authority: Authority, credentials: Credentials) -> Start:
    identity = authority.identity(authority.device())
    return lambda: Rig(device(authority, identity=identity, random=RANDOM), credentials)


def flights(rig: Rig) -> Iterator[bytes]:
    """What the server says, in the flights that the device waits for."""
    server = rig.server
    yield DUMMY + server.say("hello_retry")
    yield (
        server.say("server_hello")
        + DUMMY
        + server.say_together("encrypted_extensions", "certificate_request")
        + b"".join(server.say(name, cut=97) for name in PLAIN[2:])
        + server.seal(APPLICATION_DATA, b"welcome")
    )
    yield (
        server.handshake_records(message(4, bytes(300)), cut=100)
        + server.key_update(1)
        + server.seal(APPLICATION_DATA, b"")
        + server.seal(APPLICATION_DATA, b"x" * 512)
        + server.key_update(0)
        + server.seal(APPLICATION_DATA, b"the end", padding=77)
        + server.seal(ALERT, b"\1\0")
    )


@pytest.fixture(scope="module")
def recorded(identity_start: Start) -> Recorded:
    rig = identity_start()
    said = []
    for flight in flights(rig):
        said.append(flight)
        assert rig.feed(flight) == b""
    rig.sent += rig.client.write(b"a word at the end") + rig.client.close()
    assert rig.status == "OK"
    assert rig.answer == b"welcome" + b"x" * 512 + b"the end"
    return Recorded(tuple(said), rig.sent, rig.answer)


def feed(client: TlsClient, data: bytes) -> tuple[bytes, bytes]:
    """Give bytes; returns what is sent and read."""
    sent = read = b""
    while data:
        taken = client.receive(data)
        assert taken
        data = data[taken:]
        sent, read = sent + client.to_send(), read + client.read()
    return sent, read


def run(rig: Rig, recorded: Recorded, cuts: list[int]) -> None:
    """Play the server's bytes in pieces of these sizes, over and over."""
    sent, read, turn = rig.sent, b"", 0
    for flight in recorded.said:
        left = flight
        while left:
            size = cuts[turn % len(cuts)]
            turn += 1
            more_sent, more_read = feed(rig.client, left[:size])
            sent, read, left = sent + more_sent, read + more_read, left[size:]
    sent += rig.client.write(b"a word at the end") + rig.client.close()
    assert (sent, read) == (recorded.sent, recorded.answer)
    assert rig.status == "OK"
    assert rig.client.closed


@pytest.mark.parametrize("size", [1, 2, 3, 5, 17, 534, 10000])
def test_pieces_of_any_size(size: int, identity_start: Start, recorded: Recorded) -> None:
    run(identity_start(), recorded, [size])


def test_pieces_of_random_sizes(identity_start: Start, recorded: Recorded) -> None:
    first = identity_start()
    saved = first.save()

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(st.lists(st.integers(1, 700), min_size=1, max_size=40))
    def check(cuts: list[int]) -> None:
        run(first.restore(saved), recorded, cuts)

    check()


def test_garbage_behind_the_close_is_not_looked_at(
    identity_start: Start, recorded: Recorded
) -> None:
    rig = identity_start()
    *before, last = recorded.said
    for flight in before:
        feed(rig.client, flight)
    left = last + b"\xff" * 100
    while taken := rig.client.receive(left):
        left = left[taken:]
        rig.client.read()
    assert left == b"\xff" * 100
    assert rig.status == "OK"


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 5, 40, 63, 64, 65, 255, 511, 512])
@pytest.mark.parametrize("steps", [PLAIN, AUTHENTICATED, STEPS], ids=["plain", "both", "retry"])
def test_messages_cut_into_records_of_any_size(
    cut: int, steps: tuple[str, ...], start: Start
) -> None:
    rig = start()
    for name in steps:
        rig.feed(rig.server.say(name, cut=cut))
    assert rig.client.connected


@pytest.mark.parametrize("first", range(1, 90))
def test_messages_cut_once_anywhere(first: int, start: Start) -> None:
    rig = start().run(until="encrypted_extensions")
    flight = [rig.server.body("encrypted_extensions")]
    rig.server.spoken("encrypted_extensions", flight[0])
    flight.append(rig.server.body("certificate"))
    rig.server.spoken("certificate", flight[1])
    content = b"".join(flight)
    rig.feed(rig.server.handshake_records(content[:first]))
    rig.feed(rig.server.handshake_records(content[first:]))
    rig.run(PLAIN[3:])
    assert rig.client.connected


def test_several_messages_share_a_record(authority: Authority, credentials: Credentials) -> None:
    rig = Rig(device(authority, in_bytes=RECORD_BYTES + 1024), credentials)
    rig.run(until="encrypted_extensions")
    rig.feed(rig.server.say_together(*PLAIN[1:]))
    assert rig.client.connected
