"""What must be refused: with the right problem, and without anything issued or changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey, OctKey, OKPKey

from rootlet.ca.acme.http_routes import MOST_BODY
from rootlet.ca.acme.jws import encode
from support.acme_client import BASE, NAME, Client, Server, csr_for, server_in_process, sign
from support.asgi import Answer

PREFIX = "urn:ietf:params:acme:error:"
NEW_ORDER = {"identifiers": [{"type": "dns", "value": NAME}]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server_in_process(tmp_path_factory.mktemp("ca") / "ca.sqlite") as found:
        yield found


@pytest.fixture(scope="module")
def client(server: Server) -> Client:
    found = Client(server)
    assert found.register().status == 201
    return found


def refused(answer: Answer, kind: str, status: int | None = None) -> dict[str, Any]:
    """It is a problem document of that type, with a detail and a nonce to go on with."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    document: dict[str, Any] = json.loads(answer.body)
    assert document["type"] == PREFIX + kind, document
    assert len(document["detail"]) > 20
    assert document["status"] == answer.status
    assert status is None or answer.status == status
    assert "replay-nonce" in answer.headers
    return document


def test_a_nonce_is_good_once(client: Client) -> None:
    nonce = client.nonce()
    assert client.post("/acme/new-order", NEW_ORDER, nonce=nonce).status == 201
    again = client.post("/acme/new-order", NEW_ORDER, nonce=nonce)
    refused(again, "badNonce", 400)
    fresh = again.headers["replay-nonce"]
    assert client.post("/acme/new-order", NEW_ORDER, nonce=fresh).status == 201


@pytest.mark.parametrize("nonce", ["", "x", "AAAAAAAAAAAAAAAAAAAAAA", "\u00e9", ..., "a" * 500])
def test_a_nonce_of_somebody_elses_is_refused(client: Client, nonce: Any) -> None:
    refused(client.post("/acme/new-order", NEW_ORDER, nonce=nonce), "badNonce", 400)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "RS512"},
        {"alg": "ES384"},
        {"alg": ...},
        {"alg": None},
        {"alg": ["ES256"]},
    ],
    ids=str,
)
def test_other_algorithms_are_refused(client: Client, header: dict[str, Any]) -> None:
    document = refused(client.post("/acme/new-order", NEW_ORDER, **header),
                       "badSignatureAlgorithm", 400)  # fmt: skip
    assert "ES256" in document["algorithms"]


def test_an_algorithm_of_another_key_type_is_refused(client: Client) -> None:
    answer = client.post("/acme/new-order", NEW_ORDER, alg="EdDSA")
    assert refused(answer, "badSignatureAlgorithm")["algorithms"] == ["ES256"]


def test_a_hmac_over_the_public_key_is_refused(client: Client) -> None:
    public = json.dumps(client.key.as_dict(private=False)).encode()
    header = {"alg": "HS256", "nonce": client.nonce(), "url": f"{BASE}/acme/new-order"}
    header["kid"] = str(client.account)
    body = sign(OctKey.import_key(public), header, json.dumps(NEW_ORDER).encode())
    answer = client.send("/acme/new-order", json.dumps(body).encode())
    refused(answer, "badSignatureAlgorithm")


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ({"url": f"{BASE}/acme/new-account"}, "unauthorized"),
        ({"url": "https://evil.test/acme/new-order"}, "unauthorized"),
        ({"url": f"{BASE}/acme/new-order?x"}, "unauthorized"),
        ({"url": ...}, "malformed"),
        ({"url": 7}, "malformed"),
        ({"kid": ...}, "malformed"),
        ({"kid": 7}, "malformed"),
        ({"kid": f"{BASE}/acme/account/none"}, "accountDoesNotExist"),
        ({"kid": f"{BASE}/acme/order/x"}, "accountDoesNotExist"),
        ({"kid": "https://evil.test/acme/account/x"}, "accountDoesNotExist"),
        ({"crit": ["exp"]}, "malformed"),
        ({"b64": False}, "malformed"),
        ({"jku": "https://evil.test"}, "malformed"),
    ],
    ids=str,
)
def test_headers_that_are_wrong(client: Client, header: dict[str, Any], kind: str) -> None:
    refused(client.post("/acme/new-order", NEW_ORDER, **header), kind)


def test_an_order_is_not_signed_with_jwk_nor_an_account_with_kid(client: Client) -> None:
    jwk = client.key.as_dict(private=False)
    refused(client.post("/acme/new-order", NEW_ORDER, jwk=jwk), "malformed")
    refused(client.post("/acme/new-order", NEW_ORDER, jwk=jwk, kid=client.account), "malformed")
    refused(client.post("/acme/new-account", {}), "malformed")


