"""lighttpd 1.4.56 or newer with mod_openssl."""

from __future__ import annotations

from pathlib import Path

from rootlet.servers.trigger import Run, Signal, Trigger
from rootlet.servers.writer import ServerWriter, pid_file

__all__ = ["Lighttpd"]

SYSTEM_CONFIG = "/etc/lighttpd/lighttpd.conf"


class Lighttpd(ServerWriter):
    """Small, and exact; but no server for certificates that are replaced every day."""

    name = "lighttpd"
    summary = "exact; cannot take up a new certificate while a connection is open"
    package = "lighttpd lighttpd-mod-openssl"
    serves_files = True
    not_optional = "it would let in those of strangers, too"
    gap = (
        "on USR1 lighttpd answers nobody until the last open connection has ended: "
        "one idle device holds up all others"
    )

    def start_command(self, config: Path, *, complete: bool) -> Run:
        """Start in the background."""
        argv = ("lighttpd", "-f", str(config))
        return Run(argv if complete else ("systemctl", "start", "lighttpd"))

    def check_command(self, config: Path, *, complete: bool) -> Run:
        """``lighttpd -tt``."""
        return Run(("lighttpd", "-tt", "-f", str(config) if complete else SYSTEM_CONFIG))

    def reload_trigger(self, config: Path, *, complete: bool) -> Trigger:
        """A graceful restart, which has a gap."""
        if not complete:
            return Run(("systemctl", "restart", "lighttpd"), "open connections end")
        return Signal(pid_file(config), "USR1", "lighttpd", self.gap)

    def stop_trigger(self, config: Path, *, complete: bool) -> Trigger:
        """TERM."""
        if not complete:
            return Run(("systemctl", "stop", "lighttpd"))
        return Signal(pid_file(config), "TERM", "lighttpd")
