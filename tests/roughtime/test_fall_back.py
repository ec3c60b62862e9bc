"""Asking by TCP where UDP brings nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from rootlet.errors import Environment, Refused
from rootlet.roughtime import Target, ask
from support.processes import LOOPBACK
from support.roughtime import KEY, server

SHORT = 1.0
Answer = Callable[[bytes], list[bytes]]


def good(request: bytes) -> list[bytes]:
    (response,) = server().answer([request], int(time.time()), 3)
    assert response is not None
    return [response]


def one_port() -> tuple[socket.socket, socket.socket]:
    """For TCP, and for UDP, where nobody answers, nor anybody's own datagram comes back."""
    for _ in range(20):
        listener = socket.create_server((LOOPBACK, 0))
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            silent.bind(listener.getsockname()[:2])
        except OSError:
            listener.close()
            silent.close()
        else:
            return listener, silent
    raise AssertionError("no port is free for both")


@contextmanager
def by_tcp_only(answer: Answer) -> Iterator[Target]:
    """A server that no datagram reaches; pieces of the answer are sent one by one."""
    listener, silent = one_port()
    with listener, silent:

        def serve() -> None:
            link, _ = listener.accept()
            with link:
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for piece in answer(link.recv(4096)):
                    link.sendall(piece)

        thread = threading.Thread(target=serve)
        thread.start()
        yield Target("tcp", listener.getsockname()[:2], KEY)
        thread.join(10)


def test_an_answer_by_tcp_counts() -> None:
    with by_tcp_only(good) as target:
        exchange = ask(target, timeout=SHORT)
    assert exchange.sample.radius == 3
    assert 0 < exchange.delay < SHORT


def test_byte_by_byte_and_with_something_behind() -> None:
    def crumbs(request: bytes) -> list[bytes]:
        [response] = good(request)
        return [*(bytes([byte]) for byte in response), b"garbage"]

    with by_tcp_only(crumbs) as target:
        assert ask(target, timeout=SHORT).sample.radius == 3


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (lambda request: [], Environment),
        (lambda request: [good(request)[0][:-1]], Environment),
        (lambda request: [b"HTTP/1.1 400 Bad Request\r\n\r\n"], Refused),
        (lambda request: [b"ROUGHTIM" + b"\xff" * 40], Refused),
        (lambda request: [good(request)[0][:-60] + bytes(60)], Refused),
    ],
    ids=["nothing", "cut off", "another protocol", "endless", "forged"],
)
def test_what_is_no_answer_is_none(answer: Answer, raised: type[Exception]) -> None:
    with by_tcp_only(answer) as target, pytest.raises(raised):
        ask(target, timeout=SHORT)


def test_nobody_at_all() -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))  # bound, and not listening
        target = Target("none", taken.getsockname()[:2], KEY)
        begun = time.monotonic()
        with pytest.raises(Environment, match="no answer from"):
            ask(target, timeout=SHORT)
        assert time.monotonic() - begun < 10 * SHORT
