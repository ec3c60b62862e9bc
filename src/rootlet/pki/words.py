"""Fingerprints that two people can compare over the phone.

The first 15 bytes of the SHA-256 in base32 (RFC 4648), 24 letters and digits, spelled with the
radiotelephony alphabet that anyone on a phone already knows how to hear. It takes no word list,
and no program of ours to check::

    openssl x509 -in root.pem -outform DER | openssl dgst -sha256 -binary | head -c 15 | base32
"""

from __future__ import annotations

import base64
import hashlib

__all__ = ["spoken"]

SPOKEN_BYTES = 15
"""120 bits: nobody makes a second certificate with the same ones, and base32 needs no padding."""

GROUP = 4
"""Words that are read out in one breath."""

ALPHABET = (
    "Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November "
    "Oscar Papa Quebec Romeo Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu"
)
"""The letters as ICAO Annex 10 and ITU Radio Regulations appendix 14 spell them."""

SPELLED = {word[0]: word for word in ALPHABET.split()}


def spoken(der: bytes) -> str:
    """A certificate's fingerprint as words: six groups of four, "Kilo 4 Papa X-ray, ..."."""
    text = base64.b32encode(hashlib.sha256(der).digest()[:SPOKEN_BYTES]).decode("ascii")
    words = [SPELLED.get(character, character) for character in text]
    groups = (words[at : at + GROUP] for at in range(0, len(words), GROUP))
    return ", ".join(" ".join(group) for group in groups)
