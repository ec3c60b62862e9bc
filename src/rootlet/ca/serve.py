"""Run the CA's services: listen, keep the own certificate fresh, stop gracefully.

The server's certificate is issued by the CA to its own name, delivered to issued/servers/NAME like
any other, and replaced in process at half of its life; open connections go on with the old one.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ipaddress
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from rootlet.ca.authority import Authority
from rootlet.ca.http_app import Services
from rootlet.ca.http_peer import PeerProtocol
from rootlet.ca.issuers_store import Issuers, clients_path
from rootlet.ca.present_store import Present
from rootlet.ca.record_store import RecordStore
from rootlet.ca.store import deliver, issued_folder
from rootlet.errors import Environment, Misuse, RootletError
from rootlet.files import file_stamp
from rootlet.maker import Maker
from rootlet.pki import Kind, certificate_from_pem, host_text, parse_host

__all__ = ["Listen", "OwnCertificate", "parse_listen", "serve"]

BACKLOG = 1024
CONNECTIONS = 2000
"""More are answered with 503: each costs some 100 KB."""

KEEP_ALIVE_SECONDS = 30
STOP_SECONDS = 20
"""Requests under way may take so long to end; longer than a validation."""

COLLECT_AFTER = 20_000
"""New objects after which the garbage collector looks for cycles: a request makes some thousands,
and none that need it."""

FAREWELL_SECONDS = 0.25
"""How long a closed connection is given to end on both sides."""

END = b"-----END CERTIFICATE-----\n"

LOOK_SECONDS = 1.0
"""How often it is looked at whether the own certificate is old, or other issuing CAs are there:
a device that was given a certificate by the next one may come back with it at once."""

AGAIN_SECONDS = 60.0
"""After a failure."""


@dataclass(frozen=True)
class Listen:
    """Where to listen."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return ipaddress.ip_address(self.host).is_loopback

    @property
    def anywhere(self) -> bool:
        """Whether it is every address of the machine."""
        return ipaddress.ip_address(self.host).is_unspecified


def parse_listen(text: str) -> Listen:
    """HOST:PORT with an address; ``Misuse`` for anything else."""
    host, colon, port = text.rpartition(":")
    try:
        address = ipaddress.ip_address(host.strip("[]"))
        number = int(port)
    except ValueError:
        address, number = None, -1
    if not colon or address is None or not 0 <= number <= 65535:
        raise Misuse(
            f"{text!r} is not an address and a port",
            hint="write it as 0.0.0.0:8443, 127.0.0.1:8443 or [::]:8443",
        )
    return Listen(str(address), number)


class OwnCertificate:
    """The service's own certificate, in a TLS context that follows it."""

    def __init__(self, maker: Maker, present: Present, name: str) -> None:
        self._maker = maker
        self._present = present
        self._name = host_text(parse_host(name))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.context.set_alpn_protocols(["http/1.1"])
        # Devices that enrol again show their certificate; nobody else has to.
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self.renew_at = datetime.min.replace(tzinfo=UTC)
        """When half of its life is over."""
        self._clients = clients_path(maker.folder)
        self._stamp: tuple[int, int] | None = None

    def due(self, now: datetime) -> bool:
        """Whether there is something to refresh: it is old, or the issuing CAs are others."""
        return now >= self.renew_at or self._stamp != file_stamp(self._clients)

    def refresh(self, now: datetime) -> bool:
        """Issue a new one when it is time, or take the one that is there; whether it is new.

        Devices' certificates are checked with the issuing CAs that are there now, and with those
        that were there before.
        """
        stamp = file_stamp(self._clients)
        folder = issued_folder(self._maker.folder, Kind.SERVER, self._name)
        authority = self._present.authority(now)
        found = self._found(folder, authority)
        renewed = found is None or now >= self._half(found)
        if renewed:
            issued = authority.issue_server([self._name], now=now)
            folder = deliver(self._maker.folder, issued, authority.records)
            found = issued.certificate
        assert found is not None
        try:
            self.context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        except OSError as error:
            raise Environment(
                f"cannot use the certificate in {folder}: {error}",
                hint=f"remove {folder}, then start again: a new one is issued",
            ) from error
        try:
            self.context.load_verify_locations(self._clients)
        except OSError as error:
            raise Environment(
                f"cannot use {self._clients}: {error}", hint="restore it from your backup"
            ) from error
        self.renew_at, self._stamp = self._half(found), stamp
        return renewed

    def _half(self, certificate: x509.Certificate) -> datetime:
        backdate = timedelta(minutes=self._maker.profile.lifetimes.backdate_minutes)
        start = certificate.not_valid_before_utc + backdate
        return start + (certificate.not_valid_after_utc - start) / 2

    def _found(self, folder: Path, authority: Authority) -> x509.Certificate | None:
        """The certificate that was delivered before, where it is this CA's and has its key."""
        try:
            pem = (folder / "cert.pem").read_bytes()
            leaf = pem.partition(END)[0] + END
            found = certificate_from_pem(leaf, what="the certificate")
            found.verify_directly_issued_by(authority.issuing)
            self.context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        except (OSError, RootletError, ValueError, TypeError, InvalidSignature):
            return None
        return found


