"""Signed requests, verified by an implementation of RFC 9421 that is not ours."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from http_message_signatures import (
    HTTPMessageVerifier,
    InvalidSignature,
    MappingKeyResolver,
    algorithms,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from rootlet.errors import Misuse
from rootlet.gateway import load_signers, parse_gateway
from rootlet.gateway.signing import SignedParts, Signer, key_identifier
from rootlet.maker import parse_maker
from support.commands import Run
from support.gateway_outside import Request
from support.gateway_rig import Rig, request

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
COVERED = ("@method", "@authority", "@path", "@query", "rootlet-device")


class Headers:
    """Lines in order, as their library wants them."""

    def __init__(self, lines: list[tuple[str, str]]) -> None:
        self.lines = lines

    def items(self) -> list[tuple[str, str]]:
        return self.lines

    def __iter__(self) -> Any:
        return iter([name for name, _ in self.lines])

    def __contains__(self, name: str) -> bool:
        return name.lower() in [known.lower() for known, _ in self.lines]


def verified(
    key: Ed25519PublicKey, method: str, url: str, lines: list[tuple[str, str]], body: bytes
) -> dict[str, str]:
    """What the signature covers; ``InvalidSignature`` when it does not hold."""
    raw = key.public_bytes_raw()
    verifier = HTTPMessageVerifier(
        signature_algorithm=algorithms.ED25519,
        key_resolver=MappingKeyResolver(public_keys={key_identifier(raw): key}, private_keys={}),
    )
    message = SimpleNamespace(method=method, url=url, headers=Headers(lines))
    (result,) = verifier.verify(
        message, expect_tag="rootlet", require_components=COVERED, body=body, max_age=None
    )
    return dict(result.covered_components)


def lines_of(raw: bytes) -> list[tuple[str, str]]:
    pairs = [line.partition(": ") for line in raw.decode().split("\r\n") if line]
    return [(name, value) for name, _, value in pairs]


def test_the_identifier_is_the_thumbprint_of_rfc_8037() -> None:
    """Its appendix A.3."""
    x = base64.urlsafe_b64decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    assert key_identifier(x) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@settings(max_examples=100)
@given(
    method=st.sampled_from(["GET", "POST", "DELETE"]),
    path=st.from_regex(r"(/[A-Za-z0-9._~!$&'()*+,;=:@-]{1,8}){1,3}", fullmatch=True),
    query=st.from_regex(r"(\?[A-Za-z0-9._~=&/-]{0,20})?", fullmatch=True),
    device=st.from_regex(r"[!-~]{1,20}", fullmatch=True),
    body=st.none() | st.binary(max_size=100),
)
def test_any_request_verifies(
    method: str, path: str, query: str, device: str, body: bytes | None
) -> None:
    parts = SignedParts(
        method.encode(), "api.example.test:8443", path.encode(), query.encode(), device
    )
    lines = lines_of(Signer(KEY).lines(parts, body, 1_700_000_000))
    lines.append(("Rootlet-Device", device))
    url = f"https://api.example.test:8443{path}{query}"
    covered = verified(KEY.public_key(), method, url, lines, body or b"")
    assert covered['"rootlet-device"'] == device
    assert ('"content-digest"' in covered) == (body is not None)


Change = Callable[[dict[str, Any]], object]
CHANGES: dict[str, Change] = {
    "method": lambda r: r.update(method="PUT"),
    "authority": lambda r: r.update(url="https://other.example.test/v1/now?a"),
    "path": lambda r: r.update(url="https://api.example.test/v1/later?a"),
    "query": lambda r: r.update(url="https://api.example.test/v1/now?b"),
    "no query": lambda r: r.update(url="https://api.example.test/v1/now"),
    "body": lambda r: r.update(body=b"other"),
    "no body": lambda r: r.update(body=b""),
    "device": lambda r: r["lines"].__setitem__(-1, ("Rootlet-Device", "sensor-2")),
    "another key": lambda r: r.update(key=Ed25519PrivateKey.generate().public_key()),
}


@pytest.mark.parametrize("what", CHANGES)
def test_nothing_that_is_signed_can_be_changed(what: str) -> None:
    parts = SignedParts(b"POST", "api.example.test", b"/v1/now", b"?a", "sensor-1")
    lines = lines_of(Signer(KEY).lines(parts, b"body", 1_700_000_000))
    asked: dict[str, Any] = {
        "key": KEY.public_key(),
        "method": "POST",
        "url": "https://api.example.test/v1/now?a",
        "lines": [*lines, ("Rootlet-Device", "sensor-1")],
        "body": b"body",
    }
    assert verified(**asked)
    CHANGES[what](asked)
    with pytest.raises(InvalidSignature):
        verified(**asked)


def seen_by(rig: Rig, seen: Request) -> dict[str, str]:
    """What the signature covers, as the upstream checks it."""
    method, target, _ = seen.line.split(" ")
    [authority] = seen.values("Host")
    url = f"http://{authority}{target}"
    return verified(rig.ca.signing_key.public_key(), method, url, seen.headers, seen.body)


def test_an_upstream_can_tell_who_asked(rig: Rig) -> None:
    with rig.device("sensor-1") as device:
        for target in ("/signed/now?city=Oslo", "/signed/now", "/signed"):
            assert device.ask(request(target, "Signature: fake=:AAAA:")).status == 200
    assert len(rig.outside.requests) == 3
    for seen in rig.outside.requests:
        assert seen_by(rig, seen)['"rootlet-device"'] == "sensor-1"
        assert len(seen.values("Signature")) == 1
    assert rig.opened("signed") == 1


def test_a_body_is_signed_with_its_digest(rig: Rig) -> None:
    with rig.device() as device:
        assert device.ask(request("/signed/x", method="POST", body=b"x" * 5000)).status == 200
        chunked = request("/signed/x", "Transfer-Encoding: chunked", method="POST")
        pieces = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
        assert device.ask(chunked + pieces).status == 200
        assert device.ask(chunked + b"0\r\n\r\n").status == 200
    bodies = [seen.body for seen in rig.outside.requests]
    assert bodies == [b"x" * 5000, b"hello world", b""]
    for seen in rig.outside.requests:
        assert '"content-digest"' in seen_by(rig, seen)


def test_byte_by_byte(rig: Rig) -> None:
    whole = request("/signed/x", method="POST", body=b"hello")
    with rig.device() as device:
        for byte in whole:
            device.send(bytes([byte]))
        assert device.answer().status == 200
    assert seen_by(rig, rig.outside.requests[0])


def test_a_device_that_waits_for_100_continue(rig: Rig) -> None:
    asked = request("/signed/x", "Expect: 100-continue", "Content-Length: 5", method="POST")
    with rig.device() as device:
        device.send(asked)
        assert device.socket.recv(100).startswith(b"HTTP/1.1 100")
        device.send(b"hello")
        assert device.answer().status == 200
    assert seen_by(rig, rig.outside.requests[0])


def test_too_long_a_body_is_never_held(rig: Rig) -> None:
    chunked = request("/signed/x", "Transfer-Encoding: chunked", method="POST")
    with rig.device() as device:
        device.send(chunked)
        piece = b"%x\r\n%s\r\n" % (20_000, b"x" * 20_000)
        for _ in range(6):
            device.send(piece)
        answer = device.answer()
        assert (answer.status, answer.error) == (413, "body_too_large")
    assert rig.outside.requests == []


def test_a_request_with_a_body_is_never_sent_twice(rig: Rig) -> None:
    """On a connection that the upstream closes instead of answering."""
    with rig.device() as device:
        assert device.ask(request("/signed/x")).status == 200

        async def behave(
            _: Request, __: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            writer.transport.abort()

        rig.outside.behaviour = behave
        answer = device.ask(request("/signed/x", method="POST", body=b"hello"))
        assert (answer.status, answer.error) == (502, "upstream_lost")
    assert len([seen for seen in rig.outside.requests if seen.body == b"hello"]) == 1


ROUTE = """
[maker]
name = "Mine"
[gateway]
[[gateway.routes]]
alias = "a"
upstream = "https://api.example.test"
devices = ["*"]
sign_with = "signing"
"""


def test_a_key_is_made_and_a_route_signs_with_it(run: Run, tmp_path: Path) -> None:
    made = run("gateway", "signing-key", "signing", "--maker", tmp_path, "--json")
    assert made.code == 0, made.err
    path = tmp_path / "secrets" / "signing"
    assert path.stat().st_mode & 0o777 == 0o600
    maker = parse_maker(ROUTE, tmp_path)
    signers = load_signers(maker, parse_gateway(maker))
    assert signers["a"].key_id == made.json["keyid"]
    public = load_pem_public_key(made.json["public_key"].encode())
    assert isinstance(public, Ed25519PublicKey)
    assert key_identifier(public.public_bytes_raw()) == made.json["keyid"]
    assert run("gateway", "signing-key", "signing", "--maker", tmp_path).code == 6
    assert run("gateway", "signing-key", "../signing", "--maker", tmp_path).code == 2
    text = run("gateway", "signing-key", "other", "--maker", tmp_path).out
    assert 'sign_with = "other"' in text
    assert "PRIVATE" not in text


@pytest.mark.parametrize("held", ["nothing", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END"])
def test_what_is_no_key(tmp_path: Path, held: str) -> None:
    (tmp_path / "secrets").mkdir()
    path = tmp_path / "secrets" / "signing"
    path.write_text(held)
    path.chmod(0o600)
    maker = parse_maker(ROUTE, tmp_path)
    with pytest.raises(Misuse, match="no Ed25519 private key") as refused:
        load_signers(maker, parse_gateway(maker))
    assert "AAAA" not in str(refused.value)


def test_bodies_that_are_too_long_to_be_held() -> None:
    route = ROUTE + "max_body_bytes = 1048577\n"
    maker = parse_maker(route, Path("/maker"))
    with pytest.raises(Misuse, match="signs bodies of up to 1048577 bytes"):
        parse_gateway(maker)
