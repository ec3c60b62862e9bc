"""What a maker decided about the gateway: the [gateway] table of rootlet.toml, read strictly.

    [gateway]
    listen = "0.0.0.0:8443"
    name = "gateway.example.com"        # its certificate is issued/servers/NAME/

    [gateway.groups]
    outdoor = ["sensor-1*", "mast-7"]

    [[gateway.routes]]
    alias = "weather"                   # devices ask for /weather/...
    upstream = "https://api.example.com/v2"
    methods = ["GET"]
    devices = ["@outdoor", "lab-*"]     # nobody is let in who is not listed

    [gateway.routes.secret_headers]
    Authorization = "weather.txt"       # the header's value stands in secrets/weather.txt

No I/O here: files are named, not read.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rootlet.errors import Misuse
from rootlet.gateway.answers import read_answer
from rootlet.gateway.refusals import RefusedMessage
from rootlet.gateway.tables import read_headers, read_secret_headers, secret_source, within
from rootlet.gateway.targets import check_path
from rootlet.gateway.trimming import AnswerRule
from rootlet.maker import Maker, Table

__all__ = [
    "METHODS",
    "Address",
    "Gateway",
    "Limits",
    "Route",
    "Upstream",
    "parse_address",
    "parse_gateway",
]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""Methods a route may allow. TRACE is not one: it would send the secrets back."""

PUBLIC_ROOTS = "public"
"""Value of ``roots`` for the machine's own list of public roots."""

DEFAULT_LISTEN = "127.0.0.1:8443"
DEFAULT_PORTS = {"https": 443, "http": 80}
HIGHEST_PORT = 65535
HIGHEST_BODY = 1 << 40
HIGHEST_TIMEOUT = 3600
HIGHEST_RATE = 1_000_000
MOST_SIGNED_BODY = 1 << 20
"""Held in memory for each request under way: its digest is in the head."""

_ALIAS = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_PATTERN = re.compile(r"[A-Za-z0-9._:*-]{1,128}")


@dataclass(frozen=True)
class Address:
    """Where to listen."""

    host: str
    port: int
    """0 lets the system choose."""

    def __str__(self) -> str:
        """As written in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Upstream:
    """Someone else's service, fixed by the maker: a device never supplies any part of it."""

    scheme: str
    """ "https", or "http" inside the maker's own network."""
    host: str
    port: int
    prefix: str
    """Path put before what the device asked for; no slash at the end."""

    @property
    def authority(self) -> str:
        """Value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        """As a URL."""
        return f"{self.scheme}://{self.authority}{self.prefix}"


@dataclass(frozen=True)
class Route:
    """One alias and what may go through it."""

    alias: str
    upstream: Upstream
    methods: tuple[str, ...]
    devices: tuple[str, ...]
    """Patterns of device ids, groups already replaced by their members; * stands for any text."""
    roots: Path | None
    """PEM file that the upstream must chain to; None for public roots."""
    allow_private: bool
    """Whether the upstream may be at a private, loopback or link-local address."""
    max_body_bytes: int
    """Largest request body."""
    timeout_seconds: int
    """How long the upstream may take to connect and answer, and to go on with an answer."""
    headers: tuple[tuple[str, str], ...]
    """Fixed headers set on every request."""
    secret_headers: tuple[tuple[str, str], ...]
    """Header name, and where its value is: a file under secrets/, "env:NAME" or
    "credential:NAME"."""
    per_minute: int = 0
    """Requests of all devices together; 0 for any number."""
    device_per_minute: int = 0
    """Requests of each device; 0 for any number."""
    paths: tuple[str, ...] = ("*",)
    """Patterns of what may be asked for behind the alias; * stands for any text."""
    sign_with: str = ""
    """Where the private key is that signs requests, as for ``secret_headers``; empty for none."""
    answer: AnswerRule | None = None
    """What is made of the upstream's answers; None to hand them on as they are."""


