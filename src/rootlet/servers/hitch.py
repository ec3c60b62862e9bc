"""hitch 1.5 or newer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rootlet.servers.interface import ServerSettings
from rootlet.servers.openssl import OpensslConf, conf_beside, with_conf
from rootlet.servers.trigger import Run, Signal
from rootlet.servers.writer import ServerWriter, pid_file

__all__ = ["Hitch"]


class Hitch(ServerWriter):
    """Hands decrypted bytes on, whatever protocol they are of."""

    name = "hitch"
    summary = "exact with OPENSSL_CONF; no revocation lists"
    package = "hitch"
    complete_only = True
    found_by_config = True
    gap = (
        "a connection that comes in at the moment hitch reloads may be reset: the old worker "
        "closes a listening socket of its own before the new one has opened another "
        "(SO_REUSEPORT); devices have to ask again"
    )
    checks_crl = False

    def _words(self, settings: ServerSettings) -> dict[str, Any]:
        return {"openssl_conf": None if settings.config is None else conf_beside(settings.config)}

    def companions(self, settings: ServerSettings) -> dict[Path, str | Path]:
        """OpenSSL's configuration."""
        return OpensslConf().companion(settings)

    def start_command(self, config: Path, *, complete: bool) -> Run:
        """Start in the background."""
        argv = ("hitch", f"--pidfile={pid_file(config)}", f"--config={config}")
        return Run(with_conf(config, argv))

    def check_command(self, config: Path, *, complete: bool) -> Run:
        """``hitch --test``."""
        return Run(with_conf(config, ("hitch", "--test", f"--config={config}")))

    def reload_trigger(self, config: Path, *, complete: bool) -> Signal:
        """HUP, with its gap; when started with an absolute path."""
        note = "open connections live on, new ones get the new certificate after a moment"
        return Signal(pid_file(config), "HUP", "hitch", note)
