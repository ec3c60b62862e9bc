"""Configurations that hold real servers to the profile, one small file per server."""

from rootlet.servers.interface import (
    ClientAuth,
    Listen,
    ServerCommand,
    ServerSettings,
    ServerWriter,
    parse_listen,
)
from rootlet.servers.nginx import Nginx

__all__ = [
    "WRITERS",
    "ClientAuth",
    "Listen",
    "Nginx",
    "ServerCommand",
    "ServerSettings",
    "ServerWriter",
    "parse_listen",
]

WRITERS: dict[str, type[ServerWriter]] = {Nginx.name: Nginx}
"""Every server there is a writer for, by its name."""
