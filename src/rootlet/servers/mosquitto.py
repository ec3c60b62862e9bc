"""mosquitto 2.0 (MQTT), built with OpenSSL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rootlet.servers.interface import ServerSettings
from rootlet.servers.openssl import OpensslConf, conf_beside, with_conf
from rootlet.servers.trigger import Nothing, Run, Signal, Trigger
from rootlet.servers.writer import ServerWriter, pid_file

__all__ = ["Mosquitto"]


class Mosquitto(ServerWriter):
    """The MQTT broker: a device's user name is the name in its certificate."""

    name = "mosquitto"
    summary = "exact with OPENSSL_CONF; without it every group is accepted"
    package = "mosquitto"
    protocol = "mqtt"
    hands_on = False
    not_optional = "it would ask for none"

    def _words(self, settings: ServerSettings) -> dict[str, Any]:
        return {"openssl_conf": None if settings.config is None else conf_beside(settings.config)}

    def companions(self, settings: ServerSettings) -> dict[Path, str | Path]:
        """OpenSSL's configuration."""
        return OpensslConf().companion(settings)

    def start_command(self, config: Path, *, complete: bool) -> Run:
        """Start in the background."""
        argv = ("mosquitto", "-d", "-c", str(config))
        return Run(with_conf(config, argv) if complete else ("systemctl", "start", "mosquitto"))

    def check_command(self, config: Path, *, complete: bool) -> Nothing:
        """There is none before mosquitto 2.1."""
        return Nothing("mosquitto has no check of its own: look into its log")

    def reload_trigger(self, config: Path, *, complete: bool) -> Trigger:
        """HUP: measured without a failed handshake."""
        note = "open connections live on, new ones get the new certificate"
        if not complete:
            return Run(("systemctl", "kill", "-s", "HUP", "mosquitto"), note)
        return Signal(pid_file(config), "HUP", "mosquitto", note)
