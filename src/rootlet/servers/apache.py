"""Apache httpd 2.4.36 or newer with mod_ssl."""

from __future__ import annotations

from pathlib import Path

from rootlet.servers.trigger import Run
from rootlet.servers.writer import ServerWriter

__all__ = ["Apache"]


class Apache(ServerWriter):
    """Debian's apache2; its modules are where Debian has them."""

    name = "apache"
    summary = "exact"
    package = "apache2"
    serves_files = True

    def start_command(self, config: Path, *, complete: bool) -> Run:
        """Start in the background."""
        return Run(_argv(config, "-k", "start", complete=complete), "listens soon afterwards")

    def check_command(self, config: Path, *, complete: bool) -> Run:
        """``apache2 -t``."""
        return Run(_argv(config, "-t", complete=complete), "changes nothing")

    def reload_trigger(self, config: Path, *, complete: bool) -> Run:
        """A graceful restart: measured without a failed handshake."""
        argv = _argv(config, "-k", "graceful", complete=complete)
        return Run(argv, "open connections live on, new ones get the new certificate")

    def stop_trigger(self, config: Path, *, complete: bool) -> Run:
        """``apache2 -k stop``."""
        return Run(_argv(config, "-k", "stop", complete=complete), "at once")


def _argv(config: Path, *rest: str, complete: bool) -> tuple[str, ...]:
    return ("apache2", "-f", str(config), *rest) if complete else ("apache2ctl", *rest)
