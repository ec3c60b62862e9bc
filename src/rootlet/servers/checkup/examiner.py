"""What a server is held to, and the one who asks it. Sans-IO."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from cryptography import x509

from rootlet.pki import Host, host_text
from rootlet.profile import Profile
from rootlet.servers.checkup.entry import Entry, entry_of
from rootlet.servers.checkup.offer import (
    GROUPS,
    ClientFiles,
    Offer,
    Request,
    other_groups,
    other_suites,
    profile_offer,
)
from rootlet.servers.checkup.point import Finding, Point, Verdict
from rootlet.servers.checkup.transcript import Transcript
from rootlet.servers.interface import ClientAuth

__all__ = ["UNFINISHED", "Examiner", "Shake", "Subject", "Unable"]

Shake = Callable[[Offer], Transcript]
"""Does one handshake."""

EVERY_SIGNATURE = "ed25519:ECDSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA256:RSA+SHA256"

UNFINISHED = "no handshake was completed"


class Unable(Exception):
    """This machine's OpenSSL has not what was to be offered; the reason is what it says."""


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


@dataclass
class Examiner:
    """Does one handshake after the other, and remembers what was found."""

    subject: Subject
    offer_once: Shake
    tell: Callable[[Point], None]
    findings: dict[Point, Finding] = field(default_factory=dict)
    handshakes: int = 0
    received: Entry | None = None
    """How a device was received; None without one."""
    open_groups: frozenset[int] = frozenset()
    open_versions: frozenset[int] = frozenset()
    anyone_gets_in: bool = False
    """Without a certificate, although it should be required."""

    def shake(self, offer: Offer) -> Transcript:
        """One handshake; ``Unable`` when this machine's OpenSSL cannot make the offer."""
        self.handshakes += 1
        seen = self.offer_once(offer)
        if not seen.sent:
            raise Unable(seen.trouble)
        return seen

    def entry(self, offer: Offer) -> Entry:
        """Whether a client with this offer is let in."""
        return entry_of(self.shake(offer), self.subject.request, self.received)

    def find(self, point: Point, verdict: Verdict, detail: str) -> None:
        """Judge a point."""
        self.findings[point] = Finding(point, verdict, detail)
        self.tell(point)

    def find_all(self, points: Iterable[Point], verdict: Verdict, detail: str) -> None:
        """Judge several points alike."""
        for point in points:
            self.find(point, verdict, detail)

    @property
    def offer(self) -> Offer:
        """A device's."""
        name = None if not isinstance(self.subject.host, str) else host_text(self.subject.host)
        return profile_offer(self.subject.profile, name=name, identity=self.subject.identity)

    @property
    def wide(self) -> Offer:
        """Everything of TLS 1.3, the profile's first."""
        tls = self.subject.profile.tls
        suites = (tls.suite, *other_suites(self.subject.profile).values())
        groups = (GROUPS[tls.group_code], *other_groups(self.subject.profile).values())
        return replace(self.offer, suites=suites, groups=groups, signature=EVERY_SIGNATURE)
