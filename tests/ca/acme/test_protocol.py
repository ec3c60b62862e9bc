"""Accounts, orders, renewal information, revocation: what RFC 8555 and RFC 9773 promise."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import ECKey, OctKey, OKPKey

from rootlet.ca import Status
from rootlet.ca.acme.ari import certificate_id
from rootlet.ca.acme.jws import encode
from rootlet.ca.acme.model import BindingKey
from rootlet.ca.acme.order_store import Lost, OrderRecords
from rootlet.errors import Environment
from rootlet.maker_ca import AcmeRules
from support.acme_client import (
    BASE,
    NAME,
    Client,
    Server,
    Steady,
    csr_for,
    server_in_process,
    sign,
)
from support.asgi import ask

OTHER = "other.fleet.example.test"
NEW_ACCOUNT = f"{BASE}/acme/new-account"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with server_in_process(tmp_path / "ca.sqlite") as found:
        yield found


def problem(answer: Any) -> str:
    document = json.loads(answer.body)
    return str(document["type"]).rpartition(":")[2]


def certificate(client: Client, order: dict[str, Any], csr: bytes = b"") -> x509.Certificate:
    done = json.loads(client.finalize(order, csr or csr_for(NAME)).body)
    assert done["status"] == "valid", done
    answer = client.post(done["certificate"])
    assert answer.headers["content-type"] == "application/pem-certificate-chain"
    return x509.load_pem_x509_certificates(answer.body)[0]


@pytest.mark.parametrize("kind", ["ES256", "EdDSA", "Ed25519"])
def test_a_whole_order(place: Path | str, kind: str) -> None:
    with server_in_process(place) as server:
        key = ECKey.generate_key("P-256") if kind == "ES256" else OKPKey.generate_key("Ed25519")
        client = Client(server, key)
        made = client.register(contact=["mailto:who@example.test"])
        assert made.status == 201
        where, order = client.ready(NAME, OTHER)
        answer = client.post(order["finalize"], {"csr": encode(csr_for(OTHER, NAME))}, alg=kind)
        done = json.loads(answer.body)
        assert (answer.status, done["status"]) == (200, "valid")
        assert json.loads(client.post(where).body) == done
        serial = done["certificate"].rpartition("/")[2]
        record = server.acme.records.with_serial(serial)
        assert record is not None
        assert (record.names, record.status) == ((NAME, OTHER), Status.RECORDED)
        chain = x509.load_pem_x509_certificates(client.post(done["certificate"]).body)
        chain[0].verify_directly_issued_by(chain[1])
        again = server.acme.records.with_serial(serial)
        assert again is not None
        assert again.status is Status.DELIVERED
        # Finalized again, as a client does that lost the answer: the same certificate.
        assert json.loads(client.finalize(order, csr_for(NAME, OTHER)).body) == done
        assert server.issued == 1


def test_an_account_is_found_by_its_key(server: Server) -> None:
    client = Client(server)
    only = Client(server, client.key).post("/acme/new-account", {"onlyReturnExisting": True})
    assert (only.status, problem(only)) == (400, "accountDoesNotExist")
    made = client.register()
    again = Client(server, client.key)
    found = again.post("/acme/new-account", {"onlyReturnExisting": True})
    assert (found.status, found.headers["location"]) == (200, made.headers["location"])
    changed = client.post(str(client.account), {"contact": ["mailto:new@example.test"]})
    assert json.loads(changed.body)["contact"] == ["mailto:new@example.test"]
    assert json.loads(client.post(str(client.account)).body)["status"] == "valid"


@pytest.mark.parametrize(
    ("contact", "kind"),
    [
        (["tel:+1"], "unsupportedContact"),
        (["mailto:a@b.test,c@d.test"], "invalidContact"),
        (["mailto:a@b.test?subject=x"], "invalidContact"),
        (["mailto:"], "invalidContact"),
        ("mailto:a@b.test", "malformed"),
        ([7], "unsupportedContact"),
    ],
)
def test_contacts(server: Server, contact: Any, kind: str) -> None:
    assert problem(Client(server).register(contact=contact)) == kind


def test_a_key_is_changed(server: Server) -> None:
    client, other = Client(server), Client(server)
    client.register()
    other.register()
    new = OKPKey.generate_key("Ed25519")

    def change(key: Any, **wrong: Any) -> Any:
        url = f"{BASE}/acme/key-change"
        algorithm = "EdDSA" if isinstance(key, OKPKey) else "ES256"
        header = {"alg": algorithm, "jwk": key.as_dict(private=False), "url": url}
        values = {"account": client.account, "oldKey": client.key.as_dict(private=False)}
        inner = sign(key, header | wrong.pop("header", {}), json.dumps(values | wrong).encode())
        return client.post("/acme/key-change", inner)

    for wrong in (
        {"account": other.account},
        {"oldKey": other.key.as_dict(private=False)},
        {"oldKey": None},
        {"header": {"url": f"{BASE}/acme/new-order"}},
        {"header": {"nonce": client.nonce()}},
        {"header": {"jwk": other.key.as_dict(private=False)}},
    ):
        assert change(new, **wrong).status == 400, wrong
    taken = change(other.key)
    assert (taken.status, taken.headers["location"]) == (409, other.account)
    assert change(new).status == 200
    assert client.order().status == 400
    client.key = new
    assert client.order().status == 201


def bound(client: Client, kid: str, secret: bytes, **wrong: Any) -> Any:
    header = {"alg": "HS256", "kid": kid, "url": NEW_ACCOUNT} | wrong
    public = json.dumps(client.key.as_dict(private=False)).encode()
    return client.register(externalAccountBinding=sign(OctKey.import_key(secret), header, public))


def test_an_external_account(tmp_path: Path) -> None:
    rules, secret = AcmeRules(external_account_required=True), secrets.token_bytes(32)
    with server_in_process(tmp_path / "ca.sqlite", rules) as server:
        directory = json.loads(ask(server.app, "/acme/directory").body)
        assert directory["meta"]["externalAccountRequired"] is True
        names = (NAME, ".lamps.fleet.example.test")
        key = BindingKey("kid-1", "team", secret, names, server.acme.now())
        server.acme.accounts.add_key(key)
        assert problem(Client(server).register()) == "externalAccountRequired"
        assert problem(bound(Client(server), "kid-2", secret)) == "unauthorized"
        assert problem(bound(Client(server), "kid-1", secrets.token_bytes(32))) == "unauthorized"
        wrong = bound(Client(server), "kid-1", secret, url=f"{BASE}/acme/new-order")
        assert problem(wrong) == "malformed"
        wrong = bound(Client(server), "kid-1", secret, alg="HS512")
        assert problem(wrong) == "badSignatureAlgorithm"
        client, other = Client(server), Client(server)
        client.key, right = other.key, client.key
        header = {"alg": "HS256", "kid": "kid-1", "url": NEW_ACCOUNT}
        public = json.dumps(right.as_dict(private=False)).encode()
        binding = sign(OctKey.import_key(secret), header, public)
        assert problem(client.register(externalAccountBinding=binding)) == "malformed"
        assert bound(client, "kid-1", secret).status == 201
        assert client.order(NAME, "a.lamps.fleet.example.test").status == 201
        assert problem(client.order(OTHER)) == "rejectedIdentifier"
        assert server.acme.accounts.remove_key("team") == 1
        server.acme.accounts._known.clear()
        assert problem(client.order()) == "unauthorized"


def test_the_orders_of_an_account(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rootlet.ca.acme.http_accounts.PAGE", 2)
    client, other = Client(server), Client(server)
    account = json.loads(client.register().body)
    other.register()
    other.order()
    made = {client.order().headers["location"] for _ in range(3)}
    first = client.post(account["orders"])
    following = first.headers["link"]
    found = json.loads(first.body)["orders"]
    assert len(found) == 2
    assert 'rel="next"' in following
    more = client.post(f"{account['orders']}?cursor=2")
    assert set(found + json.loads(more.body)["orders"]) == made
    assert other.post(account["orders"]).status == 404


def test_an_authorization_is_given_up(server: Server) -> None:
    client = Client(server)
    client.register()
    where, order = client.ready()
    url = order["authorizations"][0]
    assert problem(client.post(url, {"status": "valid"})) == "malformed"
    assert json.loads(client.post(url, {"status": "deactivated"}).body)["status"] == "deactivated"
    assert json.loads(client.post(where).body)["status"] == "invalid"
    assert problem(client.finalize(order, csr_for(NAME))) == "orderNotReady"
    assert server.issued == 0


def test_a_failed_challenge_ends_its_order(server: Server) -> None:
    client = Client(server)
    client.register()
    made = client.order(NAME, OTHER)
    urls = json.loads(made.body)["authorizations"]
    for url in urls:
        client.post(json.loads(client.post(url).body)["challenges"][0]["url"], {})
    _, second = server.submitted
    server.validated(None, at=0)
    error = {"type": "urn:ietf:params:acme:error:dns", "detail": "no such name"}
    server.submitted.append(second)
    server.validated(error)
    server.validated(None)  # too late
    order = json.loads(client.post(made.headers["location"]).body)
    assert (order["status"], order["error"]) == ("invalid", error)
    shown = json.loads(client.post(urls[1]).body)
    assert [each["error"] for each in shown["challenges"]] == [error]


def test_renewal_information(tmp_path: Path) -> None:
    moment = [datetime(2027, 3, 1, 12, tzinfo=UTC)]
    rules = AcmeRules(profiles={"short": timedelta(minutes=100), "minute": timedelta(minutes=1)})
    with server_in_process(tmp_path / "ca.sqlite", rules, now=lambda: moment[0]) as server:
        client = Client(server)
        client.register()
        _, order = client.ready(profile="minute")
        assert order["profile"] == "minute"
        short = certificate(client, order)
        life = short.not_valid_after_utc - moment[0]
        assert timedelta(seconds=58) <= life <= timedelta(seconds=60)
        leaf = certificate(client, client.ready()[1])
        path = f"/acme/renewal-info/{certificate_id(leaf)}"
        answer = ask(server.app, path)
        assert json.loads(answer.body)["suggestedWindow"] == {
            "start": "2027-03-01T12:44:59Z",
            "end": "2027-03-01T12:54:59Z",
        }
        assert 60 <= int(answer.headers["retry-after"]) <= 600
        revoked = {"certificate": encode(leaf.public_bytes(Encoding.DER)), "reason": 4}
        assert client.post("/acme/revoke-certificate", revoked).status == 200
        end = json.loads(ask(server.app, path).body)["suggestedWindow"]["end"]
        assert end < "2027-03-01T12:00:00Z"


@pytest.mark.parametrize(
    "text", ["x", "a.b.c", ".", "AAAA.", ".AQ", "AAAA.gA", "AAAA.AQ==", "A" * 200]
)
def test_no_renewal_information_for_what_is_not_ours(server: Server, text: str) -> None:
    answer = ask(server.app, f"/acme/renewal-info/{text}")
    assert answer.status in {400, 404}
    assert problem(answer) == "malformed"


def test_a_certificate_is_replaced_once(server: Server) -> None:
    client, other = Client(server), Client(server)
    client.register()
    other.register()
    old = certificate_id(certificate(client, client.ready()[1]))
    assert problem(other.order(replaces=old)) == "malformed"
    assert problem(client.order(OTHER, replaces=old)) == "malformed"
    assert problem(client.order(replaces=7)) == "malformed"
    _, order = client.ready(replaces=old)
    assert order["replaces"] == old
    taken = client.order(replaces=old)
    assert (taken.status, problem(taken)) == (409, "alreadyReplaced")
    client.post(order["authorizations"][0], {"status": "deactivated"})
    assert client.order(replaces=old).status == 201


def test_revocation_by_account_by_key_and_by_nobody_else(server: Server) -> None:
    client, other = Client(server), Client(server)
    client.register()
    other.register()
    key = ed25519.Ed25519PrivateKey.generate()
    leaf = certificate(client, client.ready()[1], csr_for(NAME, key=key))
    payload = {"certificate": encode(leaf.public_bytes(Encoding.DER))}
    path = "/acme/revoke-certificate"
    assert problem(other.post(path, payload)) == "unauthorized"
    assert problem(Client(server).post(path, payload)) == "unauthorized"
    for reason in (2, 7, 11, -1, "1", True):
        assert problem(client.post(path, {**payload, "reason": reason})) == "badRevocationReason"
    issuing = server.acme.authority.issuing.public_bytes(Encoding.DER)
    assert problem(client.post(path, {"certificate": encode(issuing)})) == "unauthorized"
    assert problem(client.post(path, {"certificate": "AAAA"})) == "malformed"
    holder = Client(server, OKPKey.import_key(key))
    assert holder.post(path, payload).status == 200
    assert problem(client.post(path, payload)) == "alreadyRevoked"
    serial = f"{leaf.serial_number:032x}"
    assert problem(client.post(f"/acme/certificate/{serial}")) == "unauthorized"


def test_a_fault_of_the_machine_leaves_the_order_ready(server: Server) -> None:
    client = Client(server)
    client.register()
    where, order = client.ready()
    authority, present = server.acme.authority, server.acme.present

    def full(_: object) -> bytes:
        raise Environment("no space left in /secret/place", hint="make room")

    server.acme.present = Steady(replace(authority, random=full))
    answer = client.finalize(order, csr_for(NAME))
    assert (answer.status, problem(answer)) == (503, "serverInternal")
    assert answer.headers["retry-after"]
    assert "secret" not in answer.text
    assert json.loads(client.post(where).body)["status"] == "ready"
    server.acme.present = present
    assert certificate(client, order)


def test_of_two_that_finish_an_order_one_does(server: Server) -> None:
    client = Client(server)
    client.register()
    where, _ = client.ready()
    identity = where.rpartition("/")[2]
    records = OrderRecords(server.acme.records, identity)
    authority = replace(server.acme.authority, records=records)
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    first = authority.issue_server([NAME], now=server.acme.now(), public_key=key)
    with pytest.raises(Lost):
        authority.issue_server([NAME], now=server.acme.now(), public_key=key)
    assert [record.serial for record in server.acme.records.all()] == [first.record.serial]
    assert json.loads(client.post(where).body)["certificate"].endswith(first.record.serial)


def test_limits_say_when_to_come_back(tmp_path: Path) -> None:
    rules = AcmeRules(requests_per_minute=12, orders_per_hour=1, accounts_per_hour=1)
    with server_in_process(tmp_path / "ca.sqlite", rules) as server:
        client, other = Client(server), Client(server)
        client.register()
        assert problem(other.register()) == "rateLimited"
        assert client.order().status == 201
        answer = client.order()
        assert (answer.status, problem(answer)) == (429, "rateLimited")
        assert 3000 < int(answer.headers["retry-after"]) <= 3600
        last = [ask(server.app, "/acme/directory") for _ in range(12)][-1]
        assert (last.status, problem(last)) == (429, "rateLimited")
        elsewhere = ask(server.app, "/acme/directory", client="192.0.2.9")
        assert elsewhere.status == 200


def test_only_the_challenges_that_are_allowed(tmp_path: Path) -> None:
    with server_in_process(tmp_path / "ca.sqlite", AcmeRules(challenges=("dns-01",))) as server:
        client = Client(server)
        client.register()
        url = json.loads(client.order().body)["authorizations"][0]
        shown = json.loads(client.post(url).body)["challenges"]
        assert [each["type"] for each in shown] == ["dns-01"]
        address = {"identifiers": [{"type": "ip", "value": "192.0.2.7"}]}
        assert problem(client.post("/acme/new-order", address)) == "rejectedIdentifier"
