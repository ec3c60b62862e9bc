"""The numbers and texts of RFC 10049, and the two hashes and signatures built from them."""

from __future__ import annotations

import hashlib
from typing import Final

__all__ = [
    "CERT",
    "DEFAULT_PORT",
    "DELE",
    "HASH_BYTES",
    "HEADER_BYTES",
    "INDX",
    "KEY_BYTES",
    "MAGIC",
    "MAXT",
    "MAX_PACKET_BYTES",
    "MAX_PATH_NODES",
    "MAX_TIME",
    "MAX_VERSIONS",
    "MIDP",
    "MINT",
    "MIN_REQUEST_BYTES",
    "NONC",
    "NONCE_BYTES",
    "PATH",
    "PUBK",
    "RADI",
    "REQUEST_BYTES",
    "ROOT",
    "SIG",
    "SIGNATURE_BYTES",
    "SREP",
    "SRV",
    "TYPE",
    "TYPE_REQUEST",
    "TYPE_RESPONSE",
    "VER",
    "VERS",
    "VERSION_1",
    "VERSION_DRAFT",
    "ZZZZ",
    "delegation_context",
    "digest",
    "response_context",
    "server_id",
    "tag",
    "tag_name",
]


def tag(name: str) -> int:
    """A tag as the number it is compared and sorted by (section 4.2)."""
    return int.from_bytes(name.encode("ascii").ljust(4, b"\0"), "little")


def tag_name(number: int) -> str:
    """A tag as people read it; one that is no word as a number."""
    letters = number.to_bytes(4, "little").rstrip(b"\0")
    return letters.decode("ascii") if letters.isalpha() else f"{number:#010x}"


CERT: Final = tag("CERT")
DELE: Final = tag("DELE")
INDX: Final = tag("INDX")
MAXT: Final = tag("MAXT")
MIDP: Final = tag("MIDP")
MINT: Final = tag("MINT")
NONC: Final = tag("NONC")
PATH: Final = tag("PATH")
PUBK: Final = tag("PUBK")
RADI: Final = tag("RADI")
ROOT: Final = tag("ROOT")
SIG: Final = tag("SIG")
SREP: Final = tag("SREP")
SRV: Final = tag("SRV")
TYPE: Final = tag("TYPE")
VER: Final = tag("VER")
VERS: Final = tag("VERS")
ZZZZ: Final = tag("ZZZZ")

TYPE_REQUEST: Final = bytes(4)
TYPE_RESPONSE: Final = (1).to_bytes(4, "little")

VERSION_1: Final = 1
"""RFC 10049."""
VERSION_DRAFT: Final = 0x8000000C
"""What drafts 12 to 19 tested with; most servers of 2026 speak nothing else."""

DEFAULT_PORT: Final = 5319
MAGIC: Final = b"ROUGHTIM"
HEADER_BYTES: Final = 12
"""Magic and length, before the message of a packet."""

HASH_BYTES: Final = 32
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
MAX_PATH_NODES: Final = 32
MAX_VERSIONS: Final = 32
MAX_TIME: Final = 2**64 - 1

REQUEST_BYTES: Final = 1036
"""What a client sends: section 5.1 pads the message, not the packet, to 1024 bytes."""
MIN_REQUEST_BYTES: Final = 1024
"""What a server takes: several clients pad the packet to 1024 bytes."""
MAX_PACKET_BYTES: Final = 2048
"""Longer datagrams are dropped; nothing in the RFC needs them, and each byte is hashed."""


def digest(*parts: bytes) -> bytes:
    """H of section 4.1: the first 32 bytes of SHA-512 (which is not SHA-512/256)."""
    return hashlib.sha512(b"".join(parts)).digest()[:HASH_BYTES]


def server_id(public_key: bytes) -> bytes:
    """SRV of section 5.1: which long-term key a request is for."""
    return digest(b"\xff", public_key)


def _context(text: bytes, version: int, appendix_b: bool) -> bytes:
    """The drafts wrote a capital T; the RFC's text has a small one, its appendix B does not."""
    small = version == VERSION_1 and not appendix_b
    return (b"Rought" if small else b"RoughT") + b"ime v1 " + text + b" signature\0"


def response_context(version: int, *, appendix_b: bool = False) -> bytes:
    """What stands before SREP when it is signed (section 5.2.1)."""
    return _context(b"response", version, appendix_b)


def delegation_context(version: int, *, appendix_b: bool = False) -> bytes:
    """What stands before DELE when it is signed (section 5.2.6)."""
    return _context(b"delegation", version, appendix_b)
