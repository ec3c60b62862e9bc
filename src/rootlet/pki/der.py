"""DER (X.690 section 8 and 10) for what pyca writes only slowly, or not at all."""

from __future__ import annotations

__all__ = ["BITS", "INTEGER", "NULL", "OCTETS", "OID", "SEQUENCE", "SET", "UTF8", "tlv"]

INTEGER, BITS, OCTETS, NULL, OID, UTF8 = 0x02, 0x03, 0x04, 0x05, 0x06, 0x0C
SEQUENCE, SET = 0x30, 0x31


def tlv(tag: int, *parts: bytes) -> bytes:
    """An element: its tag, the length of its parts in the shortest form, the parts."""
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + body
