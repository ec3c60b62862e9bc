"""Roughtime replies for tests, of which every part can be spoiled before it is signed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rootlet.roughtime import (
    Clock,
    Delegation,
    LongTermKey,
    Server,
    TimeListener,
    build_request,
    delegate,
    promised,
    raw_public_key,
)
from rootlet.roughtime import protocol as p

__all__ = [
    "CHANGED",
    "KEY",
    "LONG_TERM",
    "NONCE",
    "NOW",
    "ONLINE",
    "REQUEST",
    "VECTORS",
    "Reply",
    "appendix_b",
    "batch_vectors",
    "exchanges",
    "number",
    "packet",
    "report_exchanges",
    "server",
    "spell",
]

VECTORS = Path(__file__).parents[2] / "vectors" / "roughtime"

NOW = 1_795_000_000
NONCE = bytes(range(32))
LONG_TERM = Ed25519PrivateKey.from_private_bytes(b"long-term key of the test server")
ONLINE = Ed25519PrivateKey.from_private_bytes(b"online key of that test server..")
KEY = raw_public_key(LONG_TERM)
REQUEST = build_request(NONCE, KEY)

Changes = Mapping[int, bytes | None]
"""Values to put in by tag; None takes one out."""


def number(value: int, width: int = 4) -> bytes:
    """Little-endian, as all of Roughtime's numbers."""
    return value.to_bytes(width, "little")


def spell(pairs: Sequence[tuple[int, bytes]]) -> bytes:
    """A message of these pairs in this order, whether or not the RFC allows it."""
    ends = [sum(len(value) for _, value in pairs[: i + 1]) for i in range(len(pairs))]
    header = [len(pairs), *ends[:-1], *(tag for tag, _ in pairs)]
    return b"".join(map(number, header)) + b"".join(value for _, value in pairs)


def packet(message: bytes) -> bytes:
    """A message with its header."""
    return b"ROUGHTIM" + number(len(message)) + message


def _changed(values: Mapping[int, bytes], changes: Changes) -> bytes:
    merged = {**values, **changes}
    kept = [(tag, value) for tag, value in sorted(merged.items()) if value is not None]
    return spell(kept)


@dataclass(frozen=True)
class Reply:
    """A reply that is right but for what is changed; signed after the changes."""

    version: int = p.VERSION_1
    appendix_b: bool = False
    response: Changes = field(default_factory=dict)
    srep: Changes = field(default_factory=dict)
    cert: Changes = field(default_factory=dict)
    dele: Changes = field(default_factory=dict)
    long_term: Ed25519PrivateKey = LONG_TERM
    online: Ed25519PrivateKey = ONLINE

    def to(self, request: bytes = REQUEST, nonce: bytes = NONCE) -> bytes:
        """The whole packet, in answer to a request that was alone in its batch."""
        dele = _changed(
            {
                p.PUBK: raw_public_key(ONLINE),
                p.MINT: number(NOW - 3600, 8),
                p.MAXT: number(NOW + 3600, 8),
            },
            self.dele,
        )
        context = p.delegation_context(self.version, appendix_b=self.appendix_b)
        cert = _changed({p.SIG: self.long_term.sign(context + dele), p.DELE: dele}, self.cert)
        srep = _changed(
            {
                p.VER: number(self.version),
                p.RADI: number(3),
                p.MIDP: number(NOW, 8),
                p.VERS: number(p.VERSION_1) + number(p.VERSION_DRAFT),
                p.ROOT: p.digest(b"\0", request),
            },
            self.srep,
        )
        context = p.response_context(self.version, appendix_b=self.appendix_b)
        values = {
            p.SIG: self.online.sign(context + srep),
            p.NONC: nonce,
            p.TYPE: number(1),
            p.PATH: b"",
            p.SREP: srep,
            p.CERT: cert,
            p.INDX: number(0),
        }
        return packet(_changed(values, self.response))


CHANGED: Mapping[str, Callable[[Changes], Reply]] = {
    "response": lambda changes: Reply(response=changes),
    "srep": lambda changes: Reply(srep=changes),
    "cert": lambda changes: Reply(cert=changes),
    "dele": lambda changes: Reply(dele=changes),
}
"""A reply with changes in the message of that name."""


RADIUS = 3


def server(*, hours: int = 24) -> Server:
    """The test server's core, with fixed keys: its responses never vary."""
    versions = (p.VERSION_1, p.VERSION_DRAFT)

    def renew(now: int) -> Delegation:
        return delegate(LONG_TERM, ONLINE, now=now, hours=hours, versions=versions)

    return Server([LongTermKey(KEY, renew)], versions=versions)


def listener(
    core: Server | None = None, address: tuple[str, int] = ("127.0.0.1", 0)
) -> TimeListener:
    """It on a port, with this machine's clock, for which the tests give their word."""
    return TimeListener(address, core or server(), Clock(promised(RADIUS)))


def exchanges(requests: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    """Each request with the test server's response to all of them at once."""
    responses = server().answer(requests, NOW, RADIUS)
    pairs = zip(requests, responses, strict=True)
    return [(request, response) for request, response in pairs if response is not None]


def batch_vectors() -> dict[str, Any]:
    """What stands in vectors/roughtime/batches.json."""

    def text(value: bytes) -> str:
        return base64.b64encode(value).decode("ascii")

    def batch(version: int, count: int) -> dict[str, Any]:
        nonces = [p.digest(number(version), number(n)) for n in range(count)]
        requests = [build_request(nonce, KEY, versions=(version,)) for nonce in nonces]
        pairs = exchanges(requests)
        return {
            "version": version,
            "exchanges": [{"request": text(a), "response": text(b)} for a, b in pairs],
        }

    return {
        "source": "Made by rootlet's own server with the fixed keys of tests/support/roughtime.py",
        "about": "Batches, so PATH is not empty. A batch of 5 is filled up with its last leaf. "
        "To make it anew: PYTHONPATH=tests python -m support.roughtime",
        "publicKey": text(KEY),
        "midpoint": NOW,
        "radius": 3,
        "batches": [batch(p.VERSION_1, 5), batch(p.VERSION_DRAFT, 2)],
    }


def report_exchanges(report: Mapping[str, Any]) -> list[tuple[bytes, bytes, bytes]]:
    """Request, response and key of each entry of a malfeasance report."""
    names = ("request", "response", "publicKey")
    return [
        (values[0], values[1], values[2])
        for entry in report["responses"]
        for values in [[base64.b64decode(entry[name], validate=True) for name in names]]
    ]


def appendix_b() -> dict[str, Any]:
    """The report of RFC 10049 appendix B."""
    loaded = json.loads((VECTORS / "appendix_b.json").read_text(encoding="utf-8"))
    report: dict[str, Any] = loaded["report"]
    return report


if __name__ == "__main__":
    rewritten = json.dumps(batch_vectors(), indent=2) + "\n"
    (VECTORS / "batches.json").write_text(rewritten, encoding="utf-8")
