"""DER written by hand, so that it can be written wrong."""

from __future__ import annotations

from datetime import datetime

__all__ = [
    "alternative_names",
    "bits",
    "boolean",
    "explicit",
    "extension",
    "generalized",
    "integer",
    "moment",
    "name",
    "octets",
    "oid",
    "sequence",
    "set_of",
    "tlv",
    "utc",
]


def tlv(tag: int, *parts: bytes) -> bytes:
    """One element with the shortest definite length."""
    contents = b"".join(parts)
    size = len(contents)
    if size < 0x80:
        return bytes([tag, size]) + contents
    width = (size.bit_length() + 7) // 8
    return bytes([tag, 0x80 | width]) + size.to_bytes(width, "big") + contents


def sequence(*parts: bytes) -> bytes:
    return tlv(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    """In the order given, which need not be DER's."""
    return tlv(0x31, *parts)


def explicit(number: int, contents: bytes) -> bytes:
    return tlv(0xA0 | number, contents)


def integer(value: int) -> bytes:
    width = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return tlv(0x02, value.to_bytes(width, "big", signed=True))


def boolean(octet: int) -> bytes:
    return tlv(0x01, bytes([octet]))


def octets(contents: bytes) -> bytes:
    return tlv(0x04, contents)


def bits(contents: bytes, *, unused: int = 0) -> bytes:
    return tlv(0x03, bytes([unused]), contents)


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    encoded = bytearray()
    for number in (first * 40 + second, *rest):
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | number & 0x7F)
        encoded += bytes(reversed(groups))
    return tlv(0x06, bytes(encoded))


def utc(text: str) -> bytes:
    return tlv(0x17, text.encode("ascii"))


def generalized(text: str) -> bytes:
    return tlv(0x18, text.encode("ascii"))


def name(*common_names: str) -> bytes:
    """A Name of that many relative names with a common name each, UTF8String."""
    return sequence(
        *(set_of(sequence(oid("2.5.4.3"), tlv(0x0C, text.encode()))) for text in common_names)
    )


def extension(dotted: str, value: bytes, *, critical: bool = False) -> bytes:
    return sequence(oid(dotted), boolean(0xFF) if critical else b"", octets(value))


def alternative_names(*names: bytes, critical: bool = False) -> bytes:
    """subjectAltName of whole GeneralName elements."""
    return extension("2.5.29.17", sequence(*names), critical=critical)


def moment(when: datetime) -> bytes:
    """A date in the form RFC 5280 section 4.1.2.5 has for its year."""
    digits = when.strftime("%m%d%H%M%SZ")
    if 1950 <= when.year < 2050:
        return utc(f"{when.year % 100:02}{digits}")
    return generalized(f"{when.year:04}{digits}")
