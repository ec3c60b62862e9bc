"""The gateway: forwards what devices ask of anyone else.

    model, tables, answers, policy, targets, messages, refusals, readers, addresses   pure
    rates, trimming, signing, metrics, explain                                pure
    http_device, http_exchange, http_upstream, http_deadline                  the two legs
    store, serve                                                              files, sockets

A device is known by its certificate, an upstream by its route: neither ever sees the other's
connection, keys or credentials.
"""

from rootlet.gateway.explain import describe, dry_run
from rootlet.gateway.log import AccessLog
from rootlet.gateway.model import Address, Gateway, Limits, Route, parse_address, parse_gateway
from rootlet.gateway.serve import GatewayServer, loop_factory, serve
from rootlet.gateway.signing import key_identifier
from rootlet.gateway.store import (
    ServerFiles,
    load_secrets,
    load_signers,
    server_files,
    upstream_context,
)

__all__ = [
    "AccessLog",
    "Address",
    "Gateway",
    "GatewayServer",
    "Limits",
    "Route",
    "ServerFiles",
    "describe",
    "dry_run",
    "key_identifier",
    "load_secrets",
    "load_signers",
    "loop_factory",
    "parse_address",
    "parse_gateway",
    "serve",
    "server_files",
    "upstream_context",
]
