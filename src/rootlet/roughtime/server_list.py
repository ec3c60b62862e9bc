"""Server lists in the format of RFC 10049 section 8.3: read what others publish, write our own."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rootlet.errors import Refused
from rootlet.roughtime import protocol as p

__all__ = ["LIST_MEDIA_TYPE", "ListedServer", "ServerList", "list_of", "read_list"]

LIST_MEDIA_TYPE = "application/roughtime-server+json"

MAX_SERVERS = 256
"""More than anyone runs; each is asked twice."""

GOOGLE_VERSION = 3000600613
"""What old lists write for the protocol before the IETF's, which is another one."""


@dataclass(frozen=True)
class ListedServer:
    """One that can be asked."""

    name: str
    public_key: bytes
    """Long-term Ed25519 key, 32 bytes."""
    udp: str
    """host:port, or empty."""
    tcp: str
    """host:port, or empty."""


@dataclass(frozen=True)
class ServerList:
    """What a list says."""

    servers: tuple[ListedServer, ...]
    passed_over: tuple[tuple[str, str], ...]
    """Names of those that cannot be asked, and why."""
    reports: str
    """Where reports of malfeasance may be sent; empty where nowhere."""


def _no(reason: str) -> Refused:
    return Refused(
        f"the server list cannot be used: {reason}",
        hint="RFC 10049 section 8.3 has the format; rootlet time list writes one",
        status="list",
    )


def read_list(value: object) -> ServerList:
    """What JSON was read to. ``Refused`` when it is no list, or names nobody who can be asked.

    A single server that cannot be asked, of another protocol or malformed, is passed over.
    """
    servers = value.get("servers") if isinstance(value, dict) else None
    if not isinstance(servers, list) or not all(isinstance(each, dict) for each in servers):
        raise _no("it has no list of servers")
    if len(servers) > MAX_SERVERS:
        raise _no(f"it names more than {MAX_SERVERS} servers")
    found: list[ListedServer] = []
    passed_over: list[tuple[str, str]] = []
    for place, entry in enumerate(servers, 1):
        name = entry.get("name")
        name = name if isinstance(name, str) and name.isprintable() and name else f"number {place}"
        try:
            found.append(_server(name, entry))
        except ValueError as error:
            passed_over.append((name, str(error)))
    if not found:
        why = "; ".join(f"{name}: {reason}" for name, reason in passed_over)
        raise _no(f"none of its servers can be asked ({why})" if why else "it names no server")
    if len({server.public_key for server in found}) != len(found):
        raise _no("two of its servers have the same key")
    reports = value.get("reports") if isinstance(value, dict) else None
    if not (isinstance(reports, str) and reports.startswith("https://")):
        reports = ""
    return ServerList(tuple(found), tuple(passed_over), reports)


def _server(name: str, entry: Mapping[str, Any]) -> ListedServer:
    """``ValueError`` with the reason why it cannot be asked."""
    if entry.get("version") == GOOGLE_VERSION:
        raise ValueError("it speaks the protocol before the IETF's")
    if entry.get("publicKeyType") != "ed25519":
        raise ValueError("its key is not of type ed25519")
    try:
        key = base64.b64decode(entry["publicKey"].encode("ascii"), validate=True)
    except (KeyError, AttributeError, UnicodeEncodeError, binascii.Error):
        raise ValueError("its key is not base64") from None
    if len(key) != p.KEY_BYTES:
        raise ValueError(f"its key has {len(key)} bytes, not {p.KEY_BYTES}")
    addresses = entry.get("addresses")
    by_protocol: dict[str, str] = {}
    for each in addresses if isinstance(addresses, list) else ():
        if isinstance(each, dict) and isinstance(each.get("address"), str):
            by_protocol.setdefault(str(each.get("protocol")), each["address"])
    udp, tcp = by_protocol.get("udp", ""), by_protocol.get("tcp", "")
    if not udp and not tcp:
        raise ValueError("it has no address for UDP or TCP")
    return ListedServer(name, key, udp, tcp)


def list_of(servers: Sequence[ListedServer], *, reports: str = "") -> dict[str, Any]:
    """The list as JSON has it."""
    told: dict[str, Any] = {
        "servers": [
            {
                "name": server.name,
                "version": p.VERSION_1,
                "publicKeyType": "ed25519",
                "publicKey": base64.b64encode(server.public_key).decode("ascii"),
                "addresses": [
                    {"protocol": protocol, "address": address}
                    for protocol, address in (("udp", server.udp), ("tcp", server.tcp))
                    if address
                ],
            }
            for server in servers
        ]
    }
    if reports:
        told["reports"] = reports
    return told
