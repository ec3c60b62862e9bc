"""What a running server does, held against the profile: one handshake for each question."""

from rootlet.servers.checkup.advice import advice, guess_kind
from rootlet.servers.checkup.examine import Examination, examine
from rootlet.servers.checkup.examiner import Shake, Subject
from rootlet.servers.checkup.foreign_store import foreign_identities
from rootlet.servers.checkup.offer import ClientFiles, Offer, Request
from rootlet.servers.checkup.point import POINTS, Finding, Point, Verdict
from rootlet.servers.checkup.s_client_serve import SClient
from rootlet.servers.checkup.transcript import Transcript, read_transcript

__all__ = [
    "POINTS",
    "ClientFiles",
    "Examination",
    "Finding",
    "Offer",
    "Point",
    "Request",
    "SClient",
    "Shake",
    "Subject",
    "Transcript",
    "Verdict",
    "advice",
    "examine",
    "foreign_identities",
    "guess_kind",
    "read_transcript",
]
