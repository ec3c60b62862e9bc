"""HAProxy 2.2 or newer, built with OpenSSL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rootlet.servers.interface import ServerSettings
from rootlet.servers.openssl import OpensslConf, conf_beside, with_conf
from rootlet.servers.trigger import Run, Signal, Trigger
from rootlet.servers.writer import ServerWriter, pid_file

__all__ = ["Haproxy"]

SYSTEM_CONFIG = "/etc/haproxy/haproxy.cfg"


class Haproxy(ServerWriter):
    """In front of an application; its master process takes up new files by new workers."""

    name = "haproxy"
    summary = "exact with OPENSSL_CONF; without it two tickets are sent"
    package = "haproxy"

    def _words(self, settings: ServerSettings) -> dict[str, Any]:
        beside = settings.config
        conf = None if beside is None else conf_beside(beside)
        return {"pair": _pair(settings), "openssl_conf": conf}

    def companions(self, settings: ServerSettings) -> dict[Path, str | Path]:
        """The pair under the two names that HAProxy looks for, and OpenSSL's configuration."""
        if settings.config is None:
            return {}
        pair = _pair(settings)
        links: dict[Path, str | Path] = {
            pair: settings.certificate,
            pair.with_name(f"{pair.name}.key"): settings.key,
        }
        return {**links, **OpensslConf().companion(settings)}

    def start_command(self, config: Path, *, complete: bool) -> Run:
        """Start a master in the background."""
        argv = ("haproxy", "-W", "-D", "-f", str(config))
        return Run(with_conf(config, argv) if complete else ("systemctl", "start", "haproxy"))

    def check_command(self, config: Path, *, complete: bool) -> Run:
        """``haproxy -c``."""
        return Run(("haproxy", "-c", "-f", str(config) if complete else SYSTEM_CONFIG))

    def reload_trigger(self, config: Path, *, complete: bool) -> Trigger:
        """USR2 to the master: measured without a failed handshake."""
        note = "open connections live on in the old worker, new ones get the new certificate"
        if not complete:
            return Run(("systemctl", "reload", "haproxy"), note)
        return Signal(pid_file(config), "USR2", "haproxy", note)


def _pair(settings: ServerSettings) -> Path:
    if settings.config is None:
        return Path("/etc/haproxy") / f"{settings.certificate.parent.name}.pem"
    return settings.config.with_name(f"{settings.config.name}.pem")
