"""Bytes that no client sends and somebody will: each is answered with a problem."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import OKPKey

from rootlet.ca.acme.jws import encode
from rootlet.ca.acme.limits import neighbours
from rootlet.ca.acme.problems import Kind, of_refusal
from rootlet.ca.clock import Measured
from rootlet.errors import Refused
from support.acme_client import BASE, NAME, Client, Server, Steady, csr_for, server_in_process
from support.asgi import Answer, ask

PREFIX = "urn:ietf:params:acme:error:"
CURVE = bytes.fromhex("06092b2403030208010107")
"""brainpoolP256r1."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    place: Path | str = tmp_path_factory.mktemp("ca") / "ca.sqlite"
    if request.param == "postgresql":
        place = request.getfixturevalue("postgres").database()
    with server_in_process(place) as found:
        yield found


@pytest.fixture
def client(server: Server) -> Client:
    found = Client(server)
    found.register()
    return found


def kind_of(answer: Answer) -> str:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return str(json.loads(answer.body)["type"]).removeprefix(PREFIX)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/acme/nothing", 404),
        ("POST", "/acme/", 404),
        ("GET", "/acme/new-order", 405),
        ("DELETE", "/acme/directory", 405),
    ],
)
def test_an_address_that_is_none_is_a_problem_too(
    server: Server, method: str, path: str, status: int
) -> None:
    answer = ask(server.app, path, method=method)
    assert (answer.status, kind_of(answer)) == (status, "malformed")
    assert f"{BASE}/acme/directory" in json.loads(answer.body)["detail"]
    assert ("allow" in answer.headers) == (status == 405)
    assert ask(server.app, "/nothing").status == 404


@pytest.mark.parametrize("text", ["\ud800", "\0"], ids=["surrogate", "nul"])
def test_what_is_no_text_is_refused_wherever_it_stands(client: Client, text: str) -> None:
    new_order, account = "/acme/new-order", f"{BASE}/acme/account/{text}"
    assert kind_of(client.post(new_order, {}, kid=account)) == "malformed"
    assert kind_of(client.post(new_order, {}, nonce=text)) == "malformed"
    assert kind_of(client.post(new_order, {"identifiers": [["a", {"b": text}]]})) == "malformed"
    stranger = Client(client.server)
    assert kind_of(stranger.register(contact=[f"mailto:{text}@example.test"])) == "malformed"
    header = encode(json.dumps({"alg": "HS256", "kid": text, "url": "x"}).encode())
    binding = {"protected": header, "payload": "", "signature": ""}
    assert kind_of(stranger.register(externalAccountBinding=binding)) == "malformed"
    assert client.order(NAME).status == 201


def test_an_escape_that_stands_for_a_character_is_taken(client: Client) -> None:
    body = json.dumps({"identifiers": [{"type": "dns", "value": NAME}], "x": "\U0001f600"})
    escaped = body.replace('"dns"', '"d\\u006es"')
    assert "\\ud83d" in escaped
    assert client.post("/acme/new-order", escaped.encode()).status == 201


@pytest.mark.parametrize("kind", ["order", "authorization", "certificate", "account", "orders"])
def test_addresses_with_a_nul(client: Client, kind: str) -> None:
    answer = client.post(f"/acme/{kind}/\0")
    assert (answer.status, kind_of(answer)) == (400, "malformed")


def _brainpool() -> bytes:
    key = ec.generate_private_key(ec.BrainpoolP256R1())
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    names = x509.SubjectAlternativeName([x509.DNSName(NAME)])
    made = builder.add_extension(names, critical=False).sign(key, SHA256())
    return made.public_bytes(Encoding.DER)


def _changed(der: bytes, old: bytes, new: bytes) -> bytes:
    assert old in der
    return der.replace(old, new, 1)


@pytest.mark.parametrize(
    "csr",
    [
        _changed(csr_for(NAME), b"\x82\x17lamp", b"\xa3\x17lamp"),
        _changed(csr_for(NAME), b"\x02\x01\x00", b"\x02\x01\x07"),
        _changed(csr_for(NAME), b"\x06\x03\x2b\x65\x70", b"\x06\x03\x2b\x65\x7a"),
        _changed(_brainpool(), CURVE, CURVE[:-1] + b"\x7d"),
    ],
    ids=["x400 name", "version", "algorithm", "curve"],
)
def test_signing_requests_that_cryptography_does_not_know(client: Client, csr: bytes) -> None:
    _, order = client.ready()
    before = client.server.issued
    assert kind_of(client.finalize(order, csr)) == "badCSR"
    assert client.server.issued == before


