"""Asks a server one question after the other and judges what comes back. Sans-IO."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from cryptography import x509

from rootlet.pki import Host, host_text
from rootlet.profile import Profile
from rootlet.servers.checkup.chain import judge_chain
from rootlet.servers.checkup.entry import Entry, entry_of, why_not
from rootlet.servers.checkup.offer import (
    GROUPS,
    OLD_VERSIONS,
    SUITES,
    ClientFiles,
    Offer,
    Request,
    other_groups,
    other_suites,
    profile_offer,
)
from rootlet.servers.checkup.point import POINTS, Finding, Point, Verdict
from rootlet.servers.checkup.transcript import Transcript
from rootlet.servers.interface import ClientAuth

__all__ = ["Examination", "Shake", "Subject", "examine"]

Shake = Callable[[Offer], Transcript]
"""Does one handshake."""

EVERY_SIGNATURE = "ed25519:ECDSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA256:RSA+SHA256"

OTHER_NAME = "other.invalid"
"""RFC 6761 section 6.4: nobody's name."""

PRINTABLE = range(0x20, 0x7F)
TITLE_CHARACTERS = 24

UNLIMITED_BYTES = 5 + 2**14 + 256
"""What a device needs to receive where records have no limit (RFC 9846 section 5.2)."""


@dataclass(frozen=True)
class Subject:
    """What a server is held to."""

    profile: Profile
    host: Host
    """What devices ask for."""
    root: x509.Certificate
    client_auth: ClientAuth
    request: Request
    identity: ClientFiles | None
    """A device's; None leaves open whether one is let in."""
    foreign: tuple[ClientFiles, ...]
    """Those of CAs that the server cannot know."""
    authorities: frozenset[bytes]
    """DER of the names of every CA that devices have certificates of; empty for not known."""
    device: Callable[[], tuple[Verdict, str]]
    """What the device library says of the server."""
    now: datetime


@dataclass(frozen=True)
class Examination:
    """All that was found."""

    findings: tuple[Finding, ...]
    """One for each point, in their order."""
    handshakes: int
    server: str
    """What the server calls itself in HTTP; empty if it does not."""


@dataclass
class _Examiner:
    subject: Subject
    shake_: Shake
    tell: Callable[[Point], None]
    findings: dict[Point, Finding] = field(default_factory=dict)
    handshakes: int = 0
    received: Entry | None = None
    """How a device was received; None without one."""
    open_groups: frozenset[int] = frozenset()
    open_versions: frozenset[int] = frozenset()

    def shake(self, offer: Offer) -> Transcript:
        self.handshakes += 1
        return self.shake_(offer)

    def entry(self, offer: Offer) -> Entry:
        return entry_of(self.shake(offer), self.subject.request, self.received)

    def find(self, point: Point, verdict: Verdict, detail: str) -> None:
        self.findings[point] = Finding(point, verdict, detail)
        self.tell(point)

    @property
    def offer(self) -> Offer:
        name = None if not isinstance(self.subject.host, str) else host_text(self.subject.host)
        return profile_offer(self.subject.profile, name=name, identity=self.subject.identity)

    @property
    def wide(self) -> Offer:
        """Everything of TLS 1.3, the profile's first."""
        tls = self.subject.profile.tls
        suites = (tls.suite, *other_suites(self.subject.profile).values())
        groups = (GROUPS[tls.group_code], *other_groups(self.subject.profile).values())
        return replace(self.offer, suites=suites, groups=groups, signature=EVERY_SIGNATURE)


def examine(
    subject: Subject, shake: Shake, tell: Callable[[Point], None] = lambda _: None
) -> Examination:
    """Ask everything; ``tell`` hears of each point as it is judged."""
    examiner = _Examiner(subject, shake, tell)
    asked = replace(examiner.offer, request=subject.request)
    seen = examiner.shake(asked)
    entry = entry_of(seen, subject.request)
    if subject.identity is not None:
        examiner.received = entry
    _profile(examiner, seen, entry)
    base = seen
    if not seen.finished:  # what it does otherwise can still be seen
        asked = replace(examiner.wide, request=subject.request)
        base = examiner.shake(asked)
    _suites(examiner, works=seen.finished)
    _groups(examiner, works=seen.finished)
    _retry(examiner)
    _versions(examiner)
    _client_certificates(examiner, base, asked)
    _names(examiner, base, asked)
    for finding in judge_chain(
        base.certificates, subject.root, subject.host, subject.profile, subject.now
    ):
        examiner.find(finding.point, finding.verdict, finding.detail)
    _wire(examiner, base)
    examiner.find(Point.DEVICE, *subject.device())
    findings = tuple(examiner.findings[point] for point in POINTS)
    return Examination(findings, examiner.handshakes, _server(base.answer))