@dataclass(frozen=True)
class Gateway:
    """The whole [gateway] table."""

    listen: Address
    name: str
    """DNS name of the gateway; "" where the certificate is named on the command line."""
    routes: Mapping[str, Route]
    """By alias, in the order written."""


@dataclass(frozen=True)
class Limits:
    """How much and how long; every wait has a name and an end."""

    handshake_seconds: float = 10.0
    """From TCP connection to the end of the TLS handshake."""
    header_seconds: float = 10.0
    """From the first byte of a request to the end of its head."""
    body_seconds: float = 30.0
    """Between two pieces of a body; also how long a device may leave its answer unread."""
    idle_seconds: float = 75.0
    """Between requests on a connection that stays open."""
    linger_seconds: float = 2.0
    """How long bytes are still taken and thrown away after a refusal, so that it arrives."""
    drain_seconds: float = 10.0
    """How long running requests get when the gateway stops."""
    target_bytes: int = 4096
    """Path and query; what web servers commonly take at least is 8000 (RFC 9110 section 4.1)."""
    head_bytes: int = 16384
    """All headers of a message; also what may arrive without the message getting on."""
    header_count: int = 64
    connections: int = 8192
    """Devices connected at once."""
    pooled: int = 64
    """Idle connections kept per route."""
    pooled_seconds: float = 30.0
    """How long an idle upstream connection is kept; below the 60 s that many servers use."""
    fresh_seconds: float = 2.0
    """Longest idle time of a connection taken for a request that cannot be sent twice."""


def parse_address(text: str, *, where: str) -> Address:
    """HOST:PORT, an IPv6 address in brackets; ``where`` names the option or key for the error."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > HIGHEST_PORT:
        raise Misuse(f"{where} = {text!r} is not HOST:PORT", hint=f"write it like {DEFAULT_LISTEN}")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not bare or ("[" in bare) or (":" in bare and bare == host):
        raise Misuse(f"{where} = {text!r} is not HOST:PORT", hint="write IPv6 like [::1]:8443")
    return Address(host=bare, port=int(port))


def parse_gateway(maker: Maker) -> Gateway:
    """Read the maker's [gateway] table; ``Misuse`` names the key and what to write instead."""
    table = Table(maker.gateway, where="[gateway]")
    listen = parse_address(table.get("listen", str, DEFAULT_LISTEN), where="[gateway] listen")
    name = table.get("name", str, "")
    if name and not _HOST.fullmatch(name):
        raise Misuse(
            f"[gateway] name = {name!r} is not a DNS name", hint="write it in small letters"
        )
    groups = _groups(table.table("groups"))
    routes: dict[str, Route] = {}
    for entry in table.tables("routes"):
        route = _route(entry, groups, maker.folder)
        if route.alias in routes:
            raise Misuse(
                f"{entry.where} alias = {route.alias!r} is there already",
                hint="give each route a name of its own",
            )
        routes[route.alias] = route
    table.finish()
    return Gateway(listen=listen, name=name, routes=routes)


def _groups(table: Table) -> dict[str, tuple[str, ...]]:
    names = table.keys()
    return {name: _patterns(table, name, groups=False) for name in names}


def _patterns(table: Table, key: str, *, groups: bool) -> tuple[str, ...]:
    patterns = table.strings(key)
    for pattern in patterns:
        name = pattern.removeprefix("@") if groups else pattern
        if not _PATTERN.fullmatch(name):
            raise Misuse(
                f"{table.where} {key} holds {pattern!r}, which is no device id or pattern",
                hint='write ids like "sensor-17", patterns like "sensor-*"; groups only in a route',
            )
    return patterns


