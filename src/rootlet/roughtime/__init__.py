"""Roughtime (RFC 10049): messages, Merkle tree, server and client.

::

    udp ──┬── server ──┬── merkle
          │            ├── delegation
          └── measure ── client ── message ── protocol

Only ``udp`` (sockets, clocks) and ``store`` (key files) do I/O.
"""

from rootlet.roughtime.client import SUPPORTED_VERSIONS, Sample, build_request, verify
from rootlet.roughtime.delegation import Delegation, delegate, raw_public_key
from rootlet.roughtime.measure import Exchange, contradictions, join, malfeasance_report
from rootlet.roughtime.server import MAX_BATCH, Server
from rootlet.roughtime.store import key_from_text, key_to_text, load_key, save_key
from rootlet.roughtime.udp import (
    Measurement,
    Target,
    UdpServer,
    ask,
    format_address,
    parse_address,
    take_measurement,
)

__all__ = [
    "MAX_BATCH",
    "SUPPORTED_VERSIONS",
    "Delegation",
    "Exchange",
    "Measurement",
    "Sample",
    "Server",
    "Target",
    "UdpServer",
    "ask",
    "build_request",
    "contradictions",
    "delegate",
    "format_address",
    "join",
    "key_from_text",
    "key_to_text",
    "load_key",
    "malfeasance_report",
    "parse_address",
    "raw_public_key",
    "save_key",
    "take_measurement",
    "verify",
]
