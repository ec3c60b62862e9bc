"""How many complete ACME orders one core makes in a second, and where its time goes.

    python -m tools.bench_acme [--orders 800] [--clients 16] [--profile c25519] [--where]

A server (rootlet ca serve, SQLite, TLS) has one core, the clients another. An order is complete
when its certificate was fetched: newOrder, authorization, challenge (http-01), order, finalize,
certificate. What counts is the server's own processor time; wall time is printed beside it.
Where machines share a processor even that changes by half from one second to the next: orders come
by the hundred, and the quickest hundred says what an undisturbed core does.

Exit code 1 where that is below the bar.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry
from tools.where import grouped, profiled

from rootlet.ca import init_ca
from rootlet.ca.acme.jws import encode
from rootlet.maker import CONFIG_NAME, load_maker, starter_text
from rootlet.profile import load_profile

__all__ = ["Result", "bench", "main"]

LOOPBACK = "127.0.0.1"
SUFFIX = ".fleet.example.test"
BAR = 80
"""Orders a second that one core has to make."""

HUNDRED = 100

POLLS = 500
POLL_SECONDS = 0.1
"""Between looks at an order: clients in use wait a second and more."""


@dataclass(frozen=True)
class Result:
    """What was measured."""

    orders: int
    cpu_seconds: tuple[float, ...]
    """Of the server, for each hundred of them."""
    wall_seconds: float

    @property
    def per_core_second(self) -> float:
        """Complete orders for one second of the core."""
        return self.orders / sum(self.cpu_seconds)

    @property
    def quickest(self) -> float:
        """The same for the hundred that took least."""
        return self.orders / len(self.cpu_seconds) / min(self.cpu_seconds)


class Connection:
    """HTTP/1.1 over one TLS connection that is kept."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self._port, self._context = port, context
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(
        self, method: str, path: str, body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                LOOPBACK, self._port, ssl=self._context, server_hostname=LOOPBACK
            )
        reader, writer = self._streams
        writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: {LOOPBACK}:{self._port}\r\n"
            f"Content-Type: application/jose+json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        length = 0 if method == "HEAD" else int(headers.get("content-length", "0"))
        return int(first.split()[1]), headers, await reader.readexactly(length)


@dataclass
class Client:
    """One account that orders again and again."""

    number: int
    base: str
    connection: Connection
    answers: dict[str, bytes]
    profile: str
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))
    nonce: str = ""
    account: str | None = None

    async def post(self, url: str, payload: Any = None) -> tuple[dict[str, str], bytes]:
        who = {"kid": self.account} if self.account else {"jwk": self.key.as_dict(private=False)}
        header = {"alg": "ES256", "nonce": self.nonce, "url": url, **who}
        raw = b"" if payload is None else json.dumps(payload).encode()
        parts = encode(json.dumps(header).encode()), encode(raw)
        signature = JWSRegistry.algorithms["ES256"].sign(".".join(parts).encode(), self.key)
        body = {"protected": parts[0], "payload": parts[1], "signature": encode(signature)}
        status, headers, content = await self.connection.request(
            "POST", url.removeprefix(self.base), json.dumps(body).encode()
        )
        self.nonce = headers["replay-nonce"]
        if status >= 300:
            raise SystemExit(f"{url}: {status} {content.decode()}")
        return headers, content

    async def begin(self) -> None:
        _, headers, _ = await self.connection.request("HEAD", "/acme/new-nonce")
        self.nonce = headers["replay-nonce"]
        made, _ = await self.post(f"{self.base}/acme/new-account", {})
        self.account = made["location"]
        self.thumbprint = self.key.thumbprint()

    async def order(self) -> None:
        name = f"c{self.number}{SUFFIX}"
        wanted = {"identifiers": [{"type": "dns", "value": name}]}
        headers, content = await self.post(f"{self.base}/acme/new-order", wanted)
        where, order = headers["location"], json.loads(content)
        _, content = await self.post(order["authorizations"][0])
        challenges = json.loads(content)["challenges"]
        challenge = next(each for each in challenges if each["type"] == "http-01")
        token = challenge["token"]
        self.answers[token] = f"{token}.{self.thumbprint}".encode()
        await self.post(challenge["url"], {})
        for _ in range(POLLS):
            await asyncio.sleep(POLL_SECONDS)
            if token not in self.answers:  # it was fetched: the result is kept in a moment
                _, content = await self.post(where)
                if json.loads(content)["status"] == "ready":
                    break
        _, content = await self.post(order["finalize"], {"csr": encode(self.csr(name))})
        done = json.loads(content)
        if done["status"] != "valid":
            raise SystemExit(f"the order is {done['status']}")
        await self.post(done["certificate"])

    def csr(self, name: str) -> bytes:
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        builder = builder.add_extension(names, critical=False)
        if self.profile == "c25519":
            made = builder.sign(ed25519.Ed25519PrivateKey.generate(), None)
        else:
            made = builder.sign(ec.generate_private_key(ec.SECP256R1()), SHA256())
        return made.public_bytes(Encoding.DER)


