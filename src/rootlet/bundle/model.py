"""The trust bundle as a value: all that a device knows of its maker."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.pki import fingerprint, public_bytes, require_profile_key
from rootlet.profile import Profile

__all__ = ["Bundle", "BundledTimeServer", "OutputFile"]


@dataclass(frozen=True)
class BundledTimeServer:
    """A Roughtime server that a device asks."""

    name: str
    address: str
    """host:port"""
    public_key: bytes
    """Long-term Ed25519 key, 32 bytes."""


@dataclass(frozen=True)
class OutputFile:
    """One file of a bundle, to be written."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Bundle:
    """Root and successor, the keys of the clocks, the names of the servers; all of it checked."""

    profile: Profile
    maker: str
    root: x509.Certificate
    hosts: tuple[str, ...]
    time_servers: tuple[BundledTimeServer, ...]
    successor: x509.Certificate | None = None
    """The root after this one; devices trust both, so the maker can go over without an update."""

    @property
    def anchors(self) -> tuple[tuple[bytes, bytes], ...]:
        """Name and raw key of each root that a device trusts, the present one first."""
        both = (self.root, self.successor)
        return tuple(
            (root.subject.public_bytes(), self._key(root)) for root in both if root is not None
        )

    @property
    def root_der(self) -> bytes:
        """The root's certificate."""
        return self.root.public_bytes(Encoding.DER)

    @property
    def root_sha256(self) -> str:
        """Its fingerprint, hexadecimal."""
        return fingerprint(self.root_der)

    def _key(self, root: x509.Certificate) -> bytes:
        return public_bytes(require_profile_key(root.public_key(), self.profile, what="the root"))

    @property
    def root_not_before(self) -> int:
        """The first second of the root's validity, since 1970."""
        return int(self.root.not_valid_before_utc.timestamp())

    @property
    def root_not_after(self) -> int:
        """The last second of the root's validity, since 1970."""
        return int(self.root.not_valid_after_utc.timestamp())
