"""Judges the certificates that a server sent. Sans-IO."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.pki import Host, general_name, host_text
from rootlet.profile import Profile
from rootlet.servers.checkup.point import Finding, Point, Verdict

__all__ = ["judge_chain"]

UNREADABLE = (ValueError, TypeError, x509.InvalidVersion, x509.DuplicateExtension)


@dataclass(frozen=True)
class _Sent:
    leaf: x509.Certificate
    above: tuple[x509.Certificate, ...]


def judge_chain(
    sent: Sequence[bytes], root: x509.Certificate, host: Host, profile: Profile, now: datetime
) -> list[Finding]:
    """Chain, name, dates and lifetime."""
    points = (Point.CHAIN, Point.NAME, Point.DATES, Point.LIFETIME)
    try:
        parsed = [x509.load_der_x509_certificate(der) for der in sent]
        if parsed:
            chain = _Sent(parsed[0], tuple(parsed[1:]))
            return [
                _chain(chain, root),
                _name(chain.leaf, host),
                _dates(parsed, now),
                _lifetime(chain.leaf, profile),
            ]
    except UNREADABLE:
        wrong = "a certificate cannot be read"
        return [Finding(point, Verdict.WRONG, wrong) for point in points]
    return [Finding(point, Verdict.NOT_CHECKED, "no certificate was seen") for point in points]


def _signed(child: x509.Certificate, parent: x509.Certificate) -> bool:
    try:
        child.verify_directly_issued_by(parent)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _chain(chain: _Sent, root: x509.Certificate) -> Finding:
    def finding(verdict: Verdict, detail: str) -> Finding:
        return Finding(Point.CHAIN, verdict, detail)

    last = chain.leaf
    for number, parent in enumerate(chain.above):
        if parent == root:
            extra = len(parent.public_bytes(Encoding.DER))
            return finding(Verdict.NOT_EXCLUSIVE, f"the root is sent, too: {extra} bytes more")
        if not _signed(last, parent):
            which = "the server's" if number == 0 else f"certificate {number}"
            return finding(Verdict.WRONG, f"certificate {number + 2} did not issue {which}")
        last = parent
    if _signed(last, root):
        if not chain.above:
            return finding(Verdict.ENFORCED, "issued by the root itself")
        return finding(Verdict.ENFORCED, "the server's and the issuing CA's alone")
    if not chain.above and last.issuer != root.subject:
        return finding(Verdict.WRONG, "the issuing CA's certificate is missing")
    return finding(Verdict.WRONG, "it does not lead to the root")


def _name(leaf: x509.Certificate, host: Host) -> Finding:
    try:
        names = list(leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        names = []
    if general_name(host) in names:
        return Finding(Point.NAME, Verdict.ENFORCED, host_text(host))
    shown = ", ".join(str(name.value) for name in names[:3]) or "none"
    return Finding(Point.NAME, Verdict.WRONG, f"{shown} instead of {host_text(host)}")


def _dates(chain: Sequence[x509.Certificate], now: datetime) -> Finding:
    for number, each in enumerate(chain, 1):
        which = "expired" if now > each.not_valid_after_utc else "not yet valid"
        if not each.not_valid_before_utc <= now <= each.not_valid_after_utc:
            moment = each.not_valid_after_utc if which == "expired" else each.not_valid_before_utc
            detail = f"certificate {number} {which}: {moment:%Y-%m-%d %H:%M} UTC"
            return Finding(Point.DATES, Verdict.WRONG, detail)
    end = chain[0].not_valid_after_utc
    left = (end - now) // timedelta(minutes=1)
    detail = f"until {end:%Y-%m-%d %H:%M} UTC, {left // 60} h {left % 60} min left"
    return Finding(Point.DATES, Verdict.ENFORCED, detail)


def _lifetime(leaf: x509.Certificate, profile: Profile) -> Finding:
    lifetimes = profile.lifetimes
    most = timedelta(hours=lifetimes.server_max_hours, minutes=lifetimes.backdate_minutes)
    hours = (leaf.not_valid_after_utc - leaf.not_valid_before_utc) / timedelta(hours=1)
    fits = timedelta(hours=hours) <= most
    detail = f"{hours:.0f} h; the profile allows {most / timedelta(hours=1):.0f}"
    return Finding(Point.LIFETIME, Verdict.ENFORCED if fits else Verdict.WRONG, detail)
