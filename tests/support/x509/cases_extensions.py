"""Rows 11 to 16: extensions, and what they allow the leaf."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from support.x509.case import OK, Case
from support.x509.der import (
    alternative_names,
    bits,
    boolean,
    extension,
    name,
    octets,
    oid,
    sequence,
    tlv,
)
from support.x509.draft import (
    AUTHORITY,
    BASIC_CONSTRAINTS,
    CA_USAGE,
    FOR_SERVERS,
    HOST,
    IS_CA,
    ISSUING,
    LEAF,
    LEAF_USAGE,
    NAMES,
    SERVER_AUTH,
    Draft,
    dns,
)

__all__ = ["extension_cases"]

KEY_USAGE = "2.5.29.15"
NAME_CONSTRAINTS = "2.5.29.30"
EXTENDED_KEY_USAGE = "2.5.29.37"
UNKNOWN = "1.3.6.1.4.1.32473.1"
"""In the enterprise number for documentation, RFC 5612."""

CLIENT_AUTH = oid("1.3.6.1.5.5.7.3.2")
ANY_USE = oid("2.5.29.37.0")
NEAR_SERVER_AUTH = oid("1.3.6.1.5.5.7.3.1.1")


def leaf_with(*extensions: bytes) -> Draft:
    """A leaf with its name and these extensions."""
    return replace(LEAF, extensions=(NAMES, *extensions))


def issuing_with(*extensions: bytes) -> Draft:
    return replace(ISSUING, extensions=(IS_CA, *extensions))


def unknown_cases() -> Iterator[Case]:
    """Rows 11 to 13."""
    constraints = sequence(tlv(0xA0, sequence(dns("example.test"))))
    for critical in (True, False):
        word = "critical" if critical else "not critical"
        limits = extension(NAME_CONSTRAINTS, constraints, critical=critical)
        issuing = issuing_with(limits)
        yield Case(11, f"name constraints, {word}", "NAME_CONSTRAINTS", issuing=issuing)
        leaf = leaf_with(limits)
        yield Case(11, f"name constraints on a leaf, {word}", "NAME_CONSTRAINTS", leaf=leaf)
        other = extension(UNKNOWN, b"anything", critical=critical)
        status = "CRITICAL_EXTENSION" if critical else OK
        yield Case(12, f"an unknown extension, {word}", status, leaf=leaf_with(other))
        yield Case(12, f"an unknown one on the CA, {word}", status, issuing=issuing_with(other))
    critical_ones = {
        "authorityKeyIdentifier": ("2.5.29.35", sequence(tlv(0x80, bytes(20)))),
        "subjectKeyIdentifier": ("2.5.29.14", octets(bytes(20))),
        "certificatePolicies": ("2.5.29.32", sequence(sequence(oid("2.5.29.32.0")))),
        "policyConstraints": ("2.5.29.36", sequence(tlv(0x80, b"\x00"))),
        "inhibitAnyPolicy": ("2.5.29.54", tlv(0x02, b"\x00")),
        "the next arc to keyUsage": ("2.5.30.15", bits(b"\x80", unused=7)),
        "a longer identifier": ("2.5.29.15.1", bits(b"\x80", unused=7)),
    }
    for text, (dotted, value) in critical_ones.items():
        leaf = leaf_with(extension(dotted, value, critical=True))
        yield Case(12, f"critical: {text}", "CRITICAL_EXTENSION", leaf=leaf)
    empty = extension(UNKNOWN, b"")
    yield Case(12, "an unknown extension of nothing", OK, leaf=leaf_with(empty))
    twice = {
        "side by side": (AUTHORITY, AUTHORITY),
        "apart": (AUTHORITY, LEAF_USAGE, FOR_SERVERS, AUTHORITY),
        "with another value": (empty, extension(UNKNOWN, b"other")),
        "a known one": (LEAF_USAGE, LEAF_USAGE),
        "the names": (NAMES,),
    }
    for text, extensions in twice.items():
        leaf = leaf_with(*extensions)
        yield Case(13, f"an extension twice: {text}", "DUPLICATE_EXTENSION", leaf=leaf)
    issuing = issuing_with(CA_USAGE, IS_CA)
    yield Case(13, "an extension twice: on the CA", "DUPLICATE_EXTENSION", issuing=issuing)


def usage_cases() -> Iterator[Case]:
    """Row 14."""
    usages = {
        "digitalSignature": (bits(b"\x80", unused=7), OK),
        "digitalSignature and decipherOnly": (bits(b"\x80\x80", unused=7), OK),
        "all nine": (bits(b"\xff\x80", unused=7), OK),
        "keyEncipherment": (bits(b"\x20", unused=5), "KEY_USAGE"),
        "keyCertSign": (bits(b"\x04", unused=2), "KEY_USAGE"),
        "decipherOnly": (bits(b"\x00\x80", unused=7), "KEY_USAGE"),
        "no bit": (bits(b""), "EXTENSION"),
        "no bit in an octet": (bits(b"\x00", unused=7), "EXTENSION"),
        "no bit in two octets": (bits(b"\x00\x00", unused=7), "EXTENSION"),
        "a zero bit at the end": (bits(b"\x80", unused=6), "EXTENSION"),
        "an octet of zeros at the end": (bits(b"\x80\x00", unused=7), "EXTENSION"),
        "an unused bit that is set": (bits(b"\xc0", unused=7), "EXTENSION"),
        "eight unused bits": (bits(b"\x80", unused=8), "EXTENSION"),
        "23 unused bits": (bits(b"\x80", unused=23), "EXTENSION"),
        "no octet": (tlv(0x03), "EXTENSION"),
        "three octets": (bits(b"\x80\x00\x01"), "EXTENSION"),
        "an INTEGER": (tlv(0x02, b"\x07\x80"), "EXTENSION"),
        "a byte behind": (bits(b"\x80", unused=7) + b"\x00", "EXTENSION"),
    }
    for text, (usage, status) in usages.items():
        leaf = leaf_with(extension(KEY_USAGE, usage, critical=True))
        yield Case(14, f"key usage: {text}", status, leaf=leaf)
    yield Case(14, "key usage: absent", OK, leaf=leaf_with())
    soft = leaf_with(extension(KEY_USAGE, bits(b"\x80", unused=7)))
    yield Case(14, "key usage: not critical", OK, leaf=soft)
    for text, constraints, status in (
        ("cA absent", sequence(), OK),
        ("cA", sequence(boolean(0xFF)), "LEAF_IS_CA"),
        ("cA FALSE written out", sequence(boolean(0)), "EXTENSION"),
        ("cA as 01", sequence(boolean(1)), "EXTENSION"),
        ("nothing", b"", "EXTENSION"),
    ):
        leaf = leaf_with(extension(BASIC_CONSTRAINTS, constraints, critical=True))
        yield Case(9, f"a leaf's basicConstraints with {text}", status, leaf=leaf)


def extended_usage_cases() -> Iterator[Case]:
    """Row 15."""
    server = oid(SERVER_AUTH)
    uses = {
        "servers": (sequence(server), OK),
        "clients and servers": (sequence(CLIENT_AUTH, server), OK),
        "servers and any": (sequence(server, ANY_USE), OK),
        "clients": (sequence(CLIENT_AUTH), "EXTENDED_KEY_USAGE"),
        "any": (sequence(ANY_USE), "EXTENDED_KEY_USAGE"),
        "a longer identifier": (sequence(NEAR_SERVER_AUTH), "EXTENDED_KEY_USAGE"),
        "nothing": (sequence(), "EXTENSION"),
        "an INTEGER": (sequence(tlv(0x02, b"\x01")), "EXTENSION"),
        "servers and an INTEGER": (sequence(server, tlv(0x02, b"\x01")), "EXTENSION"),
        "an identifier of nothing": (sequence(server, tlv(0x06)), "EXTENSION"),
        "no sequence": (server, "EXTENSION"),
        "a byte behind": (sequence(server) + b"\x00", "EXTENSION"),
    }
    for text, (value, status) in uses.items():
        limit = extension(EXTENDED_KEY_USAGE, value)
        yield Case(15, f"extended key usage: {text}", status, leaf=leaf_with(limit))
        yield Case(15, f"the CA's: {text}", status, issuing=issuing_with(limit))
    yield Case(15, "extended key usage: absent", OK, leaf=leaf_with())


def empty_subject_cases() -> Iterator[Case]:
    """Row 16: the names of a leaf without subject."""
    empty = replace(LEAF, subject=name())
    critical = alternative_names(dns(HOST), critical=True)
    yield Case(16, "an empty subject, names not critical", "NAME_ENCODING", leaf=empty)
    yield Case(
        16,
        "an empty subject, names critical",
        OK,
        leaf=replace(empty, extensions=(critical, LEAF_USAGE)),
    )
    yield Case(
        16,
        "an empty subject, no names",
        "NAME_ENCODING",
        leaf=replace(empty, extensions=(LEAF_USAGE,)),
    )
    yield Case(
        16, "critical names beside a subject", OK, leaf=replace(LEAF, extensions=(critical,))
    )


def extension_cases() -> Iterator[Case]:
    """Rows 11 to 16."""
    yield from unknown_cases()
    yield from usage_cases()
    yield from extended_usage_cases()
    yield from empty_subject_cases()
