"""Roughtime with roughenough, an independent implementation in Rust: each side asks the other.

    python -m tools.interop_roughenough            build it, run every check
    python -m tools.interop_roughenough --write    and keep its answers in vectors/roughtime/

It takes cargo with Rust 1.85 or newer and the crates' registry, two minutes the first time. What
its server answered is kept as packets, which `make test` checks with both of our verifiers.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rootlet.device import check_time
from rootlet.roughtime import (
    Clock,
    Delegation,
    ListedServer,
    LongTermKey,
    Server,
    Target,
    TimeListener,
    ask,
    build_request,
    delegate,
    format_address,
    key_to_text,
    list_of,
    promised,
    raw_public_key,
    take_measurement,
    verify,
)
from rootlet.roughtime import protocol as p
from rootlet.roughtime.message import decode_packet

TREE = Path(__file__).resolve().parents[1]
FOLDER = TREE / "build" / "roughenough"
VECTORS = TREE / "vectors" / "roughtime" / "roughenough.json"
VERSION = "2.2.0"
CRATES = ("roughenough-server", "roughenough-client")
LOOPBACK = "127.0.0.1"
SOON = 5.0
BATCH, KEPT = 60, 4
HOUR = 3600
VERSIONS = (p.VERSION_1, p.VERSION_DRAFT)
SEED = bytes(32)
"""Of their server's long-term key: its switch for tests, so that the packets' key is known."""


def build() -> None:
    """Both programs, unless they are there."""
    if all((FOLDER / "bin" / name.replace("-", "_")).exists() for name in CRATES):
        return
    if shutil.which("cargo") is None:
        raise SystemExit("cargo is missing; install Rust 1.85 or newer: https://rustup.rs")
    for crate in CRATES:
        print(f"building {crate} {VERSION} ...", file=sys.stderr)
        command = ["cargo", "install", crate, "--version", VERSION, "--locked", "--quiet"]
        environment = {**os.environ, "CARGO_TARGET_DIR": str(FOLDER / "target")}
        subprocess.run([*command, "--root", str(FOLDER)], check=True, env=environment)


@contextmanager
def theirs() -> Iterator[Target]:
    """Their server, with its key of zeros."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    command = [str(FOLDER / "bin" / "roughenough_server"), "-i", LOOPBACK, "-p", str(port), "-q"]
    key = raw_public_key(Ed25519PrivateKey.from_private_bytes(SEED))
    target = Target("roughenough", (LOOPBACK, port), key)
    with subprocess.Popen([*command, "-j", "1", "--insecure-zero-seed"]) as process:
        try:
            ask(target, timeout=SOON)
            yield target
        finally:
            process.terminate()


@contextmanager
def ours(ahead: int = 0) -> Iterator[ListedServer]:
    """Our server, its time wrong by so many seconds."""
    key, online = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()

    def renew(now: int) -> Delegation:
        return delegate(key, online, now=now, hours=24, versions=VERSIONS)

    server = Server([LongTermKey(raw_public_key(key), renew)], versions=VERSIONS)
    clock = Clock(promised(3), wall=lambda: time.time() + ahead)
    with closing(TimeListener((LOOPBACK, 0), server, clock)) as listener:
        thread = threading.Thread(target=listener.run)
        thread.start()
        address = format_address(listener.address)
        yield ListedServer("ours", raw_public_key(key), address, address)
        listener.stop()
        thread.join(SOON)


def client(*options: str) -> subprocess.CompletedProcess[str]:
    """Their client, to its end."""
    command = [str(FOLDER / "bin" / "roughenough_client"), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def batch(target: Target) -> list[tuple[bytes, bytes]]:
    """Many requests at once, and their responses, in the order of arrival."""
    nonces = [os.urandom(p.NONCE_BYTES) for _ in range(BATCH)]
    requests = {n: build_request(n, target.public_key, versions=(1,)) for n in nonces}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(SOON)
        link.connect(target.address)
        for request in requests.values():
            link.send(request)
        responses = [link.recv(p.MAX_PACKET_BYTES) for _ in range(BATCH)]
    return [(requests[decode_packet(each)[p.NONC]], each) for each in responses]


def our_clients_take_their_answers(kept: list[tuple[bytes, bytes]]) -> str:
    """Alone, in batches, in a measurement; by the host's verifier and by the device's."""
    with theirs() as target:
        ask(target, timeout=SOON, versions=(p.VERSION_1,))
        ask(target, timeout=SOON)
        measurement = take_measurement([target] * 3, timeout=SOON)
        if len(measurement.exchanges) != 6:
            raise SystemExit(f"a measurement failed: {measurement.failures}")
        exchanges = batch(target)
    depths = set()
    for request, response in exchanges:
        verify(request, response, target.public_key)
        check_time(request, response, target.public_key)
        depths.add(len(decode_packet(response)[p.PATH]) // p.HASH_BYTES)
    kept.extend(exchanges[:: BATCH // KEPT][:KEPT])
    if max(depths) == 0:
        raise SystemExit("their server made no batch")
    return f"{BATCH} answers, PATH of {min(depths)} to {max(depths)} nodes"


def their_client_takes_our_answers() -> str:
    """With each version, and both."""
    with ours() as server:
        host, _, port = server.udp.rpartition(":")
        for version in ("1", "19", "both"):
            done = client(
                host, port, "-k", key_to_text(server.public_key), "-P", version, "-n", "5"
            )
            if done.returncode != 0:
                raise SystemExit(f"their client with -P {version}: {done.stdout}{done.stderr}")
    return "versions 1, 0x8000000c and both, 5 answers each"


def their_client_measures_with_our_list() -> str:
    """Three of our servers, from the list that `rootlet time list` writes; then one that lies."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        file = Path(folder) / "servers.json"
        servers = [stack.enter_context(ours()) for _ in range(2)]
        for ahead, expected in ((0, "no"), (-HOUR, "a")):
            third = stack.enter_context(ours(ahead))
            file.write_text(json.dumps(list_of([*servers, third])), encoding="utf-8")
            done = client("-l", str(file), "-u", "3", "-r", "2", "-P", "both")
            said = (done.stdout + done.stderr).lower()
            lied = "causality" in said or "violation" in said or "malfeasance" in said
            if lied != (ahead != 0):
                raise SystemExit(f"their client finds not {expected} liar: {said}")
    return "three that agree, and one of three that lies, found out"


def write(kept: list[tuple[bytes, bytes]]) -> None:
    """Their packets, for `make test`."""

    def text(value: bytes) -> str:
        return base64.b64encode(value).decode("ascii")

    told = {
        "source": f"Answers of roughenough {VERSION} (roughenough-server from the crates' "
        "registry, --insecure-zero-seed) to requests of rootlet's client, "
        "by python -m tools.interop_roughenough --write",
        "publicKey": text(raw_public_key(Ed25519PrivateKey.from_private_bytes(SEED))),
        "exchanges": [{"request": text(a), "response": text(b)} for a, b in kept],
    }
    VECTORS.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Exit code 0 when every check holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--write", action="store_true", help="keep the answers of their server")
    options = parser.parse_args(arguments)
    build()
    kept: list[tuple[bytes, bytes]] = []
    checks: list[tuple[str, Callable[[], str]]] = [
        ("our clients, their server", lambda: our_clients_take_their_answers(kept)),
        ("their client, our server", their_client_takes_our_answers),
        ("their client, our server list", their_client_measures_with_our_list),
    ]
    for name, check in checks:
        print(f"{name:32} {check()}")
    if options.write:
        write(kept)
        print(f"wrote {VECTORS.relative_to(TREE)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
