"""Decisions about requests, and which addresses and paths are let through; no sockets."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rootlet.gateway import Gateway, describe, dry_run, parse_gateway
from rootlet.gateway.addresses import is_public
from rootlet.gateway.messages import RequestHead, ResponseHead, answer_head
from rootlet.gateway.policy import Allowed, Denied, Policy, matcher
from rootlet.gateway.refusals import Refusal, RefusedMessage, refusal_answer
from rootlet.gateway.targets import parse_target
from rootlet.maker import parse_maker

EXAMPLES = 200
SECRET = "Bearer do-not-tell"
TEXT = """
[maker]
name = "Example"
[gateway]
[gateway.groups]
lab = ["lab-*"]
[[gateway.routes]]
alias = "weather"
upstream = "https://api.example.test/v1"
methods = ["GET", "POST"]
devices = ["sensor-*", "@lab"]
paths = ["/now", "/at/*", "/"]
max_body_bytes = 2048
[gateway.routes.headers]
X-Plan = "basic"
[gateway.routes.secret_headers]
Authorization = "weather"
[[gateway.routes]]
alias = "intern"
upstream = "http://[::1]:8080"
devices = []
allow_private = true
roots = "roots.pem"
max_body_bytes = 3145728
"""


@pytest.fixture
def gateway() -> Gateway:
    return parse_gateway(parse_maker(TEXT, Path("/maker")))


@pytest.fixture
def policy(gateway: Gateway) -> Policy:
    return Policy(gateway, {"weather": {"Authorization": SECRET}, "intern": {}})


def test_what_is_allowed_leaves_complete(policy: Policy) -> None:
    request = RequestHead(b"POST", b"/weather/now?a", ((b"host", b"g"), (b"a", b"b")), length=5)
    allowed = policy.decide("lab-1", request)
    assert isinstance(allowed, Allowed)
    assert allowed.head == (
        b"POST /v1/now?a HTTP/1.1\r\nHost: api.example.test\r\nX-Plan: basic\r\n"
        b"Authorization: Bearer do-not-tell\r\nRootlet-Device: lab-1\r\na: b\r\n"
        b"content-length: 5\r\n\r\n"
    )
    assert not allowed.repeatable


@pytest.mark.parametrize("path", ["", "/", "/now", "/now?later", "/at/1", "/at/a%2Fb/c"])
def test_paths_that_the_route_leads_to(policy: Policy, path: str) -> None:
    request = RequestHead(b"GET", b"/weather" + path.encode(), ())
    assert isinstance(policy.decide("lab-1", request), Allowed)


def test_a_decision_does_not_show_secrets(policy: Policy) -> None:
    allowed = policy.decide("lab-1", RequestHead(b"GET", b"/weather/now", ((b"x", b"hidden"),)))
    assert isinstance(allowed, Allowed)
    assert allowed.repeatable
    assert SECRET not in repr(allowed)
    assert "hidden" not in repr(RequestHead(b"GET", b"/", ((b"x", b"hidden"),)))


@pytest.mark.parametrize(
    ("device", "request_head", "refusal"),
    [
        ("sensor-1", RequestHead(b"GET", b"/weather/later", ()), Refusal.PATH_NOT_ALLOWED),
        ("sensor-1", RequestHead(b"GET", b"/weather/n%6fw", ()), Refusal.PATH_NOT_ALLOWED),
        ("sensor-1", RequestHead(b"GET", b"/weather/now/", ()), Refusal.PATH_NOT_ALLOWED),
        ("sensor-1", RequestHead(b"GET", b"/weather/now;x", ()), Refusal.PATH_NOT_ALLOWED),
        ("sensor-1", RequestHead(b"GET", b"/weather/at", ()), Refusal.PATH_NOT_ALLOWED),
        ("sensor-1", RequestHead(b"GET", b"/intern", ()), Refusal.ROUTE_NOT_ALLOWED),
        ("sensor-1\r\nX: y", RequestHead(b"GET", b"/weather", ()), Refusal.ROUTE_NOT_ALLOWED),
        ("", RequestHead(b"GET", b"/weather", ()), Refusal.ROUTE_NOT_ALLOWED),
        ("sensor-1", RequestHead(b"PUT", b"/weather", ()), Refusal.METHOD_NOT_ALLOWED),
        ("sensor-1", RequestHead(b"GET", b"/weather", (), length=2049), Refusal.BODY_TOO_LARGE),
        ("sensor-1", RequestHead(b"GET", b"/weather/..", ()), Refusal.DOT_SEGMENTS),
        ("sensor-1", RequestHead(b"GET", b"/weather", ((b"x_plan", b""),)), Refusal.SPOOFED_HEADER),
    ],
)
def test_what_is_denied(
    policy: Policy, device: str, request_head: RequestHead, refusal: Refusal
) -> None:
    denied = policy.decide(device, request_head)
    assert isinstance(denied, Denied)
    assert denied.refusal is refusal


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("sensor-*", "sensor-", "asensor-1"),
        ("*", "anything", "with\nline"),
        ("a.c", "a.c", "abc"),
        ("*-lab-*", "x-lab-y", "x-lab"),
    ],
)
def test_patterns_know_one_star_only(pattern: str, yes: str, no: str) -> None:
    assert matcher((pattern,)).fullmatch(yes)
    assert not matcher((pattern,)).fullmatch(no)


def test_no_pattern_lets_nobody_in() -> None:
    assert not matcher(()).fullmatch("")


ALPHABET = st.sampled_from([b"/", b".", b"%2e", b"%2F", b"%252e", b";", b"\\", b"%5c", b"a", b"%"])


@given(st.lists(ALPHABET, max_size=12))
@settings(max_examples=EXAMPLES)
def test_no_path_leaves_its_prefix_under_any_reading(parts: list[bytes]) -> None:
    """What is let through has no dot segment, however often and in whatever way it is decoded."""
    path = b"/weather" + b"".join(parts)
    try:
        target = parse_target(path)
    except RefusedMessage:
        return
    assert b"/" + target.alias + target.rest == path
    for _ in range(4):
        path = unquote_to_bytes(path).replace(b"\\", b"/")
        segments = [segment.split(b";")[0] for segment in path.split(b"/")]
        assert b".." not in segments
        assert b"." not in segments


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1", "240.0.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:127.0.0.1"),
        *("::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::"),
        *("2001:0:102:304::", "fec0::1", "2001:db8::1"),
    ],
)
def test_addresses_inside_are_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_addresses_outside_are_taken(address: str) -> None:
    assert is_public(address)


def test_a_dry_run_masks_secrets(gateway: Gateway) -> None:
    result = dry_run(gateway, "sensor-1", "GET", "/weather/now?city=Oslo")
    assert result.refusal is None
    assert result.upstream == "https://api.example.test:443"
    assert result.head[0] == "GET /v1/now?city=Oslo HTTP/1.1"
    assert "Authorization: (secret: weather)" in result.head


@pytest.mark.parametrize("path", ["/weather/\u00e9", "/weather/\udc80", "/weather/a b"])
def test_a_dry_run_refuses_what_the_gateway_would(gateway: Gateway, path: str) -> None:
    assert dry_run(gateway, "sensor-1", "GET", path).refusal is Refusal.BAD_TARGET


def test_routes_are_explained(gateway: Gateway) -> None:
    weather, intern = (describe(route) for route in gateway.routes.values())
    assert "https://api.example.test/v1/..." in weather
    assert "the public roots" in weather
    assert "sensor-*, lab-*" in weather
    assert "Bodies up to 2 KiB" in weather
    assert "Sets Authorization from secrets/weather" in weather
    assert "in the clear" in intern
    assert "Devices: none" in intern
    assert "private addresses are allowed" in intern
    assert "3 MiB" in intern


def test_an_answer_keeps_its_framing() -> None:
    headers = ((b"content-length", b"3"), (b"connection", b"x-a"), (b"x-a", b"1"), (b"b", b"2"))
    assert answer_head(ResponseHead(200, headers, frozenset({b"x-a"}), 3), keep_alive=True) == (
        b"HTTP/1.1 200 \r\nb: 2\r\ncontent-length: 3\r\n\r\n"
    )
    assert answer_head(ResponseHead(200, (), chunked=True), keep_alive=False) == (
        b"HTTP/1.1 200 \r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    )
    nothing = ResponseHead(204, (), length=0, bodiless=True)
    assert answer_head(nothing, keep_alive=True) == b"HTTP/1.1 204 \r\n\r\n"


def test_a_refusal_is_short_enough_for_one_record() -> None:
    for refusal in Refusal:
        answer = refusal_answer(refusal, keep_alive=False, head_request=False)
        assert len(answer) <= 256, refusal
        assert refusal_answer(refusal, keep_alive=False, head_request=True).endswith(b"\r\n\r\n")
