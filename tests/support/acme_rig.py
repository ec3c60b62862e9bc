"""A maker with a CA whose ACME server runs as a process of its own on loopback."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from rootlet.ca import init_ca
from rootlet.maker import CONFIG_NAME, Maker, load_maker, starter_text
from rootlet.profile import load_profile
from support.makers import PASSPHRASE
from support.processes import LOOPBACK, free_port

__all__ = ["ANY", "AcmeServer", "Rig", "acme_maker", "acme_server", "http_answers", "rig"]

ANY = ("127.0.0.1", ".fleet.example.test", "api.example.test")
WAIT = 30


def acme_maker(
    folder: Path,
    profile: str = "c25519",
    *,
    addresses: tuple[str, ...] = ("a.fleet.example.test", "b.fleet.example.test"),
    profiles: Mapping[str, str] | None = None,
    http_port: int = 80,
    tls_port: int = 443,
    more: str = "",
    database: str = "",
) -> Maker:
    """A maker's folder with a CA; names are at loopback, and validation asks these ports."""
    folder.mkdir(parents=True, exist_ok=True)
    text = starter_text("Example", load_profile(profile), ANY)
    text = text.replace('database = ""', f'database = "{database}"')
    table = [f"[ca.acme]\nhttp_port = {http_port}\ntls_port = {tls_port}\n", more]
    table.append("[ca.acme.addresses]\n")
    table += [f'"{name}" = "{LOOPBACK}"\n' for name in addresses]
    if profiles:
        table.append("[ca.acme.profiles]\n")
        table += [f'"{name}" = "{life}"\n' for name, life in profiles.items()]
    (folder / CONFIG_NAME).write_text(text + "\n" + "\n".join(table), encoding="utf-8")
    maker = load_maker(folder)
    init_ca(maker, PASSPHRASE, now=datetime.now(UTC))
    return maker


@dataclass(frozen=True)
class AcmeServer:
    """A server that runs."""

    directory: str
    listening: str
    """Where it is, whatever it is called."""
    root: Path
    """What its clients trust."""
    log: Path
    process: subprocess.Popen[str]

    def events(self, name: str) -> list[dict[str, object]]:
        """Lines of its log."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in found if line["event"] == name]

    def kill(self) -> None:
        """As a crash does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(WAIT)


@contextlib.contextmanager
def acme_server(maker: Maker, *options: str, port: int = 0) -> Iterator[AcmeServer]:
    """``rootlet ca serve`` until it is no longer needed; a stop must be a clean one."""
    log = maker.folder / "serve.log"
    command = [sys.executable, "-m", "rootlet", "ca", "serve", "--maker", str(maker.folder)]
    command += ["--listen", f"{LOOPBACK}:{port}", "--json", *options]
    with log.open("a", encoding="utf-8") as output:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=output, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, f"the server did not start:\n{log.read_text(encoding='utf-8')}"
        fields = json.loads(line)
        listening = f"https://{LOOPBACK}:{fields['port']}"
        yield AcmeServer(fields["directory"], listening, Path(fields["root"]), log, process)
    finally:
        killed = process.poll() is not None
        process.terminate()
        code = process.wait(WAIT)
        process.stdout.close()
    assert killed or code == 0, log.read_text(encoding="utf-8")


@contextlib.contextmanager
def http_answers(port: int) -> Iterator[dict[str, bytes]]:
    """A web server for http-01: path to body, filled by the test."""
    bodies: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = bodies.get(self.path)
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((LOOPBACK, port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield bodies
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


LABELS = ("a", "b", "certbot", "lego", "dehydrated", "caddy")
PROFILES = {"day": "24h", "short": "1h"}


@dataclass(frozen=True)
class Rig:
    maker: Maker
    server: AcmeServer
    http_port: int
    tls_port: int


def rig(folder: Path, profile: str, more: str = "") -> Iterator[Rig]:
    http_port, tls_port = free_port(), free_port()
    names = tuple(f"{label}.fleet.example.test" for label in LABELS)
    maker = acme_maker(
        folder,
        profile,
        addresses=names,
        profiles=PROFILES,
        http_port=http_port,
        tls_port=tls_port,
        more=more,
    )
    with acme_server(maker) as server:
        yield Rig(maker, server, http_port, tls_port)
