"""How far validation reaches, and that whatever it meets there decides the challenge."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from rootlet.ca.acme.http_validation import validator
from rootlet.ca.acme.http_validation.addresses import Addresses, permitted
from rootlet.ca.acme.http_validation.http01 import http01
from rootlet.ca.acme.http_validation.interface import Task, Validate
from rootlet.ca.acme.http_validation.tls_alpn01 import tls_alpn01
from rootlet.ca.acme.http_validation.validator import Validator
from rootlet.ca.acme.identifiers import Identifier, digest
from rootlet.ca.acme.problems import Kind, Problem
from rootlet.maker_ca import AcmeRules
from support.acme_client import NAME, Client, server_in_process
from support.processes import LOOPBACK

AUTHORIZATION = "token.thumbprint"
ID_PE_ACME = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")


@pytest.mark.parametrize("text", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_reached(text: str) -> None:
    assert permitted(ip_address(text), AcmeRules())


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "192.0.0.9",
        "192.88.99.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::10.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0:10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:a00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_addresses_that_lead_inside_are_not_reached(text: str) -> None:
    address = ip_address(text)
    assert not permitted(address, AcmeRules())
    inner = getattr(address, "ipv4_mapped", None) or address
    assert permitted(address, AcmeRules(allow_private=(ip_network(inner),)))


@contextlib.contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does one thing to whoever connects; its port."""
    with socket.create_server((LOOPBACK, 0)) as server:

        def run() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, contextlib.suppress(OSError):
                        answer(connection)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def refusal(validate: Validate, port: int) -> Problem:
    rules = AcmeRules(http_port=port, tls_port=port, addresses={NAME: LOOPBACK})
    task = Task(Identifier("dns", NAME), "token", AUTHORIZATION, rules, Addresses(rules))

    async def run() -> None:
        async with asyncio.timeout(10):
            await validate(task)

    with pytest.raises(Problem) as caught:
        asyncio.run(run())
    return caught.value


@pytest.mark.parametrize(
    "location",
    [
        b"/elsewhere?\xe9",
        b"/\xe9",
        b"/a b",
        b"//169.254.169.254/",
        b"http://169.254.169.254/",
        b"https://lamp.fleet.example.test/",
        b"http://lamp.fleet.example.test:22/",
        b"http://a@lamp.fleet.example.test/",
        b"http://[::1/",
        b"http://lamp.fleet.example.test:99999999/",
        b"gopher://x/",
    ],
)
def test_redirects_that_are_not_followed(location: bytes) -> None:
    asked: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        asked.append(connection.recv(4096))
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\n\r\n")

    with listening(answer) as port:
        assert refusal(http01, port).kind is Kind.UNAUTHORIZED
    assert len(asked) == 1


def _certificate(
    names: list[x509.GeneralName], change: tuple[bytes, bytes] | None = None
) -> tuple[bytes, bytes]:
    """DER of a certificate for tls-alpn-01 with the right digest, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    nobody, now = x509.Name([]), datetime.now(UTC)
    proof = x509.UnrecognizedExtension(ID_PE_ACME, b"\x04\x20" + digest(AUTHORIZATION))
    made = (
        x509.CertificateBuilder()
        .subject_name(nobody)
        .issuer_name(nobody)
        .public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(proof, critical=True)
        .sign(key, SHA256())
    )
    der = made.public_bytes(Encoding.DER)
    if change is not None:
        assert change[0] in der
        der = der.replace(*change, 1)
    return der, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


NAMED = [x509.DNSName(NAME)]


@pytest.mark.parametrize(
    ("names", "change"),
    [
        (NAMED, (b"\x82\x17lamp", b"\xa3\x17lamp")),
        (NAMED, (b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07")),
        ([x509.DNSName(NAME), x509.DNSName("other.test")], None),
        ([x509.RFC822Name(f"a@{NAME}")], None),
        ([x509.UniformResourceIdentifier(NAME)], None),
        ([x509.DirectoryName(x509.Name([]))], None),
    ],
    ids=["x400 name", "version", "two names", "mail", "uri", "directory"],
)
def test_certificates_that_prove_nothing(
    names: list[x509.GeneralName], change: tuple[bytes, bytes] | None, tmp_path: Path
) -> None:
    der, key = _certificate(names, change)
    pem = (
        b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"
    )
    (tmp_path / "both.pem").write_bytes(pem + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    context.set_alpn_protocols(["acme-tls/1"])

    def answer(connection: socket.socket) -> None:
        context.wrap_socket(connection, server_side=True).close()

    with listening(answer) as port:
        assert refusal(tls_alpn01, port).kind is Kind.UNAUTHORIZED


def test_a_fault_in_validation_decides_the_challenge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would be validated again and again for as long as its client asks."""

    async def broken(_: Task) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(validator, "VALIDATIONS", {"http-01": broken})
    with server_in_process(tmp_path / "ca.sqlite") as server:
        client = Client(server)
        client.register()
        url = json.loads(client.order().body)["authorizations"][0]
        challenge = json.loads(client.post(url).body)["challenges"][0]["url"]
        client.post(challenge, {})
        acme = server.acme

        async def status() -> str:
            return str(json.loads((await asyncio.to_thread(client.post, challenge)).body)["status"])

        async def run() -> None:
            mine = Validator(acme.orders, acme.rules, now=acme.now, event=acme.event)
            mine.start()
            mine.submit(*server.submitted.pop())
            while await status() == "processing":
                await asyncio.sleep(0.01)
            await mine.stop()

        asyncio.run(asyncio.wait_for(run(), 30))
        shown = json.loads(client.post(challenge).body)
        assert shown["status"] == "invalid"
        assert shown["error"]["type"].endswith("serverInternal")
        assert json.loads(client.post(url).body)["status"] == "invalid"
        assert ("fault", {"error": "ZeroDivisionError", "challenge": "http-01"}) in server.events
