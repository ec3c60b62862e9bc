"""Roughtime over real sockets on loopback."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from rootlet.errors import Environment, Misuse, Refused
from rootlet.roughtime import (
    MAX_BATCH,
    Server,
    Target,
    TimeListener,
    ask,
    build_request,
    format_address,
    parse_address,
    take_measurement,
    udp,
    verify,
)
from rootlet.roughtime import protocol as p
from rootlet.roughtime.measure import chained_nonce, contradictions, join
from rootlet.roughtime.message import decode_packet
from support.processes import LOOPBACK
from support.roughtime import KEY, NONCE, NOW, REQUEST, Reply
from support.roughtime import listener as listener_of

SOON = 10.0
"""Seconds in which anything on loopback has happened, even on a busy machine."""


@contextmanager
def serving(core: Server | None = None) -> Iterator[TimeListener]:
    """The real server, in a thread."""
    with closing(listener_of(core)) as listener:
        thread = threading.Thread(target=listener.run)
        thread.start()
        try:
            yield listener
        finally:
            listener.stop()
            thread.join(SOON)
            assert not thread.is_alive()


@contextmanager
def client(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(SOON)
        link.connect(address)
        yield link


Script = Callable[[int, bytes], list[bytes]]
"""Number of the request, from 0, and the request: the datagrams to send back."""


@contextmanager
def acting(script: Script) -> Iterator[Target]:
    """A server that sends what a script says."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind((LOOPBACK, 0))
        link.settimeout(0.05)
        over = threading.Event()

        def run() -> None:
            count = 0
            while not over.is_set():
                try:
                    request, sender = link.recvfrom(4096)
                except TimeoutError:
                    continue
                for datagram in script(count, request):
                    link.sendto(datagram, sender)
                count += 1

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield Target("actor", link.getsockname(), KEY)
        finally:
            over.set()
            thread.join(SOON)


def good_reply(request: bytes) -> bytes:
    return Reply().to(request, decode_packet(request)[p.NONC])


def test_a_question_answered() -> None:
    before = int(time.time())
    with serving() as listener:
        exchange = ask(Target("one", listener.address, KEY), timeout=SOON)
    assert before <= exchange.sample.midpoint <= time.time()
    assert exchange.sample.radius == 3
    assert 0 < exchange.delay < SOON
    assert verify(exchange.question.packet, exchange.response, KEY) == exchange.sample
    assert (listener.answered, listener.ignored) == (1, 0)


def test_many_outstanding_requests_make_batches() -> None:
    requests = {bytes([n]) * 32: build_request(bytes([n]) * 32, KEY) for n in range(MAX_BATCH)}
    listener = listener_of()
    with closing(listener), client(listener.address) as link:
        for request in requests.values():
            link.send(request)
        thread = threading.Thread(target=listener.run)  # all of them wait when it starts
        thread.start()
        responses = [link.recv(4096) for _ in requests]
        listener.stop()
        thread.join(SOON)
    signatures = set()
    for response in responses:
        values = decode_packet(response)
        request = requests.pop(values[p.NONC])
        assert verify(request, response, KEY).radius == 3
        signatures.add(values[p.SIG])
        assert len(response) == 612
    assert not requests
    assert len(signatures) == 1


def test_more_requests_than_one_batch_holds() -> None:
    with serving() as listener, client(listener.address) as link:
        nonces = [p.digest(bytes([n])) for n in range(MAX_BATCH + 20)]
        answered = set()
        for start in range(0, len(nonces), 42):
            for nonce in nonces[start : start + 42]:
                link.send(build_request(nonce, KEY))
            for _ in nonces[start : start + 42]:
                response = link.recv(4096)
                nonce = decode_packet(response)[p.NONC]
                verify(build_request(nonce, KEY), response, KEY)
                answered.add(nonce)
    assert answered == set(nonces)


def test_bad_datagrams_are_ignored() -> None:
    with serving() as listener, client(listener.address) as link:
        for bad in (b"", b"garbage", REQUEST[:-1], REQUEST + b"\0", bytes(4000)):
            link.send(bad)
        link.send(REQUEST)
        assert verify(REQUEST, link.recv(4096), KEY).radius == 3
    assert (listener.answered, listener.ignored) == (1, 5)


def test_a_sender_that_has_gone_does_no_harm() -> None:
    with serving() as listener:
        for _ in range(3):
            with client(listener.address) as gone:
                gone.send(REQUEST)
        assert ask(Target("one", listener.address, KEY), timeout=SOON).sample.radius == 3


def test_stopping_twice_and_before_it_runs() -> None:
    with closing(listener_of()) as listener:
        listener.stop()
        listener.stop()
        listener.run()


def test_a_port_in_use() -> None:
    with serving() as listener, pytest.raises(Environment, match="cannot listen on"):
        listener_of(address=listener.address)


def test_an_address_that_does_not_exist() -> None:
    with pytest.raises(Environment, match="cannot find"):
        listener_of(address=("no-such-host.invalid", 0))
    with pytest.raises(Environment, match="cannot find"):
        ask(Target("x", ("no-such-host.invalid", 1), KEY), timeout=1)


