"""What every server's configuration is made from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from rootlet.errors import Misuse
from rootlet.pki import Host, parse_dns_name
from rootlet.profile import Profile

__all__ = [
    "AcmeSource",
    "ClientAuth",
    "Listen",
    "ServerSettings",
    "parse_listen",
    "plain_text",
]

HIGHEST_PORT = 65535
HTTP_PORT = 80
SAFE_TEXT = re.compile(r"[A-Za-z0-9 !#%&()*+,./:=?@\[\]^_~-]+")
"""What may stand in quotes in any server's configuration: no quote, backslash, dollar, brace,
semicolon or control character."""


HTTP_URL = re.compile(r"http://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/.*)?", re.DOTALL)


class ClientAuth(StrEnum):
    """Whether a device has to authenticate with its certificate."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    OFF = "off"


@dataclass(frozen=True)
class Listen:
    """Where a server listens, TCP."""

    host: str
    """An address, a host name, or "*" for all."""
    port: int

    def __str__(self) -> str:
        """As a person writes it: host:port, with brackets around an IPv6 address."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_listen(text: str) -> Listen:
    """Read HOST:PORT; ``Misuse`` says how it is written."""
    host, separator, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    plain = host.strip("[]") if bracketed else host
    number = int(port) if port.isdecimal() and port.isascii() else 0
    if not separator or not 1 <= number <= HIGHEST_PORT or not _is_listen_host(plain, bracketed):
        raise Misuse(
            f"{text!r} is not HOST:PORT", hint="write 127.0.0.1:8443, [::1]:8443 or *:8443"
        )
    return Listen(plain, number)


def _is_listen_host(text: str, bracketed: bool) -> bool:
    try:
        return isinstance(ip_address(text), IPv6Address) == bracketed
    except ValueError:
        name = re.fullmatch(r"[A-Za-z0-9.-]+|\*", text)
        return not bracketed and name is not None


def plain_text(value: object) -> str:
    """A value as text that means itself inside quotes; ``Misuse`` for anything that might not."""
    text = str(value)
    if not SAFE_TEXT.fullmatch(text):
        raise Misuse(
            f"{text!r} cannot be put into a server's configuration safely",
            hint="use a path or URL of letters, digits and . / _ - : without quotes or '$'",
        )
    return text


@dataclass(frozen=True)
class AcmeSource:
    """A CA that a server asks for its own certificate."""

    directory: str
    """URL."""
    root: Path
    """PEM, what the CA's own certificate is checked with; absolute."""


@dataclass(frozen=True)
class ServerSettings:
    """One server, held to the profile."""

    profile: Profile
    name: Host
    """What devices call it; its certificate holds this name."""
    listen: Listen
    certificate: Path
    """PEM, leaf then issuing CA; absolute."""
    key: Path
    """PEM; absolute."""
    clients: Path
    """PEM, what device certificates are checked with; absolute."""
    client_auth: ClientAuth
    crl: Path | None = None
    """PEM, the lists of revoked devices of every CA in ``clients``; absolute. None for no check."""
    proxy_to: str | None = None
    """Plain http URL of the application behind it, where the server hands requests on."""
    root_dir: Path | None = None
    """Folder of files to serve, instead; absolute."""
    acme: AcmeSource | None = None
    """Where the server gets its certificate by itself; None for the files above."""
    more_names: tuple[Host, ...] = ()
    """What devices call it besides, for servers that go by names."""
    config: Path | None = None
    """Where the configuration will be; absolute. Some need companions beside it."""
    state: Path | None = None
    """For a complete configuration that needs no root: folder for logs and temporary files.
    None for a part that the system's own server includes."""
    user: str | None = None
    """Whose rights a complete server's workers have when it is started by root."""

    def __post_init__(self) -> None:
        """``Misuse`` for what cannot be."""
        if self.proxy_to is not None and self.root_dir is not None:
            raise Misuse(
                "a server either hands requests on or serves files",
                hint="give one of --proxy-to URL and --root-dir DIR",
            )
        if self.proxy_to is not None and not HTTP_URL.fullmatch(self.proxy_to):
            raise Misuse(
                f"{self.proxy_to!r} is not a plain http URL",
                hint="write http://127.0.0.1:8000: the application is on the same machine; "
                "for services outside there is rootlet gateway",
            )
        for name in self.names:
            if isinstance(name, str):
                parse_dns_name(name)

    @property
    def names(self) -> tuple[Host, ...]:
        """All of them."""
        return (self.name, *self.more_names)

    @property
    def application(self) -> Listen:
        """Host and port of ``proxy_to``, for servers that hand requests on as they are."""
        found = HTTP_URL.fullmatch(self.proxy_to or "")
        if found is None:
            raise Misuse("nothing answers requests", hint="give --proxy-to http://127.0.0.1:8000")
        if (found[3] or "/") != "/":
            raise Misuse(
                f"{self.proxy_to!r} has a path, which this server cannot add to requests",
                hint="leave the path out, or choose nginx or apache",
            )
        return Listen(found[1].strip("[]"), int((found[2] or f":{HTTP_PORT}")[1:]))
