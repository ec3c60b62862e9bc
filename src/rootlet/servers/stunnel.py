"""stunnel 5.50 or newer, built with OpenSSL."""

from __future__ import annotations

from pathlib import Path

from rootlet.servers.trigger import Nothing, Run, Signal
from rootlet.servers.writer import ServerWriter, pid_file

__all__ = ["Stunnel"]


class Stunnel(ServerWriter):
    """Hands decrypted bytes on, whatever protocol they are of."""

    name = "stunnel"
    summary = "exact; a connection that comes while it takes up a new certificate is reset"
    package = "stunnel4"
    complete_only = True
    found_by_config = True
    gap = (
        "on HUP stunnel closes its listening socket and opens it again: "
        "a device that connects in between is reset"
    )

    def start_command(self, config: Path, *, complete: bool) -> Run:
        """Start in the background."""
        return Run(("stunnel", str(config)), "listens when the command returns")

    def check_command(self, config: Path, *, complete: bool) -> Nothing:
        """There is none."""
        return Nothing("stunnel has no check of its own: look into its log")

    def reload_trigger(self, config: Path, *, complete: bool) -> Signal:
        """HUP."""
        return Signal(pid_file(config), "HUP", "stunnel", self.gap)
