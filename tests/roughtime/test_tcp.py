"""Roughtime over TCP: whole, byte by byte, and from clients that are none."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from rootlet.roughtime import TimeListener, build_request, tcp_serve, verify
from rootlet.roughtime import protocol as p
from rootlet.roughtime.message import decode_packet, encode_packet
from support.roughtime import KEY, REQUEST
from support.roughtime import listener as listener_of

SOON = 10.0
SHORT = encode_packet({k: v for k, v in decode_packet(REQUEST).items() if k != p.ZZZZ})


@contextmanager
def serving() -> Iterator[TimeListener]:
    with closing(listener_of()) as listener:
        thread = threading.Thread(target=listener.run)
        thread.start()
        try:
            yield listener
        finally:
            listener.stop()
            thread.join(SOON)
            assert not thread.is_alive()


@contextmanager
def connected(listener: TimeListener) -> Iterator[socket.socket]:
    with socket.create_connection(listener.address, SOON) as link:
        yield link


def packet_from(link: socket.socket) -> bytes:
    head = link.recv(p.HEADER_BYTES, socket.MSG_WAITALL)
    return head + link.recv(int.from_bytes(head[8:], "little"), socket.MSG_WAITALL)


def is_let_go(link: socket.socket) -> bool:
    try:
        return link.recv(1) == b""
    except ConnectionResetError:
        return True


def is_answered(listener: TimeListener) -> bool:
    try:
        with connected(listener) as link:
            link.sendall(SHORT)
            return bool(link.recv(1))
    except ConnectionError:
        return False


def read_on(link: socket.socket) -> None:
    while True:
        assert packet_from(link)


def send_on(link: socket.socket) -> None:
    while True:
        link.sendall(SHORT * 100)


@pytest.mark.parametrize("request_", [REQUEST, SHORT], ids=["padded", "short"])
def test_a_request_is_answered(request_: bytes) -> None:
    with serving() as listener, connected(listener) as link:
        link.sendall(request_)
        assert verify(request_, packet_from(link), KEY).radius == 3
    assert listener.answered == 1


def test_byte_by_byte() -> None:
    with serving() as listener, connected(listener) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in SHORT:
            link.sendall(bytes([byte]))
        assert verify(SHORT, packet_from(link), KEY).radius == 3


def test_several_at_once_and_one_that_has_said_all() -> None:
    requests = {bytes([n]) * 32: build_request(bytes([n]) * 32, KEY) for n in range(20)}
    with serving() as listener, connected(listener) as link:
        link.sendall(b"".join(requests.values()))
        link.shutdown(socket.SHUT_WR)
        for _ in range(20):
            response = packet_from(link)
            nonce = decode_packet(response)[p.NONC]
            assert verify(requests.pop(nonce), response, KEY).radius == 3
        assert is_let_go(link)
    assert not requests
    assert listener.let_go == 0


def test_a_bad_request_is_ignored_and_a_good_one_behind_it_answered() -> None:
    bad = encode_packet({**decode_packet(SHORT), p.TYPE: p.TYPE_RESPONSE})
    with serving() as listener, connected(listener) as link:
        link.sendall(bad + SHORT)
        assert verify(SHORT, packet_from(link), KEY).radius == 3
    assert (listener.answered, listener.ignored) == (1, 1)


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"R" * 12,
        b"ROUGHTIM" + b"\xff" * 4,
        SHORT + b"garbage",
        b"ROUGHTIX",
    ],
)
def test_garbage_ends_the_connection(garbage: bytes) -> None:
    with serving() as listener, connected(listener) as link:
        link.sendall(garbage)
        while not is_let_go(link):
            pass
        assert listener.let_go == 1
        with connected(listener) as other:
            other.sendall(SHORT)
            assert packet_from(other)


def test_who_stalls_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_serve, "SILENCE_SECONDS", 0.2)
    with serving() as listener, connected(listener) as link:
        link.sendall(SHORT[:50])
        began = time.monotonic()
        assert is_let_go(link)
        assert time.monotonic() - began < SOON
        assert listener.let_go == 1


def test_who_floods_is_let_go() -> None:
    with serving() as listener, connected(listener) as link:
        link.sendall(SHORT * (tcp_serve.MAX_REQUESTS + 1))
        with pytest.raises((ConnectionError, AssertionError)):
            read_on(link)
        assert listener.let_go == 1


def test_who_does_not_read_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_serve, "MAX_REQUESTS", 1 << 30)
    with serving() as listener, socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.settimeout(SOON)
        link.connect(listener.address)
        with pytest.raises(OSError, match=r"reset|pipe"):
            send_on(link)
        assert listener.let_go == 1


def test_no_more_connections_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_serve, "MAX_CONNECTIONS", 3)
    with serving() as listener:
        links = [socket.create_connection(listener.address, SOON) for _ in range(3)]
        try:
            for link in links:
                link.sendall(SHORT)
                assert packet_from(link)
            with connected(listener) as one_more:
                assert is_let_go(one_more)
            links.pop().close()
            deadline = time.monotonic() + SOON
            while not is_answered(listener):
                assert time.monotonic() < deadline
        finally:
            for link in links:
                link.close()


def test_udp_goes_on_beside_it() -> None:
    with serving() as listener, connected(listener) as link:
        link.sendall(SHORT[:20])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            datagrams.settimeout(SOON)
            datagrams.sendto(REQUEST, listener.address)
            assert verify(REQUEST, datagrams.recv(4096), KEY).radius == 3