def test_another_key_than_the_accounts_is_refused(client: Client) -> None:
    thief = Client(client.server, account=client.account)
    refused(thief.post("/acme/new-order", NEW_ORDER), "malformed")


@pytest.mark.parametrize("part", ["protected", "payload", "signature"])
def test_a_changed_envelope_is_refused(client: Client, part: str) -> None:
    body = client.envelope(f"{BASE}/acme/new-order", NEW_ORDER)
    middle = len(body[part]) // 2
    letter = "A" if body[part][middle] != "A" else "B"
    body[part] = body[part][:middle] + letter + body[part][middle + 1 :]
    answer = client.send("/acme/new-order", json.dumps(body).encode())
    assert 400 <= answer.status < 404
    assert json.loads(answer.body)["type"].startswith(PREFIX)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"{}",
        b'{"protected":1,"payload":2,"signature":3}',
        b'{"protected":"IiI","payload":"","signature":""}',
        b'{"protected":"e30=","payload":"","signature":""}',
        b'{"payload":"","protected":"e30","protected":"e30","signature":""}',
        b'{"payload":"","signatures":[{"protected":"e30","signature":""}]}',
        b'{"protected":"e30","payload":"","signature":"","header":{"alg":"ES256"}}',
        b'{"protected":' + b"[" * 8000 + b"]" * 8000 + b"}",
    ],
    ids=lambda body: body[:40].decode("latin-1"),
)
def test_what_is_no_envelope(client: Client, body: bytes) -> None:
    answer = client.send("/acme/new-order", body)
    refused(answer, "malformed", 400)


def test_bodies_that_are_too_long_or_of_another_type(client: Client) -> None:
    refused(client.send("/acme/new-order", b"x" * (MOST_BODY + 1)), "malformed", 413)
    for kind in ("application/json", "", "text/plain", "application/jose"):
        refused(client.send("/acme/new-order", b"{}", kind), "malformed", 415)


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "oct", "k": "AAAA"},
        {"kty": "EC", "crv": "P-256"},
        {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
        {"kty": ["EC"]},
        ECKey.generate_key("P-384").as_dict(private=False),
        ECKey.generate_key("P-256").as_dict(private=True),
        OKPKey.generate_key("Ed448").as_dict(private=False),
        OKPKey.generate_key("X25519").as_dict(private=False),
        {"kty": "RSA", "e": "AQAB", "n": encode(b"\xff" * 128)},
        {"kty": "RSA", "e": "AQAB", "n": encode(b"\xff" * 1024)},
    ],
    ids=lambda jwk: f"{jwk.get('kty')}-{jwk.get('crv')}-{len(jwk)}",
)
def test_keys_that_make_no_account(server: Server, jwk: dict[str, Any]) -> None:
    answer = Client(server).post("/acme/new-account", {}, jwk=jwk)
    refused(answer, "badPublicKey", 400)


def test_what_belongs_to_another_account(client: Client) -> None:
    _, order = client.ready()
    authorization = order["authorizations"][0]
    challenge = json.loads(client.post(authorization).body)["challenges"][0]["url"]
    thief, before = Client(client.server), client.server.issued
    thief.register()
    for url in (authorization, challenge, f"{BASE}/acme/order/none"):
        refused(thief.post(url), "malformed", 404)
    refused(thief.post(authorization, {"status": "deactivated"}), "malformed", 404)
    refused(thief.finalize(order, csr_for(NAME)), "malformed", 404)
    refused(thief.post(str(client.account), {"status": "deactivated"}), "unauthorized", 403)
    assert client.server.issued == before
    done = json.loads(client.finalize(order, csr_for(NAME)).body)
    refused(thief.post(done["certificate"]), "malformed", 404)
    assert client.post(done["certificate"]).status == 200


def _signed_wrongly() -> bytes:
    """The last byte is of a number with four bits that are always 0: often it is 0 itself."""
    der = csr_for(NAME)
    return der[:-1] + bytes([der[-1] ^ 1])


@pytest.mark.parametrize(
    "csr",
    [
        b"",
        b"\x30\x00",
        csr_for(),
        csr_for("other.fleet.example.test"),
        csr_for(NAME, "other.fleet.example.test"),
        csr_for(NAME, common_name="other.fleet.example.test"),
        csr_for(NAME, common_name="not a name"),
        csr_for(NAME, key=ec.generate_private_key(ec.SECP256R1())),
        csr_for(NAME, extensions=(x509.BasicConstraints(ca=True, path_length=None),)),
        csr_for(NAME, extensions=(x509.OCSPNoCheck(),)),
        _signed_wrongly(),
        csr_for(NAME) + b"\x00",
        b"\x30" * 9000,
    ],
    ids=range(13),
)
def test_signing_requests_that_do_not_fit(client: Client, csr: bytes) -> None:
    where, order = client.ready()
    before = client.server.issued
    refused(client.finalize(order, csr), "badCSR", 400)
    assert client.server.issued == before
    assert json.loads(client.post(where).body)["status"] == "ready"


