"""One question asked, by UDP and then by TCP, and a whole measurement."""

from __future__ import annotations

import re
import secrets
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass

from rootlet.errors import Environment, Misuse, Refused, RootletError
from rootlet.roughtime.client import SUPPORTED_VERSIONS, verify
from rootlet.roughtime.measure import Exchange, Question, question
from rootlet.roughtime.protocol import HEADER_BYTES, MAGIC, MAX_PACKET_BYTES, NONCE_BYTES

__all__ = [
    "Measurement",
    "Target",
    "ask",
    "format_address",
    "parse_address",
    "take_measurement",
    "udp_socket",
]

Address = tuple[str, int]
"""Host and port."""

HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Za-z:.%]+\]")
"""A name or an IPv4 address, or an IPv6 address in brackets."""
FIRST_WAIT = 1.0
"""Seconds until a request is sent again (section 5)."""
BACKOFF = 1.5
"""How much longer each further wait is."""
UDP_SHARE = 0.7
"""Of the time that there is; then TCP is tried, which goes where UDP is not let through."""
LEAST_SECONDS = 0.01
"""A timeout of none would mean to wait for ever."""
ROUNDS = 2
"""The chain goes twice around the same servers (section 8.2)."""


def parse_address(text: str) -> Address:
    """Host and port of "host:port" or "[v6]:port"; ``Misuse`` for anything else."""
    host, colon, port = text.rpartition(":")
    good = colon and port.isascii() and port.isdecimal() and int(port) < 1 << 16
    if not good or not HOST.fullmatch(host):
        raise Misuse(
            f"{text!r} is not HOST:PORT", hint="write it like 192.0.2.1:5319 or [2001:db8::1]:5319"
        )
    return host.strip("[]"), int(port)