def _route(table: Table, groups: Mapping[str, tuple[str, ...]], folder: Path) -> Route:
    alias = table.get("alias", str)
    if not _ALIAS.fullmatch(alias):
        raise Misuse(
            f"{table.where} alias = {alias!r} cannot stand in a path",
            hint="use small letters, digits and hyphens, up to 63",
        )
    roots = table.get("roots", str, PUBLIC_ROOTS)
    allow_private = table.get("allow_private", bool, False)
    route = Route(
        alias=alias,
        upstream=_upstream(table, allow_private=allow_private),
        methods=_methods(table),
        devices=_devices(table, groups),
        roots=None if roots == PUBLIC_ROOTS else folder / roots,
        allow_private=allow_private,
        max_body_bytes=within(table, "max_body_bytes", 1 << 20, 0, HIGHEST_BODY),
        timeout_seconds=within(table, "timeout_seconds", 30, 1, HIGHEST_TIMEOUT),
        headers=read_headers(table.table("headers")),
        secret_headers=read_secret_headers(table.table("secret_headers")),
        per_minute=within(table, "per_minute", 0, 0, HIGHEST_RATE),
        device_per_minute=within(table, "device_per_minute", 0, 0, HIGHEST_RATE),
        paths=_paths(table),
        sign_with=secret_source(table, "sign_with") if "sign_with" in set(table.keys()) else "",
        answer=read_answer(table),
    )
    table.finish()
    if route.sign_with and route.max_body_bytes > MOST_SIGNED_BODY:
        raise Misuse(
            f"{table.where} signs bodies of up to {route.max_body_bytes} bytes",
            hint=f"choose max_body_bytes up to {MOST_SIGNED_BODY}: it is held until it is signed",
        )
    twice = {name.lower() for name, _ in route.headers} & {
        name.lower() for name, _ in route.secret_headers
    }
    if twice:
        raise Misuse(
            f"{table.where} sets the header {twice.pop()!r} twice",
            hint="keep it in headers or in secret_headers",
        )
    return route


def _upstream(table: Table, *, allow_private: bool) -> Upstream:
    text = table.get("upstream", str)
    fault = Misuse(
        f"{table.where} upstream = {text!r} is not a plain address",
        hint="write https://host[:port][/prefix], without user, query or fragment",
    )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise fault from error
    host = parts.hostname or ""
    if parts.scheme not in DEFAULT_PORTS or "@" in parts.netloc or "?" in text or "#" in text:
        raise fault
    if not (_HOST.fullmatch(host) or _is_address(host)) or port == 0:
        raise fault
    prefix = parts.path.rstrip("/")
    try:
        check_path(prefix.encode())
    except RefusedMessage as refused:
        raise fault from refused
    if parts.scheme == "http" and not allow_private:
        raise Misuse(
            f"{table.where} upstream = {text!r} would send everything in the clear",
            hint="use https, or set allow_private = true for a service inside your own network",
        )
    return Upstream(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme], prefix)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def _methods(table: Table) -> tuple[str, ...]:
    methods = table.strings("methods", ("GET",))
    for method in methods:
        if method not in METHODS:
            raise Misuse(
                f"{table.where} methods holds {method!r}", hint=f"choose from {', '.join(METHODS)}"
            )
    return methods


def _paths(table: Table) -> tuple[str, ...]:
    paths = table.strings("paths", ("*",))
    for path in paths:
        try:
            if path != "*":
                check_path(path.encode())
        except RefusedMessage as refused:
            raise _bad_path(table, path) from refused
        if not path.startswith(("/", "*")) or not path.isascii():
            raise _bad_path(table, path)
    return paths


def _bad_path(table: Table, path: str) -> Misuse:
    return Misuse(
        f"{table.where} paths holds {path!r}, which is no path or pattern",
        hint='write what follows the alias, like "/now" or "/stations/*"',
    )


def _devices(table: Table, groups: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    members: list[str] = []
    for pattern in _patterns(table, "devices", groups=True):
        if not pattern.startswith("@"):
            members.append(pattern)
        elif pattern[1:] in groups:
            members.extend(groups[pattern[1:]])
        else:
            near = difflib.get_close_matches(pattern[1:], groups, n=1, cutoff=0.0)
            raise Misuse(
                f"{table.where} devices names {pattern!r}, which is not in [gateway.groups]",
                hint=f'did you mean "@{near[0]}"?' if near else "add it to [gateway.groups]",
            )
    return tuple(dict.fromkeys(members))
