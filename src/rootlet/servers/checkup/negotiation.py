"""Version, suite and group: what is accepted besides the profile's. Sans-IO."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from rootlet.servers.checkup.entry import Entry, entry_of, why_not
from rootlet.servers.checkup.examiner import UNFINISHED, Examiner, Unable
from rootlet.servers.checkup.offer import (
    GROUPS,
    OLD_VERSIONS,
    SUITES,
    Offer,
    other_groups,
    other_suites,
)
from rootlet.servers.checkup.point import Point, Verdict
from rootlet.servers.checkup.transcript import Transcript
from rootlet.servers.interface import ClientAuth

__all__ = [
    "judge_groups",
    "judge_names",
    "judge_profile",
    "judge_retry",
    "judge_suites",
    "judge_versions",
]

OTHER_NAME = "other.invalid"
"""RFC 6761 section 6.4: nobody's name."""


def judge_profile(examiner: Examiner, seen: Transcript, entry: Entry) -> None:
    """The handshake of a device, and whether it was let in."""
    if not seen.finished:
        return examiner.find(Point.PROFILE, Verdict.REFUSED, why_not(seen))
    if examiner.subject.identity is None:
        needs = examiner.subject.client_auth is ClientAuth.REQUIRED
        detail = "completed; whether a device is let in was not tried: no --cert" * needs
        return examiner.find(Point.PROFILE, Verdict.ENFORCED, detail or f"completed, {entry.how}")
    if not entry.let_in:
        return examiner.find(
            Point.PROFILE, Verdict.REFUSED, f"the device is turned away: {entry.how}"
        )
    return examiner.find(Point.PROFILE, Verdict.ENFORCED, f"completed, {entry.how}")


def _accepted(
    examiner: Examiner,
    offered: Mapping[int, str],
    offer: Callable[[tuple[str, ...]], Offer],
    chosen: Callable[[Transcript], int | None],
) -> list[int]:
    """Which of what was offered is accepted: what was chosen is left out the next time."""
    left, found = dict(offered), []
    while left:
        code = chosen(examiner.shake(offer(tuple(left.values()))))
        if code not in left:
            break
        found.append(code)
        del left[code]
    return found


def _beyond(works: bool, found: list[str]) -> tuple[Verdict, str]:
    if not found:
        return Verdict.ENFORCED, "none is accepted"
    return Verdict.NOT_EXCLUSIVE if works else Verdict.WRONG, f"accepted: {', '.join(found)}"


def judge_suites(examiner: Examiner, *, works: bool) -> None:
    """Every other suite of TLS 1.3, with any group and signature scheme."""
    found = _accepted(
        examiner,
        other_suites(examiner.subject.profile),
        lambda left: replace(examiner.wide, suites=left),
        lambda seen: seen.hello.suite if seen.hello else None,
    )
    examiner.find(
        Point.SUITE, *_beyond(works, [SUITES[code].removeprefix("TLS_") for code in found])
    )


def judge_groups(examiner: Examiner, *, works: bool) -> None:
    """Every other group, with any suite and signature scheme."""
    found = _accepted(
        examiner,
        other_groups(examiner.subject.profile),
        lambda left: replace(examiner.wide, groups=left),
        lambda seen: seen.hello.group if seen.hello else None,
    )
    examiner.open_groups = frozenset(found)
    examiner.find(Point.GROUP, *_beyond(works, [GROUPS[code] for code in found]))


def judge_retry(examiner: Examiner) -> None:
    """Another group's share first: the server has to ask for its own."""
    groups = (*other_groups(examiner.subject.profile).values(), *examiner.offer.groups)
    seen = examiner.shake(replace(examiner.offer, groups=groups))
    ours = seen.hello is not None and seen.hello.group == examiner.subject.profile.tls.group_code
    if seen.finished and ours and seen.retried:
        examiner.find(Point.RETRY, Verdict.ENFORCED, "HelloRetryRequest for the profile's group")
    elif seen.finished:
        examiner.find(Point.RETRY, Verdict.NOT_EXCLUSIVE, "goes on with the other group")
    else:
        examiner.find(Point.RETRY, Verdict.REFUSED, why_not(seen))


def _old(examiner: Examiner, version: int, name: str | None) -> bool:
    """Whether a version before 1.3 is spoken."""
    offer = replace(examiner.offer, old_version=version, name=name)
    return examiner.shake(offer).hello is not None


def judge_versions(examiner: Examiner) -> None:
    """Everything below TLS 1.3 that this machine's OpenSSL still has."""
    found, untried = [], []
    for version, title in OLD_VERSIONS.items():
        try:
            if _old(examiner, version, examiner.offer.name):
                found.append(version)
        except Unable:
            untried.append(title)
    examiner.open_versions = frozenset(found)
    if found:
        names = ", ".join(OLD_VERSIONS[version] for version in found)
        examiner.find(Point.VERSION, Verdict.WRONG, f"accepted: {names}")
    elif untried:
        detail = f"none is accepted; this OpenSSL has no {', '.join(untried)}"
        verdict = Verdict.NOT_CHECKED if len(untried) == len(OLD_VERSIONS) else Verdict.ENFORCED
        examiner.find(Point.VERSION, verdict, detail)
    else:
        examiner.find(Point.VERSION, Verdict.ENFORCED, "none is accepted")


def judge_names(examiner: Examiner, base: Transcript, asked: Offer) -> None:
    """Whether who asks for no name, or for another, gets more than who asks for the right one."""
    for point, name in ((Point.NO_NAME, None), (Point.OTHER_NAME, OTHER_NAME)):
        if not base.finished:
            examiner.find(point, Verdict.NOT_CHECKED, UNFINISHED)
            continue
        seen = examiner.shake(replace(asked, identity=None, name=name))
        looser = _looser_for_strangers(examiner, base, seen) + _looser(examiner, name)
        if looser:
            examiner.find(point, Verdict.WRONG, f"gets more: {', '.join(looser)}")
        elif seen.finished:
            examiner.find(point, Verdict.ENFORCED, "held to the same")
        else:
            examiner.find(point, Verdict.ENFORCED, f"turned away: {why_not(seen)}")


def _looser_for_strangers(examiner: Examiner, base: Transcript, seen: Transcript) -> list[str]:
    subject = examiner.subject
    if not seen.finished or base.asked is None:
        return []
    if seen.asked is None:
        return ["no certificate is asked for"]
    entry = entry_of(seen, subject.request, examiner.received)
    required = subject.client_auth is ClientAuth.REQUIRED and not examiner.anyone_gets_in
    return ["none is needed"] if required and entry.let_in else []


def _looser(examiner: Examiner, name: str | None) -> list[str]:
    found = []
    tls_1_2 = max(OLD_VERSIONS)
    if tls_1_2 not in examiner.open_versions and _old(examiner, tls_1_2, name):
        found.append(OLD_VERSIONS[tls_1_2])
    others = other_groups(examiner.subject.profile)
    closed = tuple(word for code, word in others.items() if code not in examiner.open_groups)
    if closed:
        hello = examiner.shake(replace(examiner.wide, groups=closed, name=name)).hello
        if hello is not None:
            found.append(GROUPS.get(hello.group or 0, "another group"))
    return found
