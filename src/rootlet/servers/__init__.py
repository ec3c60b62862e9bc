"""Configurations that hold real servers to the profile, one small file per server."""

from rootlet.servers.apache import Apache
from rootlet.servers.caddy import Caddy
from rootlet.servers.envoy import Envoy
from rootlet.servers.haproxy import Haproxy
from rootlet.servers.hitch import Hitch
from rootlet.servers.interface import (
    AcmeSource,
    ClientAuth,
    Listen,
    ServerSettings,
    parse_listen,
)
from rootlet.servers.lighttpd import Lighttpd
from rootlet.servers.mosquitto import Mosquitto
from rootlet.servers.mozilla import mozilla_configuration
from rootlet.servers.nginx import Nginx
from rootlet.servers.openssl import OpensslConf
from rootlet.servers.stunnel import Stunnel
from rootlet.servers.traefik import Traefik
from rootlet.servers.trigger import Nothing, Run, Signal, Touch, Trigger
from rootlet.servers.writer import ServerWriter

__all__ = [
    "WRITERS",
    "AcmeSource",
    "ClientAuth",
    "Listen",
    "Nginx",
    "Nothing",
    "OpensslConf",
    "Run",
    "ServerSettings",
    "ServerWriter",
    "Signal",
    "Touch",
    "Trigger",
    "mozilla_configuration",
    "parse_listen",
]

WRITERS: dict[str, type[ServerWriter]] = {
    writer.name: writer
    for writer in (
        Nginx,
        Apache,
        Haproxy,
        Lighttpd,
        Caddy,
        Traefik,
        Envoy,
        Mosquitto,
        Stunnel,
        Hitch,
        OpensslConf,
    )
}
"""Every server there is a writer for, by its name."""
