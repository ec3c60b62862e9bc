"""A gateway, a service that behaves as a test chooses, and devices that speak raw HTTP."""

from __future__ import annotations

import asyncio
import dataclasses
import http.client
import io
import json
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from rootlet.gateway import (
    AccessLog,
    Address,
    GatewayServer,
    Limits,
    loop_factory,
    parse_gateway,
    server_files,
)
from rootlet.maker import load_maker
from support.gateway_maker import GATEWAY, OUTSIDE, DeviceFiles, MakerCa, outside_files
from support.gateway_outside import Outside
from support.processes import LOOPBACK, free_port

__all__ = ["PATIENT", "QUICK", "ROUTES", "Answer", "DeviceSocket", "Rig", "request"]

SECONDS = 10.0
"""Longest wait for anything; reached only by a test that fails."""

QUICK = Limits(
    handshake_seconds=1.0,
    header_seconds=0.3,
    body_seconds=0.3,
    idle_seconds=0.6,
    linger_seconds=0.3,
    drain_seconds=1.0,
)
"""Deadlines short enough to be waited for."""

PATIENT = Limits(linger_seconds=0.3, drain_seconds=1.0)
"""Deadlines that no test reaches by being slow."""

ROUTES = """
[gateway]
listen = "127.0.0.1:0"
name = "gateway.example.test"
[gateway.groups]
outdoor = ["sensor-*", "mast-7"]

[[gateway.routes]]
alias = "weather"
upstream = "https://api.example.test:{port}/v2"
methods = ["GET", "HEAD", "POST", "PUT"]
devices = ["@outdoor"]
roots = "outside/api.example.test.pem"
allow_private = true
max_body_bytes = 300000
timeout_seconds = 10
[gateway.routes.headers]
X-Plan = "basic"
[gateway.routes.secret_headers]
Authorization = "weather"

[[gateway.routes]]
alias = "plain"
upstream = "http://api.example.test:{plain}"
methods = ["GET", "POST", "PUT"]
devices = ["sensor-1"]
allow_private = true
max_body_bytes = 100000000
timeout_seconds = 10

[[gateway.routes]]
alias = "hasty"
upstream = "http://api.example.test:{plain}"
devices = ["*"]
allow_private = true
timeout_seconds = 1

[[gateway.routes]]
alias = "public-only"
upstream = "https://api.example.test:{port}"
devices = ["*"]
roots = "outside/api.example.test.pem"

[[gateway.routes]]
alias = "metadata"
upstream = "https://metadata.example.test"
devices = ["*"]

[[gateway.routes]]
alias = "unknown-roots"
upstream = "https://api.example.test:{port}"
devices = ["*"]
roots = "root.pem"
allow_private = true

[[gateway.routes]]
alias = "other-name"
upstream = "https://other.example.test:{port}"
devices = ["*"]
roots = "outside/api.example.test.pem"
allow_private = true

[[gateway.routes]]
alias = "no-tls"
upstream = "https://api.example.test:{plain}"
devices = ["*"]
roots = "outside/api.example.test.pem"
allow_private = true
timeout_seconds = 1

[[gateway.routes]]
alias = "nobody"
upstream = "https://api.example.test:{closed}"
devices = ["*"]
allow_private = true

[[gateway.routes]]
alias = "nowhere"
upstream = "https://nowhere.example.test"
devices = ["*"]

[[gateway.routes]]
alias = "short"
upstream = "http://api.example.test:{plain}"
methods = ["GET", "HEAD", "POST"]
devices = ["*"]
allow_private = true
[gateway.routes.answer]
max_bytes = 60
max_upstream_bytes = 2000
[gateway.routes.answer.select]
temp = "/main/temp"
wind = "/wind/0/speed"
text = "/weather/0/description"

[[gateway.routes]]
alias = "signed"
upstream = "http://api.example.test:{plain}/v1"
methods = ["GET", "POST"]
devices = ["*"]
allow_private = true
max_body_bytes = 100000
sign_with = "signing"

[[gateway.routes]]
alias = "rated"
upstream = "http://api.example.test:{plain}"
methods = ["GET", "POST"]
devices = ["*"]
allow_private = true
per_minute = 5
device_per_minute = 3
"""

NAMES = {
    OUTSIDE: [LOOPBACK],
    "other.example.test": [LOOPBACK],
    "metadata.example.test": ["169.254.169.254", "::ffff:10.0.0.1", "fd00::1"],
}


async def _resolve(host: str, _: int) -> list[str]:
    if host not in NAMES:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return NAMES[host]


def request(
    path: str = "/weather/now", *headers: str, method: str = "GET", body: bytes = b""
) -> bytes:
    """A well-formed request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {GATEWAY}", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


@dataclass(frozen=True)
class Answer:
    """What a device got."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> str:
        """Code of a refusal."""
        fields = json.loads(self.body)
        assert set(fields) == {"error", "hint"}
        return str(fields["error"])


