"""Whatever is sent, the answer is a problem document: never a fault, and nothing is issued."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rootlet.ca import policy_of
from rootlet.ca.acme.ari import certificate_id, serial_of
from rootlet.ca.acme.csr import request_key
from rootlet.ca.acme.identifiers import Identifier, parse_identifiers
from rootlet.ca.acme.jws import account_key, decode, encode, parse, parse_json
from rootlet.ca.acme.problems import Problem
from rootlet.maker_ca import ACCOUNT_ALGORITHMS, AcmeRules
from support.acme_client import BASE, NAME, Client, Server, csr_for, server_in_process, sign
from support.makers import maker_of

POLICY = policy_of(maker_of())
RIGHT = csr_for(NAME)

NO_LIMITS = AcmeRules(requests_per_minute=0, orders_per_hour=0, accounts_per_hour=0)

FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
words = st.sampled_from(
    [
        "alg",
        "jwk",
        "kid",
        "url",
        "nonce",
        "crit",
        "kty",
        "crv",
        "x",
        "y",
        "n",
        "e",
        "d",
        "type",
        "value",
        "identifiers",
        "csr",
        "status",
        "contact",
        "certificate",
        "reason",
        "oldKey",
        "account",
        "externalAccountBinding",
        "protected",
        "payload",
        "signature",
        "profile",
    ]
)
good = st.sampled_from(
    f"ES256 EdDSA EC OKP RSA P-256 Ed25519 dns ip {NAME} deactivated AQAB AAAA {BASE} "
    f"{BASE}/acme/new-order".split()
)
objects = st.dictionaries(words, values | good, max_size=6)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server_in_process(tmp_path_factory.mktemp("ca") / "ca.sqlite", NO_LIMITS) as found:
        yield found


@given(st.binary(max_size=200) | objects.map(lambda value: json.dumps(value).encode()))
@FEW
def test_any_body(raw: bytes) -> None:
    with contextlib.suppress(Problem):
        parse(parse_json(raw, "the request"), ACCOUNT_ALGORITHMS)


@given(objects)
@FEW
def test_any_header(header: dict[str, Any]) -> None:
    protected = encode(json.dumps(header).encode())
    body = {"protected": protected, "payload": "", "signature": "AAAA"}
    with contextlib.suppress(Problem):
        signed = parse(body, ACCOUNT_ALGORITHMS)
        assert (signed.jwk is None) != (signed.kid is None)
        assert signed.algorithm in ACCOUNT_ALGORITHMS


@pytest.mark.parametrize(
    ("name", "value"), [("jwk", None), ("kid", None), ("jwk", "AAAA"), ("kid", {})]
)
def test_what_is_no_key_is_refused(name: str, value: Any) -> None:
    header = {"alg": "ES256", "url": BASE, "nonce": "AAAA", name: value}
    protected = encode(json.dumps(header).encode())
    with pytest.raises(Problem, match="kid is text and jwk an object"):
        parse({"protected": protected, "payload": "", "signature": "AAAA"}, ACCOUNT_ALGORITHMS)


@given(objects | st.fixed_dictionaries(
    {"kty": st.just("EC"), "crv": st.just("P-256")},
    optional={"x": st.binary(max_size=33).map(encode), "y": st.binary(max_size=33).map(encode)},
) | st.fixed_dictionaries(
    {"kty": st.just("OKP"), "crv": st.just("Ed25519")},
    optional={"x": st.binary(max_size=33).map(encode)},
) | st.fixed_dictionaries(
    {"kty": st.just("RSA")},
    optional={"e": st.binary(max_size=5).map(encode), "n": st.binary(max_size=300).map(encode)},
))  # fmt: skip
@FEW
def test_any_key(jwk: dict[str, Any]) -> None:
    with contextlib.suppress(Problem):
        assert account_key(jwk).thumbprint


@given(values | st.lists(objects | st.fixed_dictionaries(
    {"type": st.sampled_from(["dns", "ip"]), "value": st.text(max_size=260) | good}), max_size=4
))  # fmt: skip
@FEW
def test_any_identifiers(given_values: Any) -> None:
    with contextlib.suppress(Problem):
        for identifier in parse_identifiers(given_values):
            again = parse_identifiers([identifier.document()])
            assert again == (identifier,)


@given(st.binary(max_size=300) | st.tuples(
    st.integers(0, len(RIGHT) - 1), st.integers(1, 255)
).map(lambda at: RIGHT[: at[0]] + bytes([RIGHT[at[0]] ^ at[1]]) + RIGHT[at[0] + 1 :]))  # fmt: skip
@settings(FEW, max_examples=200)
def test_any_signing_request(der: bytes) -> None:
    with pytest.raises(Problem):  # each byte of it is signed, or is its signature
        request_key(der, [Identifier("dns", NAME)], POLICY)


@given(st.text(max_size=60) | st.tuples(st.binary(max_size=21), st.binary(max_size=21)).map(
    lambda pair: f"{encode(pair[0])}.{encode(pair[1])}"
))  # fmt: skip
@FEW
def test_any_renewal_identifier(text: str) -> None:
    with contextlib.suppress(Problem):
        identifier, serial = serial_of(text)
        assert identifier
        assert bytes.fromhex(serial)


@given(st.text(max_size=40))
@FEW
def test_base64url_has_one_form(text: str) -> None:
    with contextlib.suppress(Problem):
        assert encode(decode(text, "it")) == text


def test_an_identifier_comes_back(server: Server) -> None:
    issued = server.acme.authority.issue_server([NAME], now=server.acme.now())
    text = certificate_id(issued.certificate)
    assert serial_of(text)[1] == issued.record.serial


PATHS = [
    "new-account",
    "new-order",
    "key-change",
    "revoke-certificate",
    "order/x",
    "finalize/x",
    "authorization/x",
    "challenge/x/http-01",
    "certificate/x",
    "account/x",
    "orders/x",
]


@given(st.sampled_from(PATHS), values | objects, objects, st.booleans())
@settings(FEW, max_examples=80)
def test_any_signed_request(
    server: Server, path: str, payload: Any, header: dict[str, Any], known: bool
) -> None:
    client = Client(server)
    if known:
        assert client.register().status == 201
    before = server.issued
    right = {"alg": "ES256", "nonce": client.nonce(), "url": f"{BASE}/acme/{path}"}
    right |= {"kid": client.account} if known else {"jwk": client.key.as_dict(private=False)}  # type: ignore[dict-item]
    odd = {name: value for name, value in header.items() if len(header) > 3}
    body = json.dumps(sign(client.key, {**right, **odd}, json.dumps(payload).encode())).encode()
    answer = client.send(f"/acme/{path}", body)
    assert answer.status < 500, answer.text
    if answer.status >= 400:
        assert json.loads(answer.body)["type"].startswith("urn:ietf:params:acme:error:")
    assert server.issued == before
