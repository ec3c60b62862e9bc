"""OpenSSL's own configuration file, for whatever reads OPENSSL_CONF."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rootlet.servers.interface import ServerSettings
from rootlet.servers.trigger import Nothing, Run
from rootlet.servers.writer import ServerWriter

__all__ = ["OpensslConf", "conf_beside", "with_conf"]


def conf_beside(config: Path) -> Path:
    """Where the OpenSSL configuration of a server's configuration is."""
    return config.with_name(f"{config.name}.openssl")


def with_conf(config: Path, argv: tuple[str, ...]) -> tuple[str, ...]:
    """A command that reads the OpenSSL configuration beside a server's."""
    return ("env", f"OPENSSL_CONF={conf_beside(config)}", *argv)


class OpensslConf(ServerWriter):
    """No server: suite, group and signature scheme of every process that reads it."""

    name = "openssl"
    summary = "exact for Python, Node.js and others; asks for no device certificate by itself"
    package = "openssl"
    hands_on = False
    checks_crl = False

    def config(self, settings: ServerSettings) -> str:
        """The same with and without a revocation list: to check devices is up to the program."""
        return super().config(replace(settings, crl=None))

    def companion(self, settings: ServerSettings) -> dict[Path, str | Path]:
        """The file beside another server's configuration."""
        if settings.config is None or settings.state is None:
            return {}
        place = conf_beside(settings.config)
        return {place: self._render("openssl.j2", settings, this=place)}

    def start_command(self, config: Path, *, complete: bool) -> Run:
        """Any command."""
        return Run(("env", f"OPENSSL_CONF={config}", "COMMAND"))

    def check_command(self, config: Path, *, complete: bool) -> Run:
        """OpenSSL says what is wrong in it."""
        return Run(("env", f"OPENSSL_CONF={config}", "openssl", "ciphers", "-s", "-tls1_3"))

    def reload_trigger(self, config: Path, *, complete: bool) -> Nothing:
        """Up to the program."""
        return Nothing("make the program load its certificate again")

    def stop_trigger(self, config: Path, *, complete: bool) -> Nothing:
        """Up to the program."""
        return Nothing("end the program")
