"""Asks a server one question after the other. Sans-IO."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from rootlet.errors import Environment
from rootlet.servers.checkup.chain import judge_chain
from rootlet.servers.checkup.clients import CLIENT_POINTS, judge_clients
from rootlet.servers.checkup.entry import entry_of
from rootlet.servers.checkup.examiner import Examiner, Shake, Subject, Unable
from rootlet.servers.checkup.negotiation import (
    judge_groups,
    judge_names,
    judge_profile,
    judge_retry,
    judge_suites,
    judge_versions,
)
from rootlet.servers.checkup.offer import Offer
from rootlet.servers.checkup.point import POINTS, Finding, Point, Verdict
from rootlet.servers.checkup.transcript import Transcript
from rootlet.servers.checkup.wire import judge_wire

__all__ = ["Examination", "examine"]


@dataclass(frozen=True)
class Examination:
    """All that was found."""

    findings: tuple[Finding, ...]
    """One for each point, in their order."""
    handshakes: int
    server: str
    """What the server calls itself in HTTP; empty if it does not."""


def examine(
    subject: Subject, shake: Shake, tell: Callable[[Point], None] = lambda _: None
) -> Examination:
    """Ask everything; ``tell`` hears of each point as it is judged."""
    examiner = Examiner(subject, shake, tell)
    asked = replace(examiner.offer, request=subject.request)
    try:
        seen = examiner.shake(asked)
    except Unable as error:
        raise Environment(
            f"openssl s_client cannot make the profile's offer: {error}",
            hint="install OpenSSL 3.0 or newer: apt-get install -y openssl",
        ) from error
    entry = entry_of(seen, subject.request)
    if subject.identity is not None:
        examiner.received = entry
    judge_profile(examiner, seen, entry)
    base = seen
    if not seen.finished:  # what it does otherwise can still be seen
        with suppress(Unable):
            wide = replace(examiner.wide, request=subject.request)
            base, asked = examiner.shake(wide), wide
    _judge_all(examiner, base, asked, works=seen.finished)
    findings = tuple(examiner.findings[point] for point in POINTS)
    return Examination(findings, examiner.handshakes, _server(base.answer))


def _judge_all(examiner: Examiner, base: Transcript, asked: Offer, *, works: bool) -> None:
    names = (Point.NO_NAME, Point.OTHER_NAME)
    steps: list[tuple[tuple[Point, ...], Callable[[], None]]] = [
        ((Point.SUITE,), lambda: judge_suites(examiner, works=works)),
        ((Point.GROUP,), lambda: judge_groups(examiner, works=works)),
        ((Point.RETRY,), lambda: judge_retry(examiner)),
        ((Point.VERSION,), lambda: judge_versions(examiner)),
        (CLIENT_POINTS, lambda: judge_clients(examiner, base, asked)),
        (names, lambda: judge_names(examiner, base, asked)),
    ]
    for points, judge in steps:
        try:
            judge()
        except Unable as error:
            examiner.find_all(points, Verdict.NOT_CHECKED, f"not to be offered here: {error}")
    subject = examiner.subject
    for finding in judge_chain(
        base.certificates, subject.root, subject.host, subject.profile, subject.now
    ):
        examiner.find(finding.point, finding.verdict, finding.detail)
    judge_wire(examiner, base)
    examiner.find(Point.DEVICE, *subject.device())


def _server(answer: bytes) -> str:
    for line in answer.split(b"\r\n\r\n")[0].splitlines():
        name, _, value = line.partition(b":")
        if name.lower() == b"server":
            return value.strip().decode("ascii", "replace")
    return ""
