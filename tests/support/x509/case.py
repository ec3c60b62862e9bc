"""What a case is: a chain, what the device trusts, and the verdict it must come to."""

from __future__ import annotations

from dataclasses import dataclass

from rootlet.device import Anchor, Host, check_chain
from support.x509.draft import HOST, ISSUING, LEAF, ROOT, Draft, public_key

__all__ = ["ANCHOR", "NOW", "OK", "ROWS", "Case", "anchor"]

OK = "OK"
ROWS = {
    0: "the call itself",
    1: "strict DER",
    2: "version",
    3: "serial number",
    4: "signature algorithm",
    5: "key",
    6: "names and who issued whom",
    7: "signatures",
    8: "dates",
    9: "CA or not",
    10: "path length",
    11: "name constraints",
    12: "unknown critical extensions",
    13: "extensions that stand twice",
    14: "key usage",
    15: "extended key usage",
    16: "subjectAltName: form",
    17: "DNS names",
    18: "wildcards",
    19: "addresses",
    20: "limits",
}
"""The checks there are."""

NOW = 1_777_680_000
"""2026-05-02T00:00:00Z, in the middle of the drafts' validity."""


def anchor(draft: Draft, holder: str | None = None) -> Anchor:
    """The trust anchor of a root, or one with its name and another's key."""
    return Anchor(name=draft.subject, public_key=public_key(holder or draft.holder))


ANCHOR = anchor(ROOT)


def sized(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


@dataclass(frozen=True)
class Case:
    """One chain and its verdict."""

    row: int
    """Of ROWS."""
    text: str
    """What is special about it."""
    status: str
    """The verdict: OK, or a status' name without ERR_X509_."""
    leaf: Draft | bytes = LEAF
    issuing: Draft | bytes = ISSUING
    chain: tuple[Draft | bytes, ...] | None = None
    """Instead of the leaf and the issuing CA."""
    anchors: tuple[Anchor, ...] = (ANCHOR,)
    host: Host = HOST
    earliest: int = NOW
    latest: int = NOW

    def check(self) -> bytes:
        """The device's verdict: the leaf's key, or ``Refused``."""
        return check_chain(
            self.certificates(),
            anchors=self.anchors,
            host=self.host,
            earliest=self.earliest,
            latest=self.latest,
        )

    def record(self) -> bytes:
        """The case as device/test/unit/x509_chains.c reads it."""
        is_address = not isinstance(self.host, str)
        host = self.host.encode() if isinstance(self.host, str) else self.host.packed
        chain = self.certificates()
        return b"".join(
            [
                bytes([len(chain)]),
                *map(sized, chain),
                bytes([len(self.anchors)]),
                *(sized(anchor.name) + anchor.public_key for anchor in self.anchors),
                bytes([is_address]),
                sized(host),
                self.earliest.to_bytes(8, "big"),
                self.latest.to_bytes(8, "big"),
            ]
        )

    def certificates(self) -> list[bytes]:
        """The chain as the server sends it."""
        chain = (self.leaf, self.issuing) if self.chain is None else self.chain
        return [entry if isinstance(entry, bytes) else entry.der() for entry in chain]
