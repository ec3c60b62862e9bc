"""When to renew: ACME Renewal Information (RFC 9773)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from rootlet.ca.acme.jws import decode, encode
from rootlet.ca.acme.problems import Kind, Problem

__all__ = ["Window", "at_once", "certificate_id", "retry_after", "serial_of", "window"]

MOST_TEXT = 128
"""Longest identifier: key id and serial of at most 20 bytes each take 55 characters."""

ASK_SECONDS = (1, 6 * 3600)
"""How often clients should ask again, at most and at least."""

NOT_OURS = "this certificate was not issued here: ask the CA that issued it"


@dataclass(frozen=True)
class Window:
    """A client renews at a random moment between both."""

    start: datetime
    end: datetime

    def document(self) -> dict[str, dict[str, str]]:
        """As JSON has it."""
        return {
            "suggestedWindow": {
                "start": f"{self.start:%Y-%m-%dT%H:%M:%SZ}",
                "end": f"{self.end:%Y-%m-%dT%H:%M:%SZ}",
            }
        }


def certificate_id(certificate: x509.Certificate) -> str:
    """RFC 9773 section 4.1: authority key identifier and serial."""
    found = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    identifier, serial = found.value.key_identifier, certificate.serial_number
    assert identifier is not None
    return f"{encode(identifier)}.{encode(serial.to_bytes(serial.bit_length() // 8 + 1))}"


def serial_of(text: str) -> tuple[bytes, str]:
    """Authority key identifier, and serial as the record has it; ``Problem`` for no identifier."""
    first, dot, second = text.partition(".")
    if not dot or len(text) > MOST_TEXT:
        raise Problem(
            Kind.MALFORMED,
            "a certificate's identifier is base64url of key identifier, a dot, and of serial",
        )
    identifier, serial = decode(first, "key identifier"), decode(second, "serial")
    if not identifier or not serial or serial[0] & 0x80 or serial.hex().startswith("0000"):
        raise Problem(Kind.MALFORMED, "the serial is not a positive DER integer: encode it again")
    return identifier, serial.removeprefix(b"\0").hex()


def window(issued_at: datetime, not_after: datetime) -> Window:
    """Around half of the life that began when it was issued."""
    life = not_after - issued_at
    start, end = issued_at + life * 0.45, issued_at + life * 0.55
    return Window(start, max(end, start + timedelta(seconds=1)))


def at_once(now: datetime) -> Window:
    """For a certificate that must not be used any more: a window that is over."""
    return Window(now - timedelta(seconds=2), now - timedelta(seconds=1))


def retry_after(issued_at: datetime, not_after: datetime) -> int:
    """Seconds after which to ask again: a twentieth of the life, within bounds."""
    least, most = ASK_SECONDS
    return max(least, min(most, int((not_after - issued_at).total_seconds()) // 20))