def format_address(address: Address) -> str:
    """An address as ``parse_address`` reads it."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def udp_socket(address: Address) -> tuple[socket.socket, Address]:
    """A UDP socket of the right family, and the address resolved."""
    try:
        family, kind, protocol, _, resolved = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM)[
            0
        ]
        return socket.socket(family, kind, protocol), (str(resolved[0]), int(resolved[1]))
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a host name"
        raise Environment(
            f"cannot find {format_address(address)}: {reason}", hint="check host name and network"
        ) from error


@dataclass(frozen=True)
class Target:
    """A server to ask."""

    name: str
    """For people."""
    address: Address
    public_key: bytes
    """Its long-term key, 32 bytes."""
    tcp: Address | None = None
    """Where it listens for TCP, if not at the same address."""
    by_udp: bool = True
    """Whether it listens for UDP at all."""


def ask(
    target: Target,
    *,
    timeout: float,
    previous: bytes | None = None,
    versions: tuple[int, ...] = SUPPORTED_VERSIONS,
) -> Exchange:
    """Ask one server until it gives an answer that verifies, or ``timeout`` seconds are over.

    By UDP first, and by TCP on the same port when that brings nothing (section 5). ``previous`` is
    the response packet that the nonce is chained to. Each try is a new request,
    so that delays are true; an answer to an earlier one still counts. Datagrams that do not
    verify are passed over, for anyone can send them. Step 9 of the check is here: no answer is
    waited for longer than ``timeout``. ``Environment`` when no answer came,
    ``Refused`` when only bad ones did.
    """
    begun = time.monotonic()
    refusal: Refused | None = None
    try:
        if target.by_udp:
            return _ask_datagrams(target, previous, versions, begun + UDP_SHARE * timeout)
    except _NoAnswer as error:
        refusal = error.refusal
    try:
        return _ask_stream(target, previous, versions, begun + timeout)
    except OSError:
        raise _no_answer(target, timeout, refusal) from None
    except Refused as error:
        raise _no_answer(target, timeout, refusal or error) from error


class _NoAnswer(Exception):
    """Nothing came that verifies, only this."""

    def __init__(self, refusal: Refused | None) -> None:
        super().__init__()
        self.refusal = refusal


def _ask_datagrams(
    target: Target, previous: bytes | None, versions: tuple[int, ...], end: float
) -> Exchange:
    pending: list[tuple[Question, float]] = []
    refusal: Refused | None = None
    link, resolved = udp_socket(target.address)
    with closing(link):
        _connect(link, resolved, target)
        wait = FIRST_WAIT
        while (now := time.monotonic()) < end:
            rand = secrets.token_bytes(NONCE_BYTES)
            asked = question(target.public_key, rand, previous=previous, versions=versions)
            pending.append((asked, now))
            with suppress(OSError):  # an ICMP error of an earlier try shows here
                link.send(asked.packet)
            for response in _receive(link, min(now + wait, end)):
                received = time.monotonic()
                for tried, sent in reversed(pending):
                    try:
                        sample = verify(tried.packet, response, target.public_key)
                    except Refused as error:
                        if refusal is None or error.status != "ERR_ROUGHTIME_NONCE":
                            refusal = error
                        continue
                    return Exchange(
                        target.name, target.public_key, tried, response, sample, sent, received
                    )
            wait *= BACKOFF
    raise _NoAnswer(refusal)


def _ask_stream(
    target: Target, previous: bytes | None, versions: tuple[int, ...], end: float
) -> Exchange:
    """The same once by TCP; ``OSError`` when there is no answer, ``Refused`` for a bad one."""
    rand = secrets.token_bytes(NONCE_BYTES)
    asked = question(target.public_key, rand, previous=previous, versions=versions)
    left = max(end - time.monotonic(), LEAST_SECONDS)
    with socket.create_connection(target.tcp or target.address, left) as link:
        sent = time.monotonic()
        link.sendall(asked.packet)
        response = bytearray()
        while len(response) < HEADER_BYTES or len(response) < _length(response):
            link.settimeout(max(end - time.monotonic(), LEAST_SECONDS))
            data = link.recv(MAX_PACKET_BYTES)
            if not data:
                raise ConnectionError
            response += data
        received = time.monotonic()
    packet = bytes(response[: _length(response)])
    sample = verify(asked.packet, packet, target.public_key)
    return Exchange(target.name, target.public_key, asked, packet, sample, sent, received)


def _length(response: bytearray) -> int:
    """Of the packet that begins there; what is no packet ends at once, for verify to refuse."""
    length = HEADER_BYTES + int.from_bytes(response[HEADER_BYTES - 4 : HEADER_BYTES], "little")
    good = response.startswith(MAGIC) and length <= MAX_PACKET_BYTES
    return length if good else HEADER_BYTES


def _connect(link: socket.socket, resolved: Address, target: Target) -> None:
    try:
        link.connect(resolved)
    except OSError as error:
        raise Environment(
            f"cannot reach {format_address(target.address)}: {error.strerror}",
            hint="check the network",
        ) from error


def _receive(link: socket.socket, until: float) -> Iterator[bytes]:
    """The datagrams that arrive until a moment of the monotonic clock."""
    while (left := until - time.monotonic()) > 0:
        link.settimeout(left)
        try:
            yield link.recv(MAX_PACKET_BYTES + 1)
        except TimeoutError:
            return
        except OSError:
            continue  # "port unreachable" can be forged as well: wait on


def _no_answer(target: Target, timeout: float, refusal: Refused | None) -> RootletError:
    where = format_address(target.address)
    if refusal is not None:
        return Refused(
            f"no answer from {where} was good: {refusal.message}",
            hint="check that the key is this server's, and what its clock and software are",
            status=refusal.status,
        )
    return Environment(
        f"no answer from {where} within {timeout:g} s",
        hint="check the address, that the server runs with this key, and the firewall",
    )


@dataclass(frozen=True)
class Measurement:
    """What asking all servers gave."""

    exchanges: tuple[Exchange, ...]
    """Verified answers, in order of arrival: one chain."""
    failures: tuple[tuple[str, RootletError], ...]
    """Server name and reason, for each question that got no good answer."""


def take_measurement(targets: Sequence[Target], *, timeout: float) -> Measurement:
    """Ask the servers in this order, then again, each nonce made from the answer before it.

    ``timeout`` seconds are spent on each question at most. A server that fails is left out of the
    chain and listed. Whether the answers agree is for ``measure.contradictions`` and ``join``.
    """
    exchanges: list[Exchange] = []
    failures: list[tuple[str, RootletError]] = []
    for target in (*targets,) * ROUNDS:
        previous = exchanges[-1].response if exchanges else None
        try:
            exchanges.append(ask(target, timeout=timeout, previous=previous))
        except (Environment, Refused) as error:
            failures.append((target.name, error))
    return Measurement(tuple(exchanges), tuple(failures))
