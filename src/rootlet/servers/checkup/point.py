"""The points a server is held to, and what can be said of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["POINTS", "Finding", "Point", "Verdict"]


class Verdict(StrEnum):
    """What was found."""

    ENFORCED = "enforced"
    """As the profile says, and nothing else."""
    NOT_EXCLUSIVE = "works but not exclusive"
    """As the profile says; but more is possible than it says."""
    REFUSED = "refused"
    """The server refuses what devices need."""
    WRONG = "wrong"
    """Not as the profile says."""
    NOT_CHECKED = "not checked"
    """What it takes was not given, or an earlier point keeps it from being seen."""


class Point(StrEnum):
    """One question, by the word that --accept takes."""

    PROFILE = "profile"
    SUITE = "suite"
    GROUP = "group"
    RETRY = "retry"
    VERSION = "version"
    SIGNATURE = "signature"
    NO_CERTIFICATE = "no-certificate"
    FOREIGN = "foreign"
    AUTHORITY = "authority"
    NO_NAME = "no-name"
    OTHER_NAME = "other-name"
    CHAIN = "chain"
    NAME = "name"
    DATES = "dates"
    LIFETIME = "lifetime"
    RECORDS = "records"
    TICKETS = "tickets"
    FLIGHT = "flight"
    DEVICE = "device"


POINTS: dict[Point, str] = {
    Point.PROFILE: "a device's own offer, and its certificate",
    Point.SUITE: "other suites of TLS 1.3",
    Point.GROUP: "other groups",
    Point.RETRY: "another group's share first",
    Point.VERSION: "TLS 1.2 and below",
    Point.SIGNATURE: "signature schemes asked of devices",
    Point.NO_CERTIFICATE: "a client without a certificate",
    Point.FOREIGN: "a certificate of another CA",
    Point.AUTHORITY: "CAs named to devices",
    Point.NO_NAME: "a client that asks for no name",
    Point.OTHER_NAME: "a client that asks for another name",
    Point.CHAIN: "the certificates sent",
    Point.NAME: "the name in the certificate",
    Point.DATES: "its dates",
    Point.LIFETIME: "its lifetime",
    Point.RECORDS: "the limit of records",
    Point.TICKETS: "session tickets",
    Point.FLIGHT: "the server's first flight",
    Point.DEVICE: "the device library's own verdict",
}
"""What each is about, in the order in which they are told."""


@dataclass(frozen=True)
class Finding:
    """One point, judged."""

    point: Point
    verdict: Verdict
    detail: str
    """What was seen, in a few words."""