class DeviceSocket:
    """A device's end of a connection."""

    def __init__(self, sock: ssl.SSLSocket) -> None:
        self.socket = sock

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(data)

    def answer(self, method: str = "GET") -> Answer:
        """Read one answer."""
        response = http.client.HTTPResponse(self.socket, method=method)
        response.begin()
        body = response.read()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, body)

    def ask(self, raw: bytes, method: str = "GET") -> Answer:
        """Send a request and read its answer."""
        self.send(raw)
        return self.answer(method)

    def closed(self) -> bool:
        """Whether the gateway closes without sending anything more."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True

    def rest(self) -> bytes:
        """All that comes until the gateway closes."""
        data = b""
        with suppress(ConnectionError, ssl.SSLError):
            while piece := self.socket.recv(65536):
                data += piece
        return data


class Rig(AbstractContextManager["Rig"]):
    """Gateway and service in one loop of a thread; devices are blocking sockets in the test."""

    def __init__(
        self,
        folder: Path,
        *,
        profile: str = "c25519",
        limits: Limits = PATIENT,
        factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
    ) -> None:
        self.ca = MakerCa(folder, profile)
        (folder / "outside").mkdir()
        self.outside_files = outside_files(folder / "outside")
        self.outside = Outside()
        self.log = io.StringIO()
        self.limits = limits
        self.loop = (factory or loop_factory())()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._devices: dict[str, DeviceFiles] = {}
        self.faults: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda _, context: self.faults.append(context))
        self.server: GatewayServer
        self.address: Address

    def __enter__(self) -> Rig:
        self._thread.start()
        self.run(self._start())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.hub.limits = dataclasses.replace(self.limits, drain_seconds=0.2)
        self.run(self.server.drain())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(SECONDS)

    def run(self, work: Awaitable[Any]) -> Any:
        """Do something inside the gateway's loop."""

        async def awaited() -> Any:
            return await work

        return asyncio.run_coroutine_threadsafe(awaited(), self.loop).result(SECONDS)

    async def _start(self) -> None:
        certificate, key = self.outside_files
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        secure = await asyncio.start_server(self.outside.serve, LOOPBACK, 0, ssl=context)
        plain = await asyncio.start_server(self.outside.serve, LOOPBACK, 0)
        ports = {
            "port": secure.sockets[0].getsockname()[1],
            "plain": plain.sockets[0].getsockname()[1],
            "closed": free_port(),
        }
        maker = self.ca.configure(ROUTES.format(**ports))
        gateway = parse_gateway(maker)
        self.server = GatewayServer.from_maker(
            maker,
            gateway,
            server_files(maker, gateway, None, None),
            log=AccessLog(self.log),
            limits=self.limits,
            resolver=_resolve,
            again=lambda: parse_gateway(load_maker(maker.folder)),
        )
        self.address = await self.server.start(gateway.listen)

    @contextmanager
    def device(
        self, name: str = "sensor-1", *, suite: str = "", group: str = "", buffer: int = 0
    ) -> Iterator[DeviceSocket]:
        """Connect as a device; ``buffer`` makes its receive buffer small."""
        if name not in self._devices:
            self._devices[name] = self.ca.device(name)
        with self.using(self._devices[name], suite=suite, group=group, buffer=buffer) as device:
            yield device

    @contextmanager
    def using(
        self, files: DeviceFiles, *, suite: str = "", group: str = "", buffer: int = 0
    ) -> Iterator[DeviceSocket]:
        """Connect with a certificate of the test's choice."""
        context = files.context(suite, group)
        plain = socket.socket()
        plain.settimeout(SECONDS)
        if buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        # The request follows the handshake's last flight: without this it waits for an ACK.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with plain:
            plain.connect((LOOPBACK, self.address.port))
            with context.wrap_socket(plain, server_hostname=GATEWAY) as secure:
                yield DeviceSocket(secure)

    def ask(self, raw: bytes, method: str = "GET", device: str = "sensor-1") -> Answer:
        """One request on a connection of its own."""
        with self.device(device) as connection:
            return connection.ask(raw, method)

    def reset(self) -> None:
        """Make the service behave again, and forget what it saw and what was logged."""

        async def clear() -> None:
            for pool in self.server.hub.pools.values():
                pool.close()

        self.run(clear())
        self.outside.reset()
        self.log.seek(0)
        self.log.truncate()

    def opened(self, alias: str = "weather") -> int:
        """Connections to the upstream opened so far."""
        return self.server.hub.pools[alias].opened

    def lines(self, event: str = "request") -> list[dict[str, Any]]:
        """Lines of the access log, that of an answer just received included."""
        self.run(asyncio.sleep(0))  # the server's turn may not have ended with its answer
        found = [json.loads(line) for line in self.log.getvalue().splitlines()]
        return [line for line in found if line["event"] == event]
