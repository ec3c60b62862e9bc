"""What comes over the wire, as a device has to take it. Sans-IO."""

from __future__ import annotations

from rootlet.servers.checkup.examiner import UNFINISHED, Examiner
from rootlet.servers.checkup.point import Point, Verdict
from rootlet.servers.checkup.transcript import Transcript

__all__ = ["WIRE_POINTS", "judge_wire"]

WIRE_POINTS = (Point.RECORDS, Point.TICKETS, Point.FLIGHT)

UNLIMITED_BYTES = 5 + 2**14 + 256
"""What a device needs to receive where records have no limit (RFC 9846 section 5.2)."""


def judge_wire(examiner: Examiner, base: Transcript) -> None:
    """By a handshake that was completed, if any was."""
    if not base.finished:
        examiner.find_all(WIRE_POINTS, Verdict.NOT_CHECKED, UNFINISHED)
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