def _server(answer: bytes) -> str:
    for line in answer.split(b"\r\n\r\n")[0].splitlines():
        name, _, value = line.partition(b":")
        if name.lower() == b"server":
            return value.strip().decode("ascii", "replace")
    return ""


def _profile(examiner: _Examiner, seen: Transcript, entry: Entry) -> None:
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
    examiner: _Examiner,
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


def _suites(examiner: _Examiner, *, works: bool) -> None:
    found = _accepted(
        examiner,
        other_suites(examiner.subject.profile),
        lambda left: replace(examiner.wide, suites=left),
        lambda seen: seen.hello.suite if seen.hello else None,
    )
    examiner.find(
        Point.SUITE, *_beyond(works, [SUITES[code].removeprefix("TLS_") for code in found])
    )


def _groups(examiner: _Examiner, *, works: bool) -> None:
    found = _accepted(
        examiner,
        other_groups(examiner.subject.profile),
        lambda left: replace(examiner.wide, groups=left),
        lambda seen: seen.hello.group if seen.hello else None,
    )
    examiner.open_groups = frozenset(found)
    examiner.find(Point.GROUP, *_beyond(works, [GROUPS[code] for code in found]))


def _retry(examiner: _Examiner) -> None:
    groups = (*other_groups(examiner.subject.profile).values(), *examiner.offer.groups)
    seen = examiner.shake(replace(examiner.offer, groups=groups))
    ours = seen.hello is not None and seen.hello.group == examiner.subject.profile.tls.group_code
    if seen.finished and ours and seen.retried:
        examiner.find(Point.RETRY, Verdict.ENFORCED, "HelloRetryRequest for the profile's group")
    elif seen.finished:
        examiner.find(Point.RETRY, Verdict.NOT_EXCLUSIVE, "goes on with the other group")
    else:
        examiner.find(Point.RETRY, Verdict.REFUSED, why_not(seen))


def _old(examiner: _Examiner, version: int, name: str | None) -> bool:
    """Whether a version before 1.3 is spoken."""
    offer = replace(examiner.offer, old_version=version, name=name)
    return examiner.shake(offer).hello is not None


def _versions(examiner: _Examiner) -> None:
    name = examiner.offer.name
    found = [version for version in OLD_VERSIONS if _old(examiner, version, name)]
    examiner.open_versions = frozenset(found)
    if found:
        names = ", ".join(OLD_VERSIONS[version] for version in found)
        examiner.find(Point.VERSION, Verdict.WRONG, f"accepted: {names}")
    else:
        examiner.find(Point.VERSION, Verdict.ENFORCED, "none is accepted")


def _client_certificates(examiner: _Examiner, base: Transcript, asked: Offer) -> None:
    points = (Point.SIGNATURE, Point.NO_CERTIFICATE, Point.FOREIGN, Point.AUTHORITY)
    subject = examiner.subject
    if not base.finished:
        for point in points:
            examiner.find(point, Verdict.NOT_CHECKED, "no handshake was completed")
    elif subject.client_auth is ClientAuth.OFF:
        verdict = Verdict.ENFORCED if base.asked is None else Verdict.NOT_EXCLUSIVE
        for point in points:
            examiner.find(point, verdict, f"{'none' if base.asked is None else 'one'} is asked for")
    elif base.asked is None:
        for point in points:
            examiner.find(point, Verdict.WRONG, "no certificate is asked for")
    else:
        _signatures(examiner, base.asked.signatures)
        _no_certificate(examiner, asked)
        _foreign(examiner, asked)
        _authorities(examiner, base.asked.authorities)


def _signatures(examiner: _Examiner, schemes: tuple[int, ...]) -> None:
    tls = examiner.subject.profile.tls
    if tls.signature_code not in schemes:
        detail = f"{tls.signature_scheme} is not asked for: no device can log in"
        examiner.find(Point.SIGNATURE, Verdict.WRONG, detail)
    elif len(schemes) > 1:
        detail = f"{tls.signature_scheme} and {len(schemes) - 1} others"
        examiner.find(Point.SIGNATURE, Verdict.NOT_EXCLUSIVE, detail)
    else:
        examiner.find(Point.SIGNATURE, Verdict.ENFORCED, f"{tls.signature_scheme} only")


