"""Roughtime (RFC 10049): messages, Merkle tree, server and client.

::

    serve ──┬── tcp_serve, clock_serve
            └── server ──┬── merkle
                         └── delegation
    udp ── measure ── client ── message ── protocol

Only these do I/O: ``serve``, ``tcp_serve``, ``udp`` and ``http_report`` (sockets),
``clock_serve`` (the clock), ``store`` and ``delegation_store`` (files).
"""

from rootlet.roughtime.client import SUPPORTED_VERSIONS, Sample, build_request, verify
from rootlet.roughtime.clock_serve import Clock, Estimate, Reading, kernel_estimate, promised
from rootlet.roughtime.delegation import Delegation, delegate, raw_public_key, sign_window
from rootlet.roughtime.delegation_store import DelegationFile, save_delegation
from rootlet.roughtime.evidence import is_evidence, report_of
from rootlet.roughtime.http_report import post_report
from rootlet.roughtime.measure import Exchange, contradictions, join, malfeasance_report
from rootlet.roughtime.plot import Bar, draw
from rootlet.roughtime.report import Proof, verify_report
from rootlet.roughtime.serve import TimeListener
from rootlet.roughtime.server import MAX_BATCH, Drop, LongTermKey, Server
from rootlet.roughtime.server_list import ListedServer, ServerList, list_of, read_list
from rootlet.roughtime.server_metrics import server_metrics
from rootlet.roughtime.store import TOKEN, key_from_text, key_to_text, load_key, save_key
from rootlet.roughtime.udp import (
    Measurement,
    Target,
    ask,
    format_address,
    parse_address,
    take_measurement,
)
from rootlet.roughtime.unit import server_unit
from rootlet.roughtime.watch import Watch, wait_after

__all__ = [
    "MAX_BATCH",
    "SUPPORTED_VERSIONS",
    "TOKEN",
    "Bar",
    "Clock",
    "Delegation",
    "DelegationFile",
    "Drop",
    "Estimate",
    "Exchange",
    "ListedServer",
    "LongTermKey",
    "Measurement",
    "Proof",
    "Reading",
    "Sample",
    "Server",
    "ServerList",
    "Target",
    "TimeListener",
    "Watch",
    "ask",
    "build_request",
    "contradictions",
    "delegate",
    "draw",
    "format_address",
    "is_evidence",
    "join",
    "kernel_estimate",
    "key_from_text",
    "key_to_text",
    "list_of",
    "load_key",
    "malfeasance_report",
    "parse_address",
    "post_report",
    "promised",
    "raw_public_key",
    "read_list",
    "report_of",
    "save_delegation",
    "save_key",
    "server_metrics",
    "server_unit",
    "sign_window",
    "take_measurement",
    "verify",
    "verify_report",
    "wait_after",
]
