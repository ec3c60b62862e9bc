"""Validation reaches what it must, and nothing that it must not; servers here are real ones."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from rootlet.ca.acme.http_validation import validator as validator_module
from rootlet.ca.acme.http_validation.addresses import Addresses, permitted
from rootlet.ca.acme.http_validation.dns01 import dns01
from rootlet.ca.acme.http_validation.http01 import http01
from rootlet.ca.acme.http_validation.interface import Task
from rootlet.ca.acme.http_validation.tls_alpn01 import EXTENSION, tls_alpn01
from rootlet.ca.acme.http_validation.validator import Validator
from rootlet.ca.acme.identifiers import Identifier, digest, server_name, text_record
from rootlet.ca.acme.model import Account, Authorization
from rootlet.ca.acme.order_store import OrderStore
from rootlet.ca.acme.problems import Problem
from rootlet.ca.acme.states import Status
from rootlet.ca.database_store import Database
from rootlet.maker_ca import AcmeRules
from support.name_server import names
from support.processes import LOOPBACK, free_port

NAME = "lamp.fleet.example.test"
TOKEN, AUTHORIZATION = "a-token", "a-token.and-a-thumbprint"
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def task(rules: AcmeRules, identifier: Identifier | None = None) -> Task:
    found = identifier or Identifier("dns", NAME)
    return Task(found, TOKEN, AUTHORIZATION, rules, Addresses(rules))


def rule(refusal: pytest.ExceptionInfo[Problem]) -> str:
    assert len(refusal.value.detail) > 20
    return refusal.value.rule


@contextlib.asynccontextmanager
async def web(answer: bytes | Answer) -> AsyncIterator[tuple[AcmeRules, list[bytes]]]:
    """A server that answers everything alike; what it was asked is listed."""
    asked: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        if isinstance(answer, bytes):
            writer.write(answer)
            writer.close()
        else:
            await answer(reader, writer)

    server = await asyncio.start_server(handle, LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield AcmeRules(http_port=port, addresses={NAME: LOOPBACK}), asked
    finally:
        server.close()


def of_http(answer: bytes | Answer) -> list[bytes]:
    async def run() -> list[bytes]:
        async with web(answer) as (rules, asked):
            await http01(task(rules))
        return asked

    return asyncio.run(run())


RIGHT = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + AUTHORIZATION.encode()


def test_http01_asks_for_the_token() -> None:
    [asked] = of_http(RIGHT + b"\r\n")
    assert asked.startswith(f"GET /.well-known/acme-challenge/{TOKEN} HTTP/1.".encode())
    assert f"Host: {NAME}:".encode() in asked


@pytest.mark.parametrize(
    "answer",
    [
        RIGHT + b"x",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\n\r\n" + AUTHORIZATION.encode(),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_000,
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 \r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nLocation: http://evil.example.test/\r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1/\r\n\r\n",
        f"HTTP/1.1 301 Moved\r\nLocation: https://{NAME}/\r\n\r\n".encode(),
        f"HTTP/1.1 301 Moved\r\nLocation: http://{NAME}:22/\r\n\r\n".encode(),
        f"HTTP/1.1 301 Moved\r\nLocation: http://user@{NAME}/\r\n\r\n".encode(),
        b"HTTP/1.1 301 Moved\r\nLocation: gopher://x/\r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nLocation: http://[\r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nLocation: /\x01\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /again\r\n\r\n",
    ],
    ids=range(15),
)
def test_http01_refuses(answer: bytes) -> None:
    with pytest.raises(Problem) as refusal:
        of_http(answer)
    assert rule(refusal) == "unauthorized"


@pytest.mark.parametrize("answer", [b"", b"x" * 100_000, b"HTTP/1.1 200 OK\r\n"])
def test_http01_of_what_does_not_answer(answer: bytes) -> None:
    with pytest.raises(Problem) as refusal:
        of_http(answer)
    assert rule(refusal) == "connection"


def test_http01_follows_to_the_same_server() -> None:
    async def run() -> list[bytes]:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            moved = b"HTTP/1.1 307 Moved\r\nlocation: /there?a=b\r\n\r\n"
            writer.write(moved if len(asked) == 1 else RIGHT)
            writer.close()

        async with web(answer) as (rules, asked):
            await http01(task(rules))
        return asked

    assert asyncio.run(run())[1].startswith(b"GET /there?a=b HTTP/1.")


def test_http01_of_a_closed_port() -> None:
    rules = AcmeRules(http_port=free_port(), addresses={NAME: LOOPBACK})
    with pytest.raises(Problem) as refusal:
        asyncio.run(http01(task(rules)))
    assert rule(refusal) == "connection"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("192.0.2.1", False),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::1", False),
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
    ],
)
def test_only_public_addresses_unless_allowed(address: str, public: bool) -> None:
    assert permitted(ip_address(address), AcmeRules()) is public
    network = ip_network("10.0.0.0/8")
    inside = address in {"10.0.0.1", "::ffff:10.0.0.1"}
    assert permitted(ip_address(address), AcmeRules(allow_private=(network,))) is (public or inside)


def test_an_address_is_connected_to_only_where_it_is_allowed() -> None:
    async def run(rules: AcmeRules) -> None:
        await http01(task(rules, Identifier("ip", LOOPBACK)))

    async def both() -> None:
        async with web(RIGHT) as (rules, asked):
            with pytest.raises(Problem) as refusal:
                await run(AcmeRules(http_port=rules.http_port))
            assert rule(refusal) == "connection"
            assert not asked
            network = ip_network("127.0.0.0/8")
            await run(AcmeRules(http_port=rules.http_port, allow_private=(network,)))
            assert asked

    asyncio.run(both())


def challenge_certificate(
    names: list[x509.GeneralName], proof: bytes, *, critical: bool = True
) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    now, name = datetime.now(UTC), x509.Name([])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
    unknown = x509.UnrecognizedExtension(EXTENSION, proof)
    made = builder.add_extension(unknown, critical=critical).sign(key, SHA256())
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM) + plain


def of_tls(
    pem: bytes, protocol: str, path: Path, identifier: Identifier | None = None
) -> list[str]:
    """Validate against a TLS server with this certificate; the names it was asked for."""
    (path / "pem").write_bytes(pem)
    asked: list[str] = []

    async def run() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path / "pem")
        context.set_alpn_protocols([protocol])
        context.sni_callback = lambda _, name, __: asked.append(name)
        server = await asyncio.start_server(lambda _, w: w.close(), LOOPBACK, 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        rules = AcmeRules(
            tls_port=port,
            addresses={NAME: LOOPBACK},
            allow_private=(ip_network("127.0.0.0/8"),),
        )
        try:
            await tls_alpn01(task(rules, identifier))
        finally:
            server.close()

    asyncio.run(run())
    return asked


PROOF = b"\x04\x20" + digest(AUTHORIZATION)
DNS = [x509.DNSName(NAME)]


def test_tls_alpn01(tmp_path: Path) -> None:
    assert of_tls(challenge_certificate([*DNS], PROOF), "acme-tls/1", tmp_path) == [NAME]
    address = Identifier("ip", LOOPBACK)
    pem = challenge_certificate([x509.IPAddress(ip_address(LOOPBACK))], PROOF)
    assert of_tls(pem, "acme-tls/1", tmp_path, address) == [server_name(address)]
    assert server_name(address) == "1.0.0.127.in-addr.arpa"


@pytest.mark.parametrize(
    ("names", "proof", "protocol", "critical"),
    [
        (DNS, PROOF, "http/1.1", True),
        (DNS, PROOF, "acme-tls/1", False),
        (DNS, PROOF[:-1] + b"\x00", "acme-tls/1", True),
        (DNS, digest(AUTHORIZATION), "acme-tls/1", True),
        ([x509.DNSName("evil.test")], PROOF, "acme-tls/1", True),
        ([*DNS, x509.DNSName("evil.test")], PROOF, "acme-tls/1", True),
        ([x509.IPAddress(ip_address(LOOPBACK))], PROOF, "acme-tls/1", True),
    ],
    ids=range(7),
)
def test_tls_alpn01_refuses(
    names: list[x509.GeneralName], proof: bytes, protocol: str, critical: bool, tmp_path: Path
) -> None:
    with pytest.raises(Problem) as refusal:
        of_tls(challenge_certificate(names, proof, critical=critical), protocol, tmp_path)
    assert rule(refusal) in {"unauthorized", "tls"}


def test_tls_alpn01_of_what_speaks_no_tls() -> None:
    async def run() -> None:
        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 mail.example.test ESMTP\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, LOOPBACK, 0)
        port = server.sockets[0].getsockname()[1]
        try:
            await tls_alpn01(task(AcmeRules(tls_port=port, addresses={NAME: LOOPBACK})))
        finally:
            server.close()

    with pytest.raises(Problem) as refusal:
        asyncio.run(asyncio.wait_for(run(), 10))
    assert rule(refusal) in {"tls", "connection"}


@pytest.mark.parametrize(
    ("texts", "right"),
    [
        ([text_record(AUTHORIZATION)], True),
        (["something-else", text_record(AUTHORIZATION)], True),
        ([f'"{text_record(AUTHORIZATION)[:9]}" "{text_record(AUTHORIZATION)[9:]}"'], True),
        (["something-else"], False),
        ([], False),
    ],
    ids=range(5),
)
def test_dns01(texts: list[str], right: bool) -> None:
    async def run() -> None:
        async with names({(f"_acme-challenge.{NAME}.", "TXT"): texts}) as resolver:
            await dns01(task(AcmeRules(resolvers=(resolver,))))

    if right:
        asyncio.run(run())
        return
    with pytest.raises(Problem) as refusal:
        asyncio.run(run())
    assert rule(refusal) == "unauthorized"


@pytest.mark.parametrize(
    ("records", "kind"),
    [
        ({}, "dns"),
        ({(f"{NAME}.", "A"): ["127.0.0.1"]}, "connection"),
        ({(f"{NAME}.", "AAAA"): ["::1"]}, "connection"),
        ({(f"{NAME}.", "A"): ["169.254.169.254", "10.0.0.1"]}, "connection"),
    ],
    ids=range(4),
)
def test_names_at_private_addresses(
    records: Mapping[tuple[str, str], list[str]], kind: str
) -> None:
    async def run() -> None:
        async with names(records) as resolver:
            await http01(task(AcmeRules(resolvers=(resolver,))))

    with pytest.raises(Problem) as refusal:
        asyncio.run(run())
    assert rule(refusal) == kind


def test_a_name_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rootlet.ca.acme.http_validation.addresses.LOOKUP_SECONDS", 0.3)
    rules = AcmeRules(resolvers=(f"{LOOPBACK}:{free_port()}",))
    with pytest.raises(Problem) as refusal:
        asyncio.run(dns01(task(rules)))
    assert rule(refusal) == "dns"


def test_a_validation_ends_in_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(validator_module, "SECONDS", 0.2)
    kept: list[object] = []
    done = threading.Event()

    class Found(Validator):
        def _keep(self, identity: str, kind: str, error: object) -> None:
            kept.append(error)
            done.set()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def run() -> None:
        with Database(tmp_path / "ca.sqlite", create=True) as database:
            await validated(OrderStore(database))

    async def validated(orders: OrderStore) -> None:
        async with web(silent) as (rules, asked):
            validator = Found(orders, rules, now=lambda: datetime.now(UTC), event=print)
            validator.start()
            now = datetime.now(UTC)
            owner = Account("account", {}, "a-thumbprint", (), Status.VALID, None, now)
            name, pending = Identifier("dns", NAME), Status.PENDING
            wanted = Authorization("id", "order", owner.id, name, pending, TOKEN, (), now)
            for _ in range(2):
                validator.submit(wanted, "http-01", owner)
            await asyncio.to_thread(done.wait, 10)
            await validator.stop()
            assert len(asked) == 1

    asyncio.run(run())
    [error] = kept
    assert isinstance(error, dict)
    assert error["type"].endswith(":connection")
