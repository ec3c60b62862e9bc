"""Fresh connections to a server, one after the other, while something is done to it."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rootlet.ca import root_path
from rootlet.servers.checkup.s_client_serve import MQTT_CONNECT
from support.live_servers import NAME, LiveServer
from support.processes import LOOPBACK

__all__ = ["Exchanges", "going_on", "idle"]

HTTP_REQUEST = f"GET / HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode()
HTTP_ANSWER, MQTT_ANSWER = b"HTTP/1.", b"\x20\x02\x00\x00"
SECONDS = 10.0


@dataclass
class Exchanges:
    """What happened so far."""

    live: LiveServer
    device: Path
    done: int = 0
    failures: list[str] = field(default_factory=list)
    """Connections and handshakes that failed."""
    cut: list[str] = field(default_factory=list)
    """Requests that got no answer although the handshake was complete."""
    ending: threading.Event = field(default_factory=threading.Event)

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(root_path(self.live.maker.folder)))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self.device / "cert.pem", self.device / "key.pem")
        return context

    def connect(self, context: ssl.SSLContext) -> ssl.SSLSocket:
        connection = socket.create_connection((LOOPBACK, self.live.port), SECONDS)
        # The request goes out at once, not 40 ms later with the ACK of what finished the handshake.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return context.wrap_socket(connection, server_hostname=NAME)

    def once(self, context: ssl.SSLContext) -> None:
        """A handshake, a request, and the beginning of the answer."""
        mqtt = self.live.kind.kind == "mosquitto"
        wanted = MQTT_ANSWER if mqtt else HTTP_ANSWER
        with self.connect(context) as secured:
            try:
                secured.sendall(MQTT_CONNECT if mqtt else HTTP_REQUEST)
                got = secured.recv(100)
            except OSError as error:
                got = repr(error).encode()
        if not got.startswith(wanted) or b" 400 " in got:
            self.cut.append(f"after {self.done}: {got!r}")

    def run(self) -> None:
        """Until told to end."""
        context = self.context()
        while not self.ending.is_set():
            try:
                self.once(context)
            except OSError as error:
                self.failures.append(f"after {self.done}: {error!r}")
            self.done += 1


@contextmanager
def going_on(live: LiveServer, device: Path) -> Iterator[Exchanges]:
    """Exchanges in a thread of their own, ended afterwards."""
    exchanges = Exchanges(live, device)
    thread = threading.Thread(target=exchanges.run)
    thread.start()
    try:
        yield exchanges
    finally:
        exchanges.ending.set()
        thread.join()


@contextmanager
def idle(live: LiveServer, device: Path) -> Iterator[ssl.SSLSocket]:
    """A connection that stays open and says nothing."""
    exchanges = Exchanges(live, device)
    with exchanges.connect(exchanges.context()) as secured:
        yield secured
