"""Start every server, check it, and write what was found into docs/.

    PYTHONPATH=tests python -m tools.server_table --write   docs/servers.json, servers.md's table
    PYTHONPATH=tests python -m tools.server_table           exit code 1 where either differs

Tests hold a live run against docs/servers.json, and the table against it, too.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys
import tempfile
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from rootlet.ca import issued_folder
from rootlet.cli import main as rootlet
from rootlet.pki import Kind
from rootlet.profile import PROFILE_NAMES
from rootlet.servers.checkup import POINTS, Point
from support.commands import Done
from support.live_servers import KINDS, NAME, ServerKind, live_server
from support.makers import deliver_device, deliver_server, made_maker
from support.nginx import Echo
from support.processes import LOOPBACK, tool
from support.server_table import RECORD, labels

DOCUMENT = RECORD.with_name("servers.md")
BEGIN, END = "<!-- from a live run: tools/server_table.py -->\n", "<!-- end -->\n"

VERSION = re.compile(r"\d+\.\d+(?:\.\d+)*")
VERSION_OPTIONS = {
    **dict.fromkeys(("nginx", "apache", "haproxy", "lighttpd"), "-v"),
    **dict.fromkeys(("caddy", "traefik"), "version"),
    **dict.fromkeys(("envoy", "hitch", "openssl"), "--version"),
    "mosquitto": "-h",
    "stunnel": "-version",
}

SIGNS = {
    "enforced": "yes",
    "works but not exclusive": "**not exclusive**",
    "refused": "**refused**",
    "wrong": "**wrong**",
    "not checked": "not checked",
}


FACTS = {
    "renewal without a failed handshake": "renews_without_gap",
    "revocation lists of devices": "checks_crl",
}
YES_OR_NO = {True: "yes", False: "**no**", None: "up to it"}


def _run(*arguments: object) -> Done:
    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        code = rootlet([str(argument) for argument in arguments])
    return Done(code, out.getvalue(), err.getvalue())


def version(kind: ServerKind) -> str:
    """What the program says of itself."""
    argv = [tool(kind.program, kind.package), VERSION_OPTIONS[kind.kind]]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    found = VERSION.search(done.stdout + done.stderr)
    return found[0] if found else "?"


def measure() -> list[dict[str, Any]]:
    """One entry for each server and profile."""
    entries: list[dict[str, Any]] = []
    with ThreadingHTTPServer((LOOPBACK, 0), Echo) as server, tempfile.TemporaryDirectory() as name:
        Thread(target=server.serve_forever, daemon=True).start()
        application = f"http://{LOOPBACK}:{server.server_port}"
        for profile in PROFILE_NAMES:
            maker = made_maker(Path(name) / profile, profile)
            deliver_server(maker, NAME)
            deliver_device(maker, "sensor-1")
            device = issued_folder(maker.folder, Kind.DEVICE, "sensor-1")
            for kind in KINDS:
                print(f"{kind.label}, {profile}", file=sys.stderr)
                with live_server(kind, maker, application) as live:
                    points = labels(live, device, _run)
                entries.append(
                    {
                        "server": kind.label,
                        "version": version(kind),
                        "profile": profile,
                        "points": points,
                        "renews_without_gap": _of_itself(kind, not kind.writer.gap),
                        "checks_crl": _of_itself(kind, kind.writer.checks_crl),
                    }
                )
        server.shutdown()
    return entries


def table(entries: list[dict[str, Any]]) -> str:
    """Servers against points, for both profiles where they differ in nothing but what is named."""
    heads = [entry for entry in entries if entry["profile"] == PROFILE_NAMES[0]]
    names = [f"{entry['server'].split('-')[0]} {entry['version']}" for entry in heads]
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for point in POINTS:
        cells = [_cell(entries, entry["server"], point) for entry in heads]
        lines.append(f"| {POINTS[point]} | {' | '.join(cells)} |")
    for row, key in FACTS.items():
        lines.append(f"| {row} | {' | '.join(YES_OR_NO[entry[key]] for entry in heads)} |")
    return "\n".join(lines) + "\n"


def _of_itself(kind: ServerKind, fact: bool) -> bool | None:
    """None where it is up to the program that reads OPENSSL_CONF."""
    return None if kind.kind == "openssl" else fact


def _cell(entries: list[dict[str, Any]], server: str, point: Point) -> str:
    found = {
        entry["profile"]: SIGNS[entry["points"][point.value]]
        for entry in entries
        if entry["server"] == server
    }
    shown = {sign for sign in found.values() if sign != SIGNS["not checked"]}
    if len(shown) <= 1:
        return next(iter(shown), SIGNS["not checked"])
    return ", ".join(f"{profile}: {sign}" for profile, sign in found.items())


def document(entries: list[dict[str, Any]]) -> str:
    """servers.md with the table of these entries."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    return before + BEGIN + "\n" + table(entries) + "\n" + END + rest.split(END, 1)[1]


def main(argv: list[str]) -> int:
    """Measure, and write or compare."""
    entries = measure()
    record = json.dumps(entries, indent=2) + "\n"
    if argv == ["--write"]:
        RECORD.write_text(record, encoding="utf-8")
        DOCUMENT.write_text(document(entries), encoding="utf-8")
    texts = {RECORD: record, DOCUMENT: document(entries)}
    differing = [path for path, text in texts.items() if path.read_text(encoding="utf-8") != text]
    for path in differing:
        print(f"differs: {path.name}; run: PYTHONPATH=tests python -m tools.server_table --write")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