def test_the_accounts_key_makes_no_certificate(server: Server) -> None:
    client = Client(server, OKPKey.generate_key("Ed25519"))
    client.register()
    _, order = client.ready()
    own: Any = client.key.private_key
    refused(client.finalize(order, csr_for(NAME, key=own)), "badCSR", 400)


@pytest.mark.parametrize(
    ("identifiers", "kind"),
    [
        ([], "malformed"),
        (None, "malformed"),
        ("x", "malformed"),
        ([NAME], "malformed"),
        ([{"type": "dns"}], "malformed"),
        ([{"type": "dns", "value": 7}], "malformed"),
        ([{"type": "dns", "value": NAME}] * 2, "malformed"),
        ([{"type": "dns", "value": NAME}] * 21, "malformed"),
        ([{"type": "dns", "value": "x" * 300}], "malformed"),
        ([{"type": "ip", "value": NAME}], "malformed"),
        ([{"type": "dns", "value": "192.0.2.7"}], "rejectedIdentifier"),
        ([{"type": "email", "value": "a@b.test"}], "unsupportedIdentifier"),
        ([{"type": "dns", "value": "*.fleet.example.test"}], "rejectedIdentifier"),
        ([{"type": "dns", "value": "evil.test"}], "rejectedIdentifier"),
        ([{"type": "dns", "value": "evilfleet.example.test"}], "rejectedIdentifier"),
        ([{"type": "ip", "value": "192.0.2.8"}], "rejectedIdentifier"),
        ([{"type": "ip", "value": "fe80::1%1"}], "malformed"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_identifiers_that_are_not_ordered(client: Client, identifiers: Any, kind: str) -> None:
    refused(client.post("/acme/new-order", {"identifiers": identifiers}), kind)


def test_each_refused_name_has_a_subproblem(client: Client) -> None:
    document = refused(client.order(NAME, "evil.test", "b.test"), "rejectedIdentifier")
    values = [each["identifier"]["value"] for each in document["subproblems"]]
    assert values == ["evil.test", "b.test"]


def test_an_order_that_is_not_ready_is_not_issued(client: Client) -> None:
    order = json.loads(client.order().body)
    before = client.server.issued
    refused(client.finalize(order, csr_for(NAME)), "orderNotReady", 403)
    assert client.server.issued == before


def test_dates_and_profiles_that_are_not_on_offer(client: Client) -> None:
    refused(client.order(notAfter="2030-01-01T00:00:00Z"), "malformed")
    refused(client.order(profile="classic"), "invalidProfile")
    refused(client.order(profile=[]), "invalidProfile")


def test_post_as_get_has_no_payload(client: Client) -> None:
    where = client.order().headers["location"]
    refused(client.post(where, {}), "malformed")


def test_a_closed_account_is_closed(server: Server) -> None:
    client = Client(server)
    client.register()
    where, order = client.ready()
    assert client.post(str(client.account), {"status": "deactivated"}).status == 200
    before = server.issued
    refused(client.order(), "unauthorized", 403)
    refused(client.finalize(order, csr_for(NAME)), "unauthorized", 403)
    refused(client.post(where), "unauthorized", 403)
    again = Client(server, client.key)
    refused(again.register(), "unauthorized", 403)
    assert server.issued == before


def test_an_order_ends(tmp_path: Path) -> None:
    moment = [datetime(2027, 3, 1, tzinfo=UTC)]
    with server_in_process(tmp_path / "ca.sqlite", now=lambda: moment[0]) as server:
        client = Client(server)
        client.register()
        where, order = client.ready()
        moment[0] += timedelta(hours=25)
        refused(client.finalize(order, csr_for(NAME)), "orderNotReady", 403)
        assert json.loads(client.post(where).body)["status"] == "invalid"
        shown = json.loads(client.post(order["authorizations"][0]).body)
        assert shown["status"] == "expired"
        assert server.issued == 0


def test_nothing_of_a_token_or_signature_is_logged(server: Server, client: Client) -> None:
    order = json.loads(client.order().body)
    token = json.loads(client.post(order["authorizations"][0]).body)["challenges"][0]["token"]
    text = json.dumps(server.events, default=str)
    assert token not in text
    assert encode(b'"alg"') not in text