def make_maker(folder: Path, profile: str, clients: int, http_port: int) -> None:
    """A maker's folder with a CA that knows every client's name to be here."""
    text = starter_text("Bench", load_profile(profile), [LOOPBACK, SUFFIX])
    rules = ["[ca.acme]", f"http_port = {http_port}"]
    rules += ["requests_per_minute = 0", "orders_per_hour = 0", "accounts_per_hour = 0"]
    rules += ["[ca.acme.addresses]"]
    rules += [f'"c{number}{SUFFIX}" = "{LOOPBACK}"' for number in range(clients)]
    folder.mkdir()
    (folder / CONFIG_NAME).write_text(text + "\n" + "\n".join(rules) + "\n", encoding="utf-8")
    init_ca(load_maker(folder), b"only for this bench", now=datetime.now(UTC))


def _cpu(process: int) -> float:
    """Processor seconds of a process so far, all of its threads (proc(5))."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _orders(clients: list[Client], orders: int) -> None:
    left = iter(range(orders))

    async def work(client: Client) -> None:
        for _ in left:
            await client.order()

    await asyncio.gather(*(work(client) for client in clients))


async def _load(folder: Path, profile: str, clients: int, orders: int, dump: Path | None) -> Result:
    answers: dict[str, bytes] = {}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        token = head.split(b" ")[1].rpartition(b"/")[2].decode()
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n" + answers.pop(token, b""))
        writer.close()

    web = await asyncio.start_server(answer, LOOPBACK, 0)
    make_maker(folder, profile, clients, web.sockets[0].getsockname()[1])
    cores = sorted(os.sched_getaffinity(0))
    command = [sys.executable, "-m", "tools.where", str(dump or "-"), "ca", "serve", "--json"]
    command += ["--maker", str(folder), "--listen", f"{LOOPBACK}:0"]
    with (folder / "log").open("wb") as log:
        server = await asyncio.create_subprocess_exec(
            *command, stdout=subprocess.PIPE, stderr=log,
            preexec_fn=lambda: os.sched_setaffinity(0, cores[:1]),
        )  # fmt: skip
    os.sched_setaffinity(0, cores[1:] or cores)
    try:
        assert server.stdout is not None
        said = json.loads(await server.stdout.readline())
        base = said["url"]
        port = int(base.rpartition(":")[2])
        context = ssl.create_default_context(cafile=said["root"])
        crowd = [
            Client(number, base, Connection(port, context), answers, profile)
            for number in range(clients)
        ]
        for client in crowd:
            await client.begin()
        await _orders(crowd, clients)  # everything is loaded and every connection open
        begun, cpu = time.monotonic(), [_cpu(server.pid)]
        for start in range(0, orders, HUNDRED):
            await _orders(crowd, min(HUNDRED, orders - start))
            cpu.append(_cpu(server.pid))
        spent = tuple(later - sooner for sooner, later in pairwise(cpu))
        return Result(orders, spent, time.monotonic() - begun)
    finally:
        server.terminate()
        await server.wait()
        os.sched_setaffinity(0, cores)
        web.close()


def bench(profile: str, *, clients: int, orders: int, dump: Path | None = None) -> Result:
    """Run it in a folder of its own; ``orders`` are made by the hundred."""
    with tempfile.TemporaryDirectory(prefix="rootlet-bench-") as folder:
        return asyncio.run(_load(Path(folder) / "maker", profile, clients, orders, dump))


def main() -> int:
    """Measure, print, and fail below the bar."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--orders", type=int, default=800)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--profile", choices=["c25519", "p256"], default="c25519")
    parser.add_argument("--where", action="store_true", help="also say where the time goes")
    options = parser.parse_args()
    result = bench(options.profile, clients=options.clients, orders=options.orders)
    print(
        f"{result.orders} orders: {result.per_core_second:.0f} a second of one core, "
        f"{result.quickest:.0f} in the quickest hundred, "
        f"{result.orders / result.wall_seconds:.0f} a second by the clock"
    )
    if options.where:
        with tempfile.TemporaryDirectory() as folder:
            dump = Path(folder) / "profile"
            bench(options.profile, clients=options.clients, orders=options.orders, dump=dump)
            print(grouped(profiled(dump)))
    return 0 if result.quickest >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
