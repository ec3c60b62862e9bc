"""Run the gateway: listen, reload on SIGHUP, drain on SIGTERM.

From Python, inside a loop of one's own::

    server = GatewayServer.from_maker(maker, gateway, files, log=AccessLog(sys.stderr))
    address = await server.start(gateway.listen)
    ...
    await server.drain()
"""

from __future__ import annotations

import asyncio
import datetime
import gc
import os
import signal
import ssl
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

from cryptography import x509

from rootlet.errors import Environment, Misuse, RootletError
from rootlet.files import write_atomic
from rootlet.gateway.http_device import DeviceConnection, Hub, Identities
from rootlet.gateway.http_handshake import say_why
from rootlet.gateway.http_upstream import Pool, Resolver, resolve
from rootlet.gateway.log import AccessLog
from rootlet.gateway.metrics import GatewayMetrics
from rootlet.gateway.model import Address, Gateway, Limits
from rootlet.gateway.policy import Policy
from rootlet.gateway.rates import Rates
from rootlet.gateway.store import (
    ServerFiles,
    client_roots,
    device_context,
    load_client_roots,
    load_secrets,
    load_server_files,
    load_signers,
    read_roots,
    upstream_context,
)
from rootlet.maker import Maker
from rootlet.pki import device_identity

__all__ = ["GatewayServer", "loop_factory", "report_faults", "serve"]

_BACKLOG = 1024
_POLL_SECONDS = 0.05
METRICS_SECONDS = 15.0
"""Between two writings: what Prometheus usually asks in."""


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop's loop where there is one: the standard loop takes 256 KiB more per device."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _policy(maker: Maker, gateway: Gateway) -> Policy:
    return Policy(gateway, load_secrets(maker, gateway), load_signers(maker, gateway))


def _pools(
    gateway: Gateway, before: Mapping[str, Pool], limits: Limits, resolver: Resolver
) -> dict[str, Pool]:
    """Of the routes; what is as it was goes on with its connections."""
    pools = {}
    for alias, route in gateway.routes.items():
        roots, old = read_roots(route), before.get(alias)
        if old is not None and (old.route, old.roots) == (route, roots):
            pools[alias] = old
        else:
            tls = upstream_context(route)
            pools[alias] = Pool(route, limits, tls=tls, roots=roots, resolver=resolver)
    return pools


