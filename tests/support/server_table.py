"""What the check says of each server, as docs/servers.json has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rootlet.servers import ClientAuth
from support.commands import Run
from support.live_servers import NAME, LiveServer, ServerKind
from support.processes import LOOPBACK

__all__ = ["RECORD", "labels", "recorded"]

RECORD = Path(__file__).resolve().parents[2] / "docs" / "servers.json"


def labels(
    live: LiveServer, device: Path, run: Run, *, client_auth: ClientAuth = ClientAuth.REQUIRED
) -> dict[str, str]:
    """Point and verdict, by the command itself."""
    done = run(
        *("server", "check", f"{LOOPBACK}:{live.port}", "--maker", live.maker.folder),
        *("--name", NAME, "--cert", device / "cert.pem", "--key", device / "key.pem", "--json"),
        *("--client-auth", client_auth.value),
        *("--request", "mqtt" if live.kind.kind == "mosquitto" else "http"),
    )
    assert done.code in {0, 1}, done.err
    points = {entry["point"]: entry["verdict"] for entry in done.json["points"]}
    fine = {"enforced", "not checked"}
    assert done.code == (0 if set(points.values()) <= fine else 1)
    return points


def recorded(kind: ServerKind, profile: str) -> dict[str, Any]:
    """What is written down."""
    entries = json.loads(RECORD.read_text(encoding="utf-8"))
    for entry in entries:
        if (entry["server"], entry["profile"]) == (kind.label, profile):
            points: dict[str, Any] = entry["points"]
            return points
    raise AssertionError(f"{kind.label} is not in {RECORD.name}: python -m tools.server_table")
