"""nginx, 1.19.4 or newer, built with OpenSSL."""

from __future__ import annotations

from pathlib import Path

from rootlet.servers.trigger import Run
from rootlet.servers.writer import ServerWriter

__all__ = ["Nginx"]


class Nginx(ServerWriter):
    """The web server that can be held to the profile exactly and reloads without a gap."""

    name = "nginx"
    summary = "exact; a device without a certificate is answered 400, not with an alert"
    package = "nginx"
    serves_files = True

    def start_command(self, config: Path, *, complete: bool) -> Run:
        """Start in the background."""
        return Run(_argv(config, complete=complete), "listens when the command returns")

    def check_command(self, config: Path, *, complete: bool) -> Run:
        """``nginx -t``."""
        return Run(_argv(config, "-t", complete=complete), "changes nothing")

    def reload_trigger(self, config: Path, *, complete: bool) -> Run:
        """``nginx -s reload``: measured without a failed handshake."""
        argv = _argv(config, "-s", "reload", complete=complete)
        return Run(argv, "open connections live on, new ones get the new certificate")

    def stop_trigger(self, config: Path, *, complete: bool) -> Run:
        """``nginx -s stop``."""
        return Run(_argv(config, "-s", "stop", complete=complete), "at once")


def _argv(config: Path, *rest: str, complete: bool) -> tuple[str, ...]:
    own = ("-c", str(config), "-e", "stderr") if complete else ()
    return ("nginx", *own, *rest)
