"""What a writer of one kind of server's configuration can do; each kind has a file of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from rootlet.errors import Misuse
from rootlet.pki import Host
from rootlet.servers.interface import ServerSettings, plain_text
from rootlet.servers.trigger import Nothing, Run, Signal, Trigger
from rootlet.servers.words import openssl_words

__all__ = ["ServerWriter", "bracketed", "pid_file"]


def pid_file(config: Path) -> Path:
    """Where a complete configuration's server writes its process number."""
    return config.with_name(f"{config.name}.pid")


def bracketed(host: Host | str) -> str:
    """A host as it stands in a URL: brackets around an IPv6 address."""
    is_v6 = isinstance(host, IPv6Address) or ":" in str(host)
    return f"[{host}]" if is_v6 else str(host)


def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("rootlet.servers", "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["plain"] = plain_text
    return templates


class ServerWriter(ABC):
    """Writes one kind of server's configuration. One file per kind."""

    name: str
    """As on the command line, and of its template."""
    summary: str
    """What of the profile it can be held to, in one line."""
    package: str
    """What installs it: a Debian package, or "pip: NAME"."""
    suffixes: tuple[str, ...] = (".conf", ".cfg", ".cnf", "")
    """What the name of a complete configuration may end with; some servers go by it."""
    protocol = "http"
    """What is spoken inside of TLS, as ``rootlet server check --request`` has it."""
    hands_on = True
    """It can hand requests on to an application."""
    serves_files = False
    """It can serve a folder's files."""
    complete_only = False
    """Its configuration is never a part of the system's."""
    acme: frozenset[str] = frozenset()
    """Profiles for which it can get its certificate by itself."""
    found_by_config = False
    """To make it reload takes the configuration's path, the system's own server's, too."""
    checks_crl = True
    """It can turn away devices that were revoked."""
    not_optional = ""
    """Why devices cannot choose whether to show their certificate; empty where they can."""
    gap = ""
    """Why a certificate cannot be replaced without a failed handshake; empty where it can."""

    def config(self, settings: ServerSettings) -> str:
        """The configuration's text, the same for the same settings; ``Misuse`` if it cannot be."""
        self._require(settings)
        return self._render(f"{self.name}.j2", settings)

    def companions(self, settings: ServerSettings) -> dict[Path, str | Path]:
        """Files that belong beside the configuration: text, or where a link leads."""
        return {}

    def _render(self, template: str, settings: ServerSettings, this: Path | None = None) -> str:
        config = settings.config
        this = this or config
        return (
            _templates()
            .get_template(template)
            .render(
                settings=settings,
                server_name=bracketed(settings.name),
                server_names=[bracketed(name) for name in settings.names],
                listen_host=bracketed(settings.listen.host),
                words=openssl_words(settings.profile),
                tickets=settings.profile.tls.tickets,
                depth=settings.profile.chain.path_length + 2,
                auth=settings.client_auth.value,
                pid_file=None if config is None else pid_file(config),
                this="THIS" if this is None else plain_text(this),
                **self._words(settings),
            )
        )

    def _words(self, settings: ServerSettings) -> dict[str, Any]:
        """What else the template needs."""
        return {}

    def _require(self, settings: ServerSettings) -> None:
        wanted = [
            *(["--proxy-to URL"] if self.hands_on else []),
            *(["--root-dir DIR"] if self.serves_files else []),
        ]
        given = settings.proxy_to, settings.root_dir
        fits = given == (None, None) if not wanted else any(given)
        fits = fits and (settings.proxy_to is None or self.hands_on)
        fits = fits and (settings.root_dir is None or self.serves_files)
        if not fits:
            hint = (
                f"give {' or '.join(wanted)}" if wanted else "leave --proxy-to and --root-dir out"
            )
            raise Misuse(f"{self.name} {self._does}", hint=hint)
        if settings.acme is not None and settings.profile.name not in self.acme:
            raise Misuse(
                f"{self.name} cannot get certificates of the profile {settings.profile.name}",
                hint="leave --acme out; rootlet agent gets the certificate and makes it reload",
            )
        if self.not_optional and settings.client_auth == "optional":
            raise Misuse(
                f"{self.name} knows no optional certificates: {self.not_optional}",
                hint="choose another server, or --client-auth required or off",
            )
        if settings.crl is not None and settings.client_auth != "off" and not self.checks_crl:
            raise Misuse(
                f"{self.name} cannot check revocation lists: devices that were revoked get in",
                hint="choose another server, or accept it: --without-crl",
            )
        if self.complete_only and settings.state is None:
            raise Misuse(
                f"a configuration of {self.name} is always a complete one",
                hint="give --standalone --out FILE",
            )
        if settings.state is not None:
            self._require_place(settings.config)

    def _require_place(self, config: Path | None) -> None:
        if config is None:
            raise Misuse("a complete configuration has a place", hint="give --out FILE")
        if config.suffix not in self.suffixes:
            raise Misuse(
                f"{self.name} goes by the name: {config.name} is none of its own",
                hint=f"end it with {self.suffixes[0]}",
            )

    @property
    def _does(self) -> str:
        if not self.hands_on and not self.serves_files:
            return "neither hands requests on nor serves files"
        if self.hands_on and self.serves_files:
            return "either hands requests on or serves files"
        return "hands requests on" if self.hands_on else "serves files"

    @abstractmethod
    def start_command(self, config: Path, *, complete: bool) -> Run:
        """How to start it; ``complete`` is whether ``config`` stands alone."""

    @abstractmethod
    def check_command(self, config: Path, *, complete: bool) -> Run | Nothing:
        """How the server itself checks its configuration."""

    @abstractmethod
    def reload_trigger(self, config: Path, *, complete: bool) -> Trigger:
        """How it takes up a certificate that was replaced."""

    def stop_trigger(self, config: Path, *, complete: bool) -> Trigger:
        """How to stop it."""
        if not complete:
            return Run(("systemctl", "stop", self.package))
        return Signal(pid_file(config), "TERM", self.name)
