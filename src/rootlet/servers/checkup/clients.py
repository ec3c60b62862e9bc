"""What clients are asked for, and who gets in. Sans-IO."""

from __future__ import annotations

from dataclasses import replace

from rootlet.servers.checkup.examiner import UNFINISHED, Examiner
from rootlet.servers.checkup.offer import Offer
from rootlet.servers.checkup.point import Point, Verdict
from rootlet.servers.checkup.transcript import Transcript
from rootlet.servers.interface import ClientAuth

__all__ = ["CLIENT_POINTS", "judge_clients"]

CLIENT_POINTS = (Point.SIGNATURE, Point.NO_CERTIFICATE, Point.FOREIGN, Point.AUTHORITY)

PRINTABLE = range(0x20, 0x7F)
TITLE_CHARACTERS = 24
"""Of a CA's name, the end: where its common name is."""


def judge_clients(examiner: Examiner, base: Transcript, asked: Offer) -> None:
    """``base`` is a handshake that was completed, if any was, by ``asked``."""
    subject = examiner.subject
    if not base.finished:
        examiner.find_all(CLIENT_POINTS, Verdict.NOT_CHECKED, UNFINISHED)
    elif subject.client_auth is ClientAuth.OFF:
        verdict = Verdict.ENFORCED if base.asked is None else Verdict.NOT_EXCLUSIVE
        said = f"{'none' if base.asked is None else 'one'} is asked for"
        examiner.find_all(CLIENT_POINTS, verdict, said)
    elif base.asked is None:
        examiner.find_all(CLIENT_POINTS, Verdict.WRONG, "no certificate is asked for")
    else:
        _signatures(examiner, base.asked.signatures)
        _no_certificate(examiner, asked)
        _foreign(examiner, asked)
        _authorities(examiner, base.asked.authorities)


def _signatures(examiner: Examiner, schemes: tuple[int, ...]) -> None:
    tls = examiner.subject.profile.tls
    if tls.signature_code not in schemes:
        detail = f"{tls.signature_scheme} is not asked for: no device can log in"
        examiner.find(Point.SIGNATURE, Verdict.WRONG, detail)
    elif len(schemes) > 1:
        detail = f"{tls.signature_scheme} and {len(schemes) - 1} others"
        examiner.find(Point.SIGNATURE, Verdict.NOT_EXCLUSIVE, detail)
    else:
        examiner.find(Point.SIGNATURE, Verdict.ENFORCED, f"{tls.signature_scheme} only")


def _no_certificate(examiner: Examiner, asked: Offer) -> None:
    entry = examiner.entry(replace(asked, identity=None))
    if examiner.subject.client_auth is ClientAuth.OPTIONAL:
        verdict = Verdict.ENFORCED if entry.let_in else Verdict.REFUSED
    else:
        verdict = Verdict.WRONG if entry.let_in else Verdict.ENFORCED
        examiner.anyone_gets_in = entry.let_in
    said = "let in" if entry.let_in else "turned away"
    examiner.find(Point.NO_CERTIFICATE, verdict, f"{said}: {entry.how}")


def _foreign(examiner: Examiner, asked: Offer) -> None:
    for identity in examiner.subject.foreign:
        entry = examiner.entry(replace(asked, identity=identity))
        if entry.let_in:
            break
    said = "let in" if entry.let_in else "turned away"
    verdict = Verdict.WRONG if entry.let_in else Verdict.ENFORCED
    examiner.find(Point.FOREIGN, verdict, f"{said}: {entry.how}")


def _authorities(examiner: Examiner, named: tuple[bytes, ...]) -> None:
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
