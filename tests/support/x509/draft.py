"""Certificates as drafts: each field's DER can be replaced by anything, then it is signed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from support.x509.der import (
    alternative_names,
    bits,
    explicit,
    extension,
    integer,
    name,
    octets,
    oid,
    sequence,
    tlv,
    utc,
)

__all__ = [
    "AUTHORITY",
    "BASIC_CONSTRAINTS",
    "CA_USAGE",
    "ED25519",
    "FOR_SERVERS",
    "HOST",
    "ISSUING",
    "IS_CA",
    "LEAF",
    "LEAF_USAGE",
    "NAMES",
    "ROOT",
    "SERVER_AUTH",
    "VALIDITY",
    "Draft",
    "dns",
    "key",
    "public_key",
]

HOST = "api.example.test"

ED25519 = sequence(oid("1.3.101.112"))
"""AlgorithmIdentifier: RFC 8410 section 3, parameters absent."""

BASIC_CONSTRAINTS = "2.5.29.19"
SERVER_AUTH = "1.3.6.1.5.5.7.3.1"


def key(holder: str) -> Ed25519PrivateKey:
    """The same key for the same holder, always."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(holder.encode()).digest())


def public_key(holder: str) -> bytes:
    return key(holder).public_key().public_bytes_raw()


def dns(text: str) -> bytes:
    """GeneralName dNSName."""
    return tlv(0x82, text.encode("latin-1"))


IS_CA = extension(BASIC_CONSTRAINTS, sequence(tlv(0x01, b"\xff"), integer(0)), critical=True)
CA_USAGE = extension("2.5.29.15", bits(b"\x06", unused=1), critical=True)
LEAF_USAGE = extension("2.5.29.15", bits(b"\x80", unused=7), critical=True)
FOR_SERVERS = extension("2.5.29.37", sequence(oid(SERVER_AUTH)))
AUTHORITY = extension("2.5.29.35", sequence(tlv(0x80, bytes(range(20)))))
NAMES = alternative_names(dns(HOST))
VALIDITY = sequence(utc("260501000000Z"), utc("260503000000Z"))


@dataclass(frozen=True)
class Draft:
    """A certificate to be; every bytes field is whole DER."""

    subject: bytes
    issuer: bytes
    holder: str
    """Whose key is certified."""
    signer: str
    """Whose key signs."""
    extensions: tuple[bytes, ...]
    version: bytes = explicit(0, integer(2))
    serial: bytes = integer(0x1234567890)
    inner_algorithm: bytes = ED25519
    outer_algorithm: bytes = ED25519
    validity: bytes = VALIDITY
    spki: bytes | None = None
    """Instead of the holder's key."""
    tail: bytes | None = None
    """Instead of the extensions: all that follows the key."""

    def tbs(self) -> bytes:
        """What is signed."""
        spki = self.spki or sequence(ED25519, bits(public_key(self.holder)))
        tail = self.tail
        if tail is None:
            tail = explicit(3, sequence(*self.extensions))
        return sequence(
            self.version,
            self.serial,
            self.inner_algorithm,
            self.issuer,
            self.validity,
            self.subject,
            spki,
            tail,
        )

    def seal(self, tbs: bytes) -> bytes:
        """A certificate of this signer over any TBSCertificate."""
        return sequence(tbs, self.outer_algorithm, bits(key(self.signer).sign(tbs)))

    def der(self) -> bytes:
        """The certificate."""
        return self.seal(self.tbs())


ROOT = Draft(
    subject=name("Example Root"),
    issuer=name("Example Root"),
    holder="root",
    signer="root",
    extensions=(extension(BASIC_CONSTRAINTS, sequence(tlv(0x01, b"\xff")), critical=True),),
)
ISSUING = Draft(
    subject=name("Example Issuing"),
    issuer=ROOT.subject,
    holder="issuing",
    signer="root",
    extensions=(IS_CA, CA_USAGE, extension("2.5.29.14", octets(bytes(range(20)))), AUTHORITY),
)
LEAF = Draft(
    subject=name("api"),
    issuer=ISSUING.subject,
    holder="leaf",
    signer="issuing",
    extensions=(LEAF_USAGE, FOR_SERVERS, NAMES, AUTHORITY),
)