def test_forged_answers_do_not_end_the_waiting() -> None:
    def script(count: int, request: bytes) -> list[bytes]:
        spoiled = bytearray(good_reply(request))
        spoiled[80] ^= 1
        other = Reply().to(REQUEST)
        return [b"", b"garbage", bytes(spoiled), other, good_reply(request)]

    with acting(script) as target:
        assert ask(target, timeout=SOON).sample.midpoint == NOW


def test_lost_requests_are_sent_anew_with_growing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udp, "FIRST_WAIT", 0.1)
    arrivals: list[float] = []
    nonces: set[bytes] = set()

    def script(count: int, request: bytes) -> list[bytes]:
        arrivals.append(time.monotonic())
        nonces.add(decode_packet(request)[p.NONC])
        return [good_reply(request)] if count == 3 else []

    with acting(script) as target:
        exchange = ask(target, timeout=SOON)
    assert len(nonces) == 4
    first, second, third = (b - a for a, b in itertools.pairwise(arrivals))
    assert first >= 0.09
    assert second >= 0.14
    assert third >= 0.21
    assert exchange.delay < arrivals[3] - arrivals[0]


def test_a_late_answer_to_an_earlier_try_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udp, "FIRST_WAIT", 0.1)
    kept: list[bytes] = []

    def script(count: int, request: bytes) -> list[bytes]:
        kept.append(request)
        return [good_reply(kept[0])] if count == 1 else []

    with acting(script) as target:
        exchange = ask(target, timeout=SOON)
    assert exchange.question.packet == kept[0]
    assert exchange.delay >= 0.09


def test_only_bad_answers() -> None:
    def script(count: int, request: bytes) -> list[bytes]:
        return [Reply(online=Reply().long_term).to(request, decode_packet(request)[p.NONC])]

    with acting(script) as target, pytest.raises(Refused, match="no answer from") as refused:
        ask(target, timeout=0.2)
    assert refused.value.status == "ERR_ROUGHTIME_SIGNATURE"


def test_answers_to_other_requests_hide_no_reason() -> None:
    """The reason told is the one that helps, not that of a stray datagram."""

    def script(count: int, request: bytes) -> list[bytes]:
        nonce = decode_packet(request)[p.NONC]
        return [Reply(srep={p.RADI: bytes(4)}).to(request, nonce), Reply().to()]

    with acting(script) as target, pytest.raises(Refused) as refused:
        ask(target, timeout=0.2)
    assert refused.value.status == "ERR_ROUGHTIME_RADIUS"


def test_no_answer() -> None:
    with (
        acting(lambda count, request: []) as target,
        pytest.raises(Environment, match=r"within 0\.2 s"),
    ):
        ask(target, timeout=0.2)


def test_nothing_listens() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((LOOPBACK, 0))
        address = probe.getsockname()
    with pytest.raises(Environment, match="no answer"):
        ask(Target("gone", address, KEY), timeout=0.3)


def test_a_measurement_is_one_chain_twice_around() -> None:
    with serving() as one, serving() as two, serving() as three:
        listeners = (one, two, three)
        targets = [Target(f"s{n}", each.address, KEY) for n, each in enumerate(listeners)]
        measurement = take_measurement(targets, timeout=SOON)
    assert [exchange.server for exchange in measurement.exchanges] == ["s0", "s1", "s2"] * 2
    assert measurement.failures == ()
    for before, after in itertools.pairwise(measurement.exchanges):
        nonce = decode_packet(after.question.packet)[p.NONC]
        assert nonce == chained_nonce(before.response, after.question.rand)
    assert not contradictions([exchange.sample for exchange in measurement.exchanges])
    interval = join(measurement.exchanges, time.monotonic())
    assert interval is not None
    assert interval.earliest <= time.time() <= interval.latest


def test_a_measurement_goes_on_without_a_silent_server() -> None:
    with serving() as one, acting(lambda count, request: []) as silent, serving() as three:
        targets = [
            Target("s0", one.address, KEY),
            silent,
            Target("s2", three.address, KEY),
        ]
        measurement = take_measurement(targets, timeout=0.3)
    assert [exchange.server for exchange in measurement.exchanges] == ["s0", "s2"] * 2
    assert [name for name, _ in measurement.failures] == ["actor"] * 2


def test_no_nonce_is_sent_twice() -> None:
    with serving() as listener:
        target = Target("one", listener.address, KEY)
        packets = [ask(target, timeout=SOON).question.packet for _ in range(3)]
    nonces = {decode_packet(packet)[p.NONC] for packet in packets}
    assert len(nonces) == 3
    assert NONCE not in nonces


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:5319", ("127.0.0.1", 5319)),
        ("time.example.test:0", ("time.example.test", 0)),
        ("[2001:db8::1]:65535", ("2001:db8::1", 65535)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address
    assert format_address(address) == text


@pytest.mark.parametrize(
    "text", ["", "host", ":1", "host:", "host:65536", "host:-1", "host:1a", "::1:5319", "h:٣"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(Misuse, match="HOST:PORT"):
        parse_address(text)
