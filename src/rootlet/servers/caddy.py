"""Caddy 2.6 or newer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rootlet.errors import Misuse
from rootlet.profile import PROFILE_NAMES
from rootlet.servers.interface import ServerSettings
from rootlet.servers.trigger import Run
from rootlet.servers.words import go_words
from rootlet.servers.writer import ServerWriter

__all__ = ["Caddy"]

SOCKET = "admin.sock"
"""Where it takes commands: of the state folder, so that nobody else can give any."""

SOCKET_PATH_BYTES = 104
"""Longest path of a Unix socket, by unix(7) 107; a few less elsewhere."""

SYSTEM_CONFIG = Path("/etc/caddy/Caddyfile")


class Caddy(ServerWriter):
    """Written in Go, whose suites of TLS 1.3 nobody can choose (golang/go#29349)."""

    name = "caddy"
    summary = "all three suites of TLS 1.3 stay on; records are not limited; no revocation lists"
    package = "caddy"
    serves_files = True
    acme = frozenset(PROFILE_NAMES)
    gap = (
        "a connection that comes in at the moment Caddy reloads may be reset, and Caddy 2.11 ends "
        "those that are open: devices have to ask again"
    )
    checks_crl = False

    def config(self, settings: ServerSettings) -> str:
        """The Caddyfile; ``Misuse`` where the path of its socket would be too long."""
        socket = None if settings.state is None else settings.state / SOCKET
        if socket is not None and len(bytes(socket)) > SOCKET_PATH_BYTES:
            raise Misuse(
                f"the socket {socket} would have more than {SOCKET_PATH_BYTES} bytes in its path",
                hint="move the maker's folder to a shorter path",
            )
        return super().config(settings)

    def _words(self, settings: ServerSettings) -> dict[str, Any]:
        return {"go": go_words(settings.profile), "socket": SOCKET}

    def start_command(self, config: Path, *, complete: bool) -> Run:
        """Start in the background."""
        return Run(_argv("start", config) if complete else ("systemctl", "start", "caddy"))

    def check_command(self, config: Path, *, complete: bool) -> Run:
        """``caddy validate``; it accepts suites of TLS 1.3 that it then ignores."""
        return Run(_argv("validate", config if complete else SYSTEM_CONFIG))

    def reload_trigger(self, config: Path, *, complete: bool) -> Run:
        """With --force: without it Caddy sees the same text and reads no file again."""
        argv = _argv("reload", config if complete else SYSTEM_CONFIG, "--force")
        return Run(
            argv,
            "open connections live on in Caddy 2.6; 2.11 ends them, with what is asked on them",
        )

    def stop_trigger(self, config: Path, *, complete: bool) -> Run:
        """``caddy stop``."""
        return Run(_argv("stop", config) if complete else ("systemctl", "stop", "caddy"))


def _argv(word: str, config: Path, *rest: str) -> tuple[str, ...]:
    return ("caddy", word, "--config", str(config), "--adapter", "caddyfile", *rest)