@pytest.mark.parametrize("reason", [[], {}, "1", 1.0, True, None, 2, -1, 10**40])
def test_reasons_that_are_none(client: Client, reason: Any) -> None:
    answer = client.post("/acme/revoke-certificate", {"certificate": "AAAA", "reason": reason})
    assert kind_of(answer) == "badRevocationReason"


def _issued(client: Client, key: ed25519.Ed25519PrivateKey | None = None) -> bytes:
    _, order = client.ready()
    done = json.loads(client.finalize(order, csr_for(NAME, key=key)).body)
    pem = client.post(done["certificate"]).body
    return x509.load_pem_x509_certificates(pem)[0].public_bytes(Encoding.DER)


def test_a_certificate_of_no_known_version_is_not_revoked(client: Client) -> None:
    der = _changed(_issued(client), b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07")
    answer = client.post("/acme/revoke-certificate", {"certificate": encode(der)})
    assert kind_of(answer) == "malformed"


def test_who_may_revoke(client: Client) -> None:
    """RFC 8555 section 7.6: the issuing account, one that proved all names, the key itself."""
    key = ed25519.Ed25519PrivateKey.generate()
    der, other = _issued(client, key), Client(client.server)
    other.register()
    asked = {"certificate": encode(der)}
    assert kind_of(other.post("/acme/revoke-certificate", asked)) == "unauthorized"
    other.ready("other.fleet.example.test")
    assert kind_of(other.post("/acme/revoke-certificate", asked)) == "unauthorized"
    other.ready()
    assert other.post("/acme/revoke-certificate", asked).status == 200
    owner = Client(client.server, OKPKey.import_key(_jwk(key)))
    assert kind_of(owner.post("/acme/revoke-certificate", asked)) == "alreadyRevoked"


def _jwk(key: ed25519.Ed25519PrivateKey) -> dict[str, str | list[str]]:
    public = encode(key.public_key().public_bytes_raw())
    return {"kty": "OKP", "crv": "Ed25519", "x": public, "d": encode(key.private_bytes_raw())}


def test_renewal_information_is_by_the_certificates_own_issuer(client: Client) -> None:
    """Also after another issuing CA took the place of the one that signed it."""
    leaf = x509.load_der_x509_certificate(_issued(client))
    found = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert found.key_identifier is not None
    number = leaf.serial_number
    serial = encode(number.to_bytes(number.bit_length() // 8 + 1))
    app, path = client.server.app, "/acme/renewal-info"
    assert ask(app, f"{path}/{encode(found.key_identifier)}.{serial}").status == 200
    assert ask(app, f"{path}/{encode(bytes(20))}.{serial}").status == 404


def test_failed_orders_are_not_listed(client: Client) -> None:
    good, _ = client.ready()
    bad, failed = client.ready()
    assert client.post(failed["authorizations"][0], {"status": "deactivated"}).status == 200
    identity = str(client.account).rpartition("/")[2]
    listed = json.loads(client.post(f"/acme/orders/{identity}").body)["orders"]
    assert good in listed
    assert bad not in listed


def test_a_wrong_clock_of_the_cas_does_not_end_an_order() -> None:
    for rule in ("clock-back", "clock-differs", "clock-unknown"):
        problem = of_refusal(Refused("the clock is wrong", hint="set it", status=rule))
        assert (problem.kind, problem.status) == (Kind.SERVER_INTERNAL, 503)
        assert "Retry-After" in problem.headers
        assert "clock" not in problem.detail
    problem = of_refusal(Refused("too long", hint="ask for less", status="message-bytes"))
    assert problem.kind is Kind.BAD_CSR


def test_the_clock_is_asked_for_once_for_many_orders(tmp_path: Path) -> None:
    asked: list[None] = []

    def measured() -> Measured:
        asked.append(None)
        return Measured(datetime.now(UTC), timedelta(seconds=1))

    with server_in_process(tmp_path / "ca.sqlite") as server:
        acme = server.acme
        acme.present = Steady(replace(acme.authority, time_source=measured))
        client = Client(server)
        client.register()
        for _ in range(3):
            _issued(client)
    assert len(asked) == 1


def test_a_fault_is_a_problem_too(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "something that was said in " + "confidence"

    def broken(*_: object) -> None:
        raise ZeroDivisionError(secret)

    monkeypatch.setattr(client.server.acme.orders, "add", broken)
    answer = client.order(NAME)
    assert (answer.status, kind_of(answer)) == (500, "serverInternal")
    _, fields = next(each for each in client.server.events if each[0] == "fault")
    assert fields["error"] == "ZeroDivisionError"
    assert secret not in answer.text + json.dumps(fields)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
    ],
)
def test_whom_a_client_is_counted_with(address: str, counted: str) -> None:
    assert neighbours(address) == counted
