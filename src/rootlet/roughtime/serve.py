"""The server's loop: requests from UDP and TCP on one port, until it is stopped."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from rootlet.errors import Environment
from rootlet.roughtime.clock_serve import LOOK_SECONDS, Clock, Reading
from rootlet.roughtime.protocol import MAX_PACKET_BYTES
from rootlet.roughtime.server import MAX_BATCH, Drop, Server
from rootlet.roughtime.tcp_serve import TcpSide
from rootlet.roughtime.udp import Address, format_address, udp_socket

__all__ = ["TimeListener"]

RECEIVE_BUFFER = 1 << 20
"""Asked of the kernel, which may give less: bursts wait here while a batch is signed."""

PORT_TRIES = 20
"""Ports that are free for UDP and taken for TCP are passed over, when any port will do."""


class TimeListener:
    """Answers on one port, by UDP and TCP, until it is stopped.

    There is no fixed window: what has arrived is read, signed once, and answered, so a lone
    request never waits and a busy server makes large batches by itself.
    """

    def __init__(
        self,
        address: Address,
        server: Server,
        clock: Clock,
        *,
        shared: bool = False,
        tell: Callable[[str], None] = lambda _: None,
        look: Callable[[TimeListener], None] = lambda _: None,
    ) -> None:
        """Bind ``address`` (port 0 for any); ``Environment`` when the machine says no.

        ``shared`` lets other processes of this user listen on the same port; the kernel spreads
        clients over them. ``tell`` hears when the clock is not to be vouched for, and when again;
        ``look`` is called every LOOK_SECONDS while it runs, and at the end.
        """
        self._clock, self._tell, self._look = clock, tell, look
        self.server = server
        """What answers, and counts what it does not answer."""
        self._udp, stream = _bound(address, shared=shared)
        self._poll = select.poll()
        self._udp.setblocking(False)
        self._wake, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        for each in (self._udp, self._wake):
            self._poll.register(each, select.POLLIN)
        self._tcp = TcpSide(stream, self._poll, self._answer_stream)
        host, port = self._udp.getsockname()[:2]
        self.address: Address = (host, port)
        """Where it listens, with the port that was taken."""
        self.answered = 0
        """Responses sent."""
        self.ignored = 0
        """Requests that got none; the server counts why."""
        self._silent = ""
        self._lacking, self._without = 0, False

    @property
    def reading(self) -> Reading:
        """The clock as it is now."""
        return self._clock.read()

    @property
    def let_go(self) -> int:
        """TCP connections that stalled, flooded or sent garbage."""
        return self._tcp.let_go

    def close(self) -> None:
        """Give the port back; not while ``run`` is running."""
        self._tcp.close()
        for each in (self._udp, self._wake, self._waker):
            each.close()

    def stop(self) -> None:
        """End ``run`` soon; from any thread or signal handler."""
        with suppress(BlockingIOError):
            self._waker.send(b"\0")

    def run(self) -> None:
        """Answer until ``stop`` is called."""
        udp, wake = self._udp.fileno(), self._wake.fileno()
        looked = time.monotonic()
        while True:
            ready = self._poll.poll(LOOK_SECONDS * 1000)
            if time.monotonic() - looked >= LOOK_SECONDS:
                looked = time.monotonic()
                self._look(self)
            if not ready:  # a clock that is set while nobody asks is noticed, too
                self._read_clock()
                self._tcp.tidy()
            for descriptor, events in ready:
                if descriptor == udp:
                    self._answer_waiting()
                elif descriptor == wake:
                    self._look(self)
                    return
                else:
                    self._tcp.ready(descriptor, events)
                    self._tcp.tidy()

    def _answer_waiting(self) -> None:
        packets, senders = self._drain()
        send = self._udp.sendto
        for response, sender in zip(self._answer(packets, padded=True), senders, strict=True):
            if response is not None:
                with suppress(OSError):  # a sender that cannot be reached is like a lost packet
                    send(response, sender)

    def _answer_stream(self, packets: Sequence[bytes]) -> Sequence[bytes | None]:
        return self._answer(packets, padded=False)

    def _answer(self, packets: Sequence[bytes], *, padded: bool) -> list[bytes | None]:
        reading = self._read_clock()
        responses = self.server.answer(packets, reading.now, reading.radius, padded=padded)
        lacking = self.server.dropped[Drop.DELEGATION]
        if lacking != self._lacking or (self._without and None not in responses):
            self._tell_of_delegations(lacking)
        ignored = responses.count(None)
        self.ignored += ignored
        self.answered += len(responses) - ignored
        return responses

    def _tell_of_delegations(self, lacking: int) -> None:
        without, self._lacking = lacking != self._lacking, lacking
        if without != self._without:
            self._without = without
            silent = "silent: no delegation covers this time; make one: rootlet time delegate"
            self._tell(silent if without else "answering")

    def _read_clock(self) -> Reading:
        reading = self._clock.read()
        if reading.reason != self._silent:
            self._silent = reading.reason
            what = f"silent: {reading.reason}" if reading.reason else "answering"
            self._tell(what)
        return reading

    def _drain(self) -> tuple[list[bytes], list[Address]]:
        """What has arrived, at most a batch."""
        packets: list[bytes] = []
        senders: list[Address] = []
        receive = self._udp.recvfrom
        with suppress(OSError):  # nothing left to read, or an ICMP error to pass over
            while len(packets) < MAX_BATCH:
                packet, sender = receive(MAX_PACKET_BYTES + 1)
                packets.append(packet)
                senders.append(sender)
        return packets, senders


def _bound(address: Address, *, shared: bool) -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket on the same port."""
    for left in reversed(range(PORT_TRIES if address[1] == 0 else 1)):
        datagrams, resolved = udp_socket(address)
        streams = socket.socket(datagrams.family, socket.SOCK_STREAM)
        try:
            for each in (datagrams, streams):
                if shared:
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            streams.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            datagrams.bind(resolved)
            streams.bind(datagrams.getsockname())
        except OSError as error:
            datagrams.close()
            streams.close()
            if not left:
                raise Environment(
                    f"cannot listen on {format_address(address)}: {error.strerror}",
                    hint="stop what uses that port, or choose another address",
                ) from error
        else:
            return datagrams, streams
    raise AssertionError("the last try returns or raises")