class GatewayServer:
    """A gateway that can be started, reloaded and drained; all methods belong to one loop."""

    def __init__(self, hub: Hub, context: ssl.SSLContext, reload: Callable[[], None]) -> None:
        self.hub = hub
        self._context = context
        self._reload = reload
        self._server: asyncio.Server | None = None

    @classmethod
    def from_maker(
        cls,
        maker: Maker,
        gateway: Gateway,
        files: ServerFiles,
        *,
        log: AccessLog,
        limits: Limits | None = None,
        resolver: Resolver = resolve,
        again: Callable[[], Gateway] | None = None,
    ) -> GatewayServer:
        """Read and check every file the gateway needs; raises what the first fault is.

        ``again`` reads the configuration once more when it is to be reloaded; without it the routes
        stay, and certificates alone are.
        """
        limits = limits or Limits()
        prefix = maker.devices.urn_prefix

        hub = Hub(
            policy=_policy(maker, gateway),
            pools=_pools(gateway, {}, limits, resolver),
            limits=limits,
            identities=Identities(
                lambda der: device_identity(x509.load_der_x509_certificate(der), prefix)
            ),
            rates=Rates(gateway.routes.values()),
            suite=maker.profile.tls.suite,
            log=log,
            metrics=GatewayMetrics(),
        )
        clients = client_roots(maker)

        def check() -> ssl.SSLContext:
            files.check(maker.profile, now=datetime.datetime.now(datetime.UTC))
            return device_context(maker.profile, files, clients)

        context = check()
        say_why(context, lambda reason: log.event("handshake_refused", reason=reason))

        def reload() -> None:
            # Tried in a context of its own first, so that a bad pair leaves the old one at work.
            check()
            fresh = gateway if again is None else again()
            policy = _policy(maker, fresh)
            pools = _pools(fresh, hub.pools, limits, resolver)
            load_server_files(context, files)
            load_client_roots(context, clients)
            before, hub.policy, hub.pools = hub.pools, policy, pools
            hub.rates.change(fresh.routes.values())
            for alias, pool in before.items():
                if pools.get(alias) is not pool:
                    pool.retire()

        return cls(hub, context, reload)

    async def start(self, listen: Address) -> Address:
        """Listen; returns the address with the port that the system chose, if it was 0."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: DeviceConnection(self.hub),
                listen.host,
                listen.port,
                ssl=self._context,
                ssl_handshake_timeout=self.hub.limits.handshake_seconds,
                ssl_shutdown_timeout=self.hub.limits.body_seconds,
                backlog=_BACKLOG,
            )
        except UnicodeError as error:
            raise Misuse(
                f"{listen.host!r} is not a host name", hint="choose another: --listen HOST:PORT"
            ) from error
        except OSError as error:
            # The loops put their own words into strerror; name look-ups have negative numbers.
            number = error.errno or 0
            reason = os.strerror(number) if number > 0 else error.strerror
            raise Environment(
                f"cannot listen on {listen}: {reason}",
                hint="stop what listens there (ss -ltnp), or choose another: --listen HOST:PORT",
            ) from error
        host, port = self._server.sockets[0].getsockname()[:2]
        return Address(host, port)

    def reload(self) -> None:
        """Take the renewed certificate, new CRLs, routes and secrets; open connections go on.

        Where one of them is bad, all stays as it was, and that is reported.
        """
        try:
            self._reload()
        except RootletError as error:
            self.hub.log.event("reload_failed", error=error.message, hint=error.hint)
        else:
            self.hub.log.event("reloaded")

    def metrics(self) -> bytes:
        """For Prometheus, as it is now."""
        hub = self.hub
        opened = {alias: pool.opened for alias, pool in hub.pools.items()}
        return hub.metrics.text(devices=len(hub.connections), opened=opened)

    async def drain(self) -> None:
        """Take no new connections, let requests under way end, then close what is left."""
        hub = self.hub
        hub.draining = True
        if self._server is not None:
            self._server.close()
        for connection in tuple(hub.connections):
            connection.drain()
        loop = asyncio.get_running_loop()
        end = loop.time() + hub.limits.drain_seconds
        while hub.connections and loop.time() < end:
            await asyncio.sleep(_POLL_SECONDS)
        for connection in tuple(hub.connections):
            connection.abort()
        for pool in hub.pools.values():
            pool.close()
        # One turn of the loop for the transports to close.
        await asyncio.sleep(0)


def serve(
    maker: Maker,
    gateway: Gateway,
    files: ServerFiles,
    *,
    log_file: Path | None,
    ready: Callable[[Address], None],
    again: Callable[[], Gateway],
    metrics_file: Path | None = None,
) -> None:
    """Run until SIGTERM or Ctrl-C; ``ready`` is told the address once devices can connect.

    SIGHUP reopens the log and reloads; ``again`` reads the configuration for that. Metrics are
    written into a file every METRICS_SECONDS.
    """
    stream = _open_log(log_file)
    log = AccessLog(stream)
    server = GatewayServer.from_maker(maker, gateway, files, log=log, again=again)

    def hang_up() -> None:
        nonlocal stream
        try:
            fresh = _open_log(log_file)
        except Environment as error:
            log.event("log_not_reopened", error=error.message)
        else:
            log.reopen(fresh)
            if stream is not sys.stderr:
                stream.close()
            stream = fresh
        server.reload()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(report_faults(log))
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        loop.add_signal_handler(signal.SIGHUP, hang_up)
        address = await server.start(gateway.listen)
        writing = loop.create_task(_write_metrics(server, metrics_file))
        # What is there now stays: the collector need not look at it again with every request.
        gc.freeze()
        ready(address)
        await stopped.wait()
        log.event("draining", connections=len(server.hub.connections))
        await server.drain()
        writing.cancel()
        log.event("stopped")

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(run())


async def _write_metrics(server: GatewayServer, path: Path | None) -> None:
    """A full disk silences only the metrics; the log says so once."""
    complained = False
    while path is not None:
        try:
            write_atomic(path, server.metrics(), private=False)
        except Environment as error:
            if not complained:
                server.hub.log.event("metrics_not_written", error=error.message)
            complained = True
        else:
            complained = False
        await asyncio.sleep(METRICS_SECONDS)


def _open_log(path: Path | None) -> TextIO:
    if path is None:
        return sys.stderr
    try:
        return path.open("a", encoding="utf-8")
    except OSError as error:
        raise Environment(
            f"cannot write the log {path}: {error.strerror}", hint="choose another with --log FILE"
        ) from error


def report_faults(log: AccessLog) -> Callable[[asyncio.AbstractEventLoop, dict[str, Any]], None]:
    """Faults inside the loop become one log line, without a traceback on a terminal."""

    def handle(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        log.event("fault", message=context.get("message", ""), kind=type(error).__name__)

    return handle
