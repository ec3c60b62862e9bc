"""nginx, 1.19.4 or newer, built with OpenSSL."""

from __future__ import annotations

from ipaddress import IPv6Address
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from rootlet.servers.interface import (
    ClientAuth,
    ServerCommand,
    ServerSettings,
    ServerWriter,
    plain_text,
)
from rootlet.servers.openssl_words import openssl_words

__all__ = ["Nginx"]

VERIFY_CLIENT = {
    ClientAuth.REQUIRED: "on",
    ClientAuth.OPTIONAL: "optional",
    ClientAuth.OFF: "off",
}


class Nginx(ServerWriter):
    """The web server that can be held to the profile exactly and reloads without a gap."""

    name = "nginx"
    summary = "exact; a device without a certificate is answered 400, not with an alert"

    def __init__(self) -> None:
        templates = Environment(
            loader=PackageLoader("rootlet.servers", "."),
            autoescape=select_autoescape(),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        templates.filters["plain"] = plain_text
        self._template = templates.get_template("nginx.conf.j2")

    def config(self, settings: ServerSettings) -> str:
        """A server block, or a whole nginx.conf where ``settings.state`` is given."""
        host = settings.name
        return self._template.render(
            settings=settings,
            server_name=f"[{host}]" if isinstance(host, IPv6Address) else str(host),
            words=openssl_words(settings.profile),
            tickets=settings.profile.tls.tickets,
            depth=settings.profile.chain.path_length + 2,
            verify_client=VERIFY_CLIENT[settings.client_auth],
        )

    def start_command(self, config: Path, *, complete: bool) -> ServerCommand:
        """Start in the background."""
        return ServerCommand(_argv(config, complete=complete), "listens when the command returns")

    def check_command(self, config: Path, *, complete: bool) -> ServerCommand:
        """``nginx -t``."""
        return ServerCommand(_argv(config, "-t", complete=complete), "changes nothing")

    def reload_command(self, config: Path, *, complete: bool) -> ServerCommand:
        """``nginx -s reload``: measured without a failed handshake."""
        argv = _argv(config, "-s", "reload", complete=complete)
        return ServerCommand(argv, "open connections live on, new ones get the new certificate")

    def stop_command(self, config: Path, *, complete: bool) -> ServerCommand:
        """``nginx -s stop``."""
        return ServerCommand(_argv(config, "-s", "stop", complete=complete), "at once")


def _argv(config: Path, *rest: str, complete: bool) -> tuple[str, ...]:
    own = ("-c", str(config), "-e", "stderr") if complete else ()
    return ("nginx", *own, *rest)