def _no_certificate(examiner: _Examiner, asked: Offer) -> None:
    entry = examiner.entry(replace(asked, identity=None))
    if examiner.subject.client_auth is ClientAuth.OPTIONAL:
        verdict = Verdict.ENFORCED if entry.let_in else Verdict.REFUSED
    else:
        verdict = Verdict.WRONG if entry.let_in else Verdict.ENFORCED
    said = "let in" if entry.let_in else "turned away"
    examiner.find(Point.NO_CERTIFICATE, verdict, f"{said}: {entry.how}")


def _foreign(examiner: _Examiner, asked: Offer) -> None:
    for identity in examiner.subject.foreign:
        entry = examiner.entry(replace(asked, identity=identity))
        if entry.let_in:
            break
    said = "let in" if entry.let_in else "turned away"
    verdict = Verdict.WRONG if entry.let_in else Verdict.ENFORCED
    examiner.find(Point.FOREIGN, verdict, f"{said}: {entry.how}")


def _authorities(examiner: _Examiner, named: tuple[bytes, ...]) -> None:
    known = examiner.subject.authorities
    strangers = set(named) - known
    if not named:
        examiner.find(Point.AUTHORITY, Verdict.ENFORCED, "none is named")
    elif not known:
        examiner.find(Point.AUTHORITY, Verdict.NOT_CHECKED, "the maker's CAs are not known here")
    elif strangers == set(named):
        examiner.find(Point.AUTHORITY, Verdict.WRONG, f"{_title(named[0])}: none of the maker's")
    elif strangers:
        detail = f"the maker's, and {_title(min(strangers))}"
        examiner.find(Point.AUTHORITY, Verdict.NOT_EXCLUSIVE, detail)
    else:
        examiner.find(Point.AUTHORITY, Verdict.ENFORCED, "the maker's")


def _title(der: bytes) -> str:
    """What can be read of a name: there is no parser for one alone."""
    return "".join(chr(byte) for byte in der if byte in PRINTABLE)[-TITLE_CHARACTERS:]


def _names(examiner: _Examiner, base: Transcript, asked: Offer) -> None:
    for point, name in ((Point.NO_NAME, None), (Point.OTHER_NAME, OTHER_NAME)):
        if not base.finished:
            examiner.find(point, Verdict.NOT_CHECKED, "no handshake was completed")
            continue
        seen = examiner.shake(replace(asked, identity=None, name=name))
        looser = _looser(examiner, seen, name, same=base.asked is not None)
        if looser:
            examiner.find(point, Verdict.WRONG, f"gets more: {', '.join(looser)}")
        elif seen.finished:
            examiner.find(point, Verdict.ENFORCED, "held to the same")
        else:
            examiner.find(point, Verdict.ENFORCED, f"turned away: {why_not(seen)}")


def _looser(examiner: _Examiner, seen: Transcript, name: str | None, *, same: bool) -> list[str]:
    found = []
    if seen.finished and same and seen.asked is None:
        found.append("no certificate is asked for")
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


def _wire(examiner: _Examiner, base: Transcript) -> None:
    points = (Point.RECORDS, Point.TICKETS, Point.FLIGHT)
    if not base.finished:
        for point in points:
            examiner.find(point, Verdict.NOT_CHECKED, "no handshake was completed")
        return
    profile = examiner.subject.profile
    longest = max(base.records)
    most = profile.tls.record_limit + 1 + profile.sizes.aead_tag
    if base.limited and longest <= most:
        examiner.find(Point.RECORDS, Verdict.ENFORCED, f"agreed; the longest has {longest} bytes")
    else:
        what = f"agreed, but one has {longest} bytes" if base.limited else "ignored"
        detail = f"{what}: a device has to take {UNLIMITED_BYTES:,} bytes"
        examiner.find(Point.RECORDS, Verdict.WRONG, detail)
    extra = base.tickets - profile.tls.tickets
    verdict = Verdict.NOT_EXCLUSIVE if extra > 0 else Verdict.ENFORCED
    examiner.find(Point.TICKETS, verdict, f"{base.tickets or 'none'} sent")
    fits = base.certificate_bytes <= profile.chain.message_bytes
    detail = f"{base.flight_bytes} bytes; the certificates take {base.certificate_bytes}"
    if not fits:
        detail += f", a device takes {profile.chain.message_bytes}"
    examiner.find(Point.FLIGHT, Verdict.ENFORCED if fits else Verdict.WRONG, detail)