class _Server(uvicorn.Server):
    """Signals are ours, so that a stop on demand ends with exit code 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn has it, but for clients that keep a connection and never close it."""
        hanging_up = asyncio.get_running_loop().create_task(self._hang_up())
        await super().shutdown(sockets)
        hanging_up.cancel()

    async def _hang_up(self) -> None:
        """TLS waits for the other side's farewell; from who is asleep it does not come."""
        before: set[Any] = set()
        while True:
            await asyncio.sleep(FAREWELL_SECONDS)
            closing: set[Any] = {
                connection
                for connection in self.server_state.connections
                if (transport := getattr(connection, "transport", None)) is not None
                and transport.is_closing()
            }
            for connection in closing & before:
                connection.transport.abort()
            before = closing


def _socket(listen: Listen) -> socket.socket:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    try:
        return socket.create_server((listen.host, listen.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise Environment(
            f"cannot listen on {listen.host}:{listen.port}: {error.strerror}",
            hint="stop what listens there (ss -ltnp), or choose another: --listen HOST:PORT",
        ) from error


def _base(name: str, port: int, *, tls: bool) -> str:
    host = f"[{name}]" if ":" in name else name
    scheme, usual = ("https", 443) if tls else ("http", 80)
    return f"{scheme}://{host}" if port == usual else f"{scheme}://{host}:{port}"


def serve(
    maker: Maker,
    authority: Authority,
    records: RecordStore,
    listen: Listen,
    *,
    name: str,
    url: str | None,
    tls: bool,
    event: Callable[..., None],
    ready: Callable[[str, int], None],
    password: bytes | None = None,
) -> None:
    """Run until SIGTERM or Ctrl-C; ``ready`` is told the service's address and its port once it
    answers.

    ``password`` is that of the status page for others than this machine; None: it is for no others.
    """
    present = Present(Issuers(maker), authority, datetime.now(UTC))
    own = OwnCertificate(maker, present, name) if tls else None
    if own is not None and own.refresh(datetime.now(UTC)):
        event("own_certificate", name=name, renew_at=own.renew_at)
    listening = _socket(listen)
    port = int(listening.getsockname()[1])
    base = (url or _base(name, port, tls=tls)).rstrip("/")
    config = uvicorn.Config(
        Services(maker, present, records, base, event, password).app(),
        loop="uvloop",
        http=PeerProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        ssl_context_factory=None if own is None else lambda *_: own.context,
    )
    server = _Server(config)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_run(server, listening, own, event, lambda: ready(base, port)))


async def _run(
    server: uvicorn.Server,
    listening: socket.socket,
    own: OwnCertificate | None,
    event: Callable[..., None],
    ready: Callable[[], None],
) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        event("stopping")
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    keeper = None if own is None else loop.create_task(_keep_fresh(own, event))
    serving = loop.create_task(server.serve(sockets=[listening]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    if server.started:
        # What is there now stays: the collector need not look at it again with every request.
        gc.freeze()
        gc.set_threshold(COLLECT_AFTER, 20, 50)
        ready()
    try:
        await serving
    finally:
        if keeper is not None:
            keeper.cancel()
    event("stopped")


async def _keep_fresh(own: OwnCertificate, event: Callable[..., None]) -> None:
    """Renew the own certificate at half of its life; on a failure, try again each minute."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            if own.due(now := datetime.now(UTC)):
                renewed = await asyncio.to_thread(own.refresh, now)
                event("own_certificate", renewed=renewed, renew_at=own.renew_at)
        except RootletError as error:
            event("own_certificate_not_renewed", error=error.message, hint=error.hint)
            await asyncio.sleep(AGAIN_SECONDS)
