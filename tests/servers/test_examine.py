"""The questions themselves, asked of servers that are made up: what cannot be asked is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rootlet.errors import Environment
from rootlet.profile import load_profile
from rootlet.servers import ClientAuth
from rootlet.servers.checkup import (
    ClientFiles,
    Finding,
    Offer,
    Point,
    Request,
    Subject,
    Transcript,
    Verdict,
    advice,
    examine,
    guess_kind,
    read_transcript,
)
from support.makers import authority_of

WHOLE = (Path(__file__).resolve().parents[2] / "vectors/s_client/profile.txt").read_text()
NOW = datetime.now(UTC)
NAME = "api.example.test"
DEVICE, STRANGER = (ClientFiles(Path(f"{name}.pem"), Path("key.pem")) for name in ("a", "b"))
PAGE, REFUSAL = b"HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"


def subject(**changes: object) -> Subject:
    authority, _ = authority_of(now=NOW, names=[NAME])
    made = Subject(
        profile=load_profile("c25519"),
        host=NAME,
        root=authority.root,
        client_auth=ClientAuth.REQUIRED,
        request=Request.HTTP,
        identity=DEVICE,
        foreign=(STRANGER,),
        authorities=frozenset(),
        device=lambda: (Verdict.ENFORCED, "accepted"),
        now=NOW,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def exact(offer: Offer) -> Transcript:
    """A server that does what the recorded one did, and nothing else."""
    tls = load_profile("c25519").tls
    if offer.old_version or tls.suite not in offer.suites or tls.group not in offer.groups:
        return Transcript(sent=True)
    seen = read_transcript(WHOLE, PAGE if offer.identity == DEVICE else REFUSAL)
    seen.retried = offer.groups[0] != tls.group
    return seen


def verdicts(found: tuple[Finding, ...]) -> dict[Point, Verdict]:
    return {finding.point: finding.verdict for finding in found}


def test_every_point_is_judged_once_and_told() -> None:
    told: list[Point] = []
    found = examine(subject(), exact, told.append)
    assert [finding.point for finding in found.findings] == list(Point)
    assert sorted(told) == sorted(Point)
    wrong = {p for p, v in verdicts(found.findings).items() if v is Verdict.WRONG}
    assert wrong <= {Point.CHAIN, Point.DATES}  # the record is of another CA, and of its day
    assert found.server == "nginx"
    assert found.handshakes == 15


def test_what_this_openssl_cannot_offer_is_not_called_enforced() -> None:
    def poor(offer: Offer) -> Transcript:
        if offer.old_version or len(offer.groups) > 1:
            return Transcript(sent=False, trouble="no such group")
        return exact(offer)

    found = verdicts(examine(subject(), poor).findings)
    unable = (Point.SUITE, Point.GROUP, Point.RETRY, Point.VERSION, Point.NO_NAME, Point.OTHER_NAME)
    assert {found[point] for point in unable} == {Verdict.NOT_CHECKED}
    assert found[Point.PROFILE] is Verdict.ENFORCED


def test_an_openssl_without_the_oldest_versions_is_enough() -> None:
    def newer(offer: Offer) -> Transcript:
        old = offer.old_version is not None and offer.old_version < 0x0303
        return Transcript(sent=False, trouble="unknown option") if old else exact(offer)

    [version] = [f for f in examine(subject(), newer).findings if f.point is Point.VERSION]
    assert version.verdict is Verdict.ENFORCED
    assert "no TLS 1.1, TLS 1.0" in version.detail


def test_an_openssl_without_the_profile_is_none() -> None:
    with pytest.raises(Environment, match="cannot make the profile's offer: unknown group"):
        examine(subject(), lambda _: Transcript(sent=False, trouble="unknown group"))


def test_who_asks_for_another_name_may_not_get_in_without_a_certificate() -> None:
    def two_sites(offer: Offer) -> Transcript:
        seen = exact(offer)
        if seen.finished and offer.name != NAME:
            seen.answer = PAGE
        return seen

    found = {f.point: f for f in examine(subject(), two_sites).findings}
    assert found[Point.NO_CERTIFICATE].verdict is Verdict.ENFORCED
    for point in (Point.NO_NAME, Point.OTHER_NAME):
        assert found[point] == Finding(point, Verdict.WRONG, "gets more: none is needed")


def test_a_server_that_refuses_everything_is_not_called_enforced_where_it_counts() -> None:
    found = verdicts(examine(subject(), lambda _: Transcript(sent=True)).findings)
    assert found[Point.PROFILE] is Verdict.REFUSED
    assert found[Point.RETRY] is Verdict.REFUSED
    unseen = (Point.NO_CERTIFICATE, Point.FOREIGN, Point.CHAIN, Point.RECORDS, Point.NO_NAME)
    assert {found[point] for point in unseen} == {Verdict.NOT_CHECKED}


def test_there_is_advice_for_every_point_and_every_server() -> None:
    profile = load_profile("c25519")
    for kind in (None, "nginx", "caddy", "traefik", "envoy", "mosquitto", "hitch", "openssl"):
        for point in Point:
            text = advice(Finding(point, Verdict.WRONG, ""), kind, profile, NAME)
            assert text
            assert not {"{suite}", "{group}", "{signature}", "{point}", "{host}"} & set(
                text.split()
            )
            assert advice(Finding(point, Verdict.ENFORCED, ""), kind, profile, NAME) == ""


def test_servers_are_known_by_what_they_call_themselves() -> None:
    assert guess_kind("nginx/1.22.1") == "nginx"
    assert guess_kind("Apache/2.4.71 (Debian)") == "apache"
    assert guess_kind("Caddy") == "caddy"
    assert guess_kind("BaseHTTP/0.6") is None
    assert guess_kind("") is None
