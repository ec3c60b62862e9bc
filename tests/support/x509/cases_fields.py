"""Rows 1 to 5: the encoding, and the fields from version to key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from support.x509.case import OK, Case
from support.x509.der import (
    bits,
    boolean,
    explicit,
    integer,
    octets,
    oid,
    sequence,
    set_of,
    tlv,
)
from support.x509.draft import (
    ED25519,
    HOST,
    ISSUING,
    LEAF,
    dns,
    key,
    public_key,
)

__all__ = ["field_cases"]

TBS = LEAF.tbs()
SIGNATURE = bits(key("issuing").sign(TBS))
DER = LEAF.der()
BODY = DER[4:]
"""The certificate without its outer tag and length, which takes two bytes."""

NULL = tlv(0x05)
RSA_KEY = sequence(integer(2**1023 + 1), integer(65537))


def frame_cases() -> Iterator[Case]:
    """The outermost SEQUENCE and its three parts."""
    size = len(BODY)
    broken = {
        "nothing at all": b"",
        "a tag alone": b"\x30",
        "another tag than SEQUENCE": b"\x31" + DER[1:],
        "a tag of two bytes": b"\x3f\x30" + DER[1:],
        "a length one too high": b"\x30\x82" + (size + 1).to_bytes(2, "big") + BODY,
        "a length one too low": b"\x30\x82" + (size - 1).to_bytes(2, "big") + BODY,
        "a length with a zero in front": b"\x30\x83" + size.to_bytes(3, "big") + BODY,
        "an indefinite length": b"\x30\x80" + BODY + b"\x00\x00",
        "the reserved length FF": b"\x30\xff" + size.to_bytes(2, "big") + BODY,
        "a byte behind the certificate": DER + b"\x00",
        "an element behind the signature": sequence(TBS, ED25519, SIGNATURE, NULL),
        "no signature": sequence(TBS, ED25519),
        "no signature algorithm": sequence(TBS, SIGNATURE),
        "a set to be signed": sequence(b"\x31" + TBS[1:], ED25519, SIGNATURE),
        "a signature of no octet": sequence(TBS, ED25519, tlv(0x03)),
        "a signature with an unused bit": sequence(TBS, ED25519, b"\x03\x41\x01" + SIGNATURE[3:]),
        "a signature in an OCTET STRING": sequence(TBS, ED25519, octets(SIGNATURE[3:])),
        "a constructed BIT STRING": sequence(TBS, ED25519, b"\x23" + SIGNATURE[1:]),
    }
    for text, der in broken.items():
        yield Case(1, text, "ENCODING", leaf=der)
    yield Case(1, "a byte behind the issuing CA", "ENCODING", issuing=ISSUING.der() + b"\x00")
    whole = sequence(*LEAF.extensions)
    tails = {
        "an element behind the extensions": explicit(3, whole) + NULL,
        "two sequences of extensions": explicit(3, whole + whole),
    }
    for text, tail in tails.items():
        yield Case(1, text, "ENCODING", leaf=replace(LEAF, tail=tail))
    instead = {
        "something other than extensions": explicit(4, whole),
        "an issuer unique identifier": tlv(0x81, b"\x00\x01") + explicit(3, whole),
        "a subject unique identifier": tlv(0x82, b"\x00\x01") + explicit(3, whole),
    }
    for text, tail in instead.items():
        yield Case(1, text, "EXTENSION", leaf=replace(LEAF, tail=tail))


def encoding_cases() -> Iterator[Case]:
    """Strictness further inside."""
    names = sequence(dns(HOST))
    long_names = octets(b"\x30\x81" + names[1:])
    usage = sequence(oid("2.5.29.15"), boolean(0x01), octets(bits(b"\x80", unused=7)))
    no_flag = sequence(oid("2.5.29.17"), boolean(0x00), octets(names))
    wide_flag = sequence(oid("2.5.29.17"), tlv(0x01, b"\xff\xff"), octets(names))
    extensions = {
        "a length of two bytes where one is enough": sequence(oid("2.5.29.17"), long_names),
        "an indefinite length in an extension": sequence(
            oid("2.5.29.17"), octets(b"\x30\x80" + names[2:] + b"\x00\x00")
        ),
        "TRUE as 01": usage,
        "FALSE written out": no_flag,
        "a BOOLEAN of two octets": wide_flag,
        "an extension without value": sequence(oid("2.5.29.17")),
        "an element behind an extension's value": sequence(oid("2.5.29.17"), octets(names), NULL),
        "an extension's value in a BIT STRING": sequence(oid("2.5.29.17"), bits(names)),
        "a byte behind the names": sequence(oid("2.5.29.17"), octets(names + b"\x00")),
        "an extension that is a set": set_of(oid("2.5.29.17"), octets(names)),
        "an empty identifier": sequence(tlv(0x06), octets(b"")),
        "an unfinished identifier": sequence(tlv(0x06, b"\x55\x9d"), octets(b"")),
        "an identifier with an idle byte": sequence(tlv(0x06, b"\x55\x80\x1d"), octets(b"")),
    }
    for text, broken in extensions.items():
        yield Case(1, text, "EXTENSION", leaf=replace(LEAF, extensions=(broken,)))
    yield Case(1, "no extension in the sequence", "EXTENSION", leaf=replace(LEAF, extensions=()))
    serials = {
        "an INTEGER of no octet": tlv(0x02),
        "an INTEGER with an idle 00": tlv(0x02, b"\x00\x7f"),
        "an INTEGER with an idle FF": tlv(0x02, b"\xff\x80"),
        "no INTEGER": octets(b"\x01"),
    }
    for text, serial in serials.items():
        yield Case(1, text, "ENCODING", leaf=replace(LEAF, serial=serial))


def version_cases() -> Iterator[Case]:
    """Row 2."""
    versions = {
        "version 1, absent": b"",
        "version 1, written out": explicit(0, integer(0)),
        "version 2": explicit(0, integer(1)),
        "version 4": explicit(0, integer(3)),
        "version 3 with an idle zero": explicit(0, tlv(0x02, b"\x00\x02")),
        "version 3 and an element more": explicit(0, integer(2) + NULL),
    }
    for text, version in versions.items():
        yield Case(2, text, "VERSION", leaf=replace(LEAF, version=version))
    yield Case(2, "an issuing CA of version 1", "VERSION", issuing=replace(ISSUING, version=b""))
    bare = replace(LEAF, version=b"", tail=b"")
    yield Case(2, "version 1 without extensions", "VERSION", leaf=bare)


def serial_cases() -> Iterator[Case]:
    """Row 3."""
    serials = {
        "serial 0, tolerated": (0, OK),
        "serial 128, a zero in front": (128, OK),
        "the highest serial of 20 octets": (2**159 - 1, OK),
        "a serial of 21 octets": (2**159, "SERIAL"),
        "serial -1": (-1, "SERIAL"),
        "a negative serial of 20 octets": (-(2**159), "SERIAL"),
    }
    for text, (serial, status) in serials.items():
        yield Case(3, text, status, leaf=replace(LEAF, serial=integer(serial)))
    yield Case(3, "a negative serial above", "SERIAL", issuing=replace(ISSUING, serial=integer(-2)))


def algorithm_cases() -> Iterator[Case]:
    """Row 4."""
    foreign = sequence(oid("1.2.840.10045.4.3.2"))
    inner = replace(LEAF, inner_algorithm=foreign)
    outer = replace(LEAF, outer_algorithm=foreign)
    yield Case(4, "another algorithm inside", "ALGORITHM", leaf=inner)
    yield Case(4, "another algorithm outside", "ALGORITHM", leaf=outer)
    with_null = sequence(oid("1.3.101.112"), NULL)
    yield Case(
        4,
        "parameters outside only",
        "ALGORITHM",
        leaf=replace(LEAF, outer_algorithm=with_null),
    )
    yield Case(4, "no algorithm inside", "ALGORITHM", leaf=replace(LEAF, inner_algorithm=b""))
    both = {
        "Ed25519 with NULL parameters": (with_null, "ALGORITHM"),
        "Ed448": (sequence(oid("1.3.101.113")), "ALGORITHM"),
        "X25519 as a signature": (sequence(oid("1.3.101.110")), "ALGORITHM"),
        "an AlgorithmIdentifier of nothing": (sequence(), "ALGORITHM"),
        "ECDSA with SHA-256": (foreign, "ALGORITHM"),
        "ECDSA with SHA-224": (sequence(oid("1.2.840.10045.4.3.1")), "ALGORITHM"),
        "ECDSA with SHA-1": (sequence(oid("1.2.840.10045.4.1")), "ALGORITHM"),
        "an unknown algorithm of X9.62": (sequence(oid("1.2.840.10045.4.2")), "ALGORITHM"),
        "an algorithm of X9.57": (sequence(oid("1.2.840.10040.4.3")), "ALGORITHM"),
        "RSA as a key, not a signature": (sequence(oid("1.2.840.113549.1.1.1"), NULL), "ALGORITHM"),
        "RSA with MD2": (sequence(oid("1.2.840.113549.1.1.2"), NULL), "ALGORITHM"),
        "RSA with MD4": (sequence(oid("1.2.840.113549.1.1.3"), NULL), "ALGORITHM"),
        "RSA with MD5": (sequence(oid("1.2.840.113549.1.1.4"), NULL), "ALGORITHM"),
        "RSA with SHA-1": (sequence(oid("1.2.840.113549.1.1.5"), NULL), "ALGORITHM"),
        "RSA-OAEP": (sequence(oid("1.2.840.113549.1.1.7"), NULL), "ALGORITHM"),
        "RSA with SHA-256": (sequence(oid("1.2.840.113549.1.1.11"), NULL), "ALGORITHM"),
        "an algorithm of PKCS #5": (sequence(oid("1.2.840.113549.1.5.3"), NULL), "ALGORITHM"),
    }
    for text, (algorithm, status) in both.items():
        draft = replace(LEAF, inner_algorithm=algorithm, outer_algorithm=algorithm)
        yield Case(4, text, status, leaf=draft)
    above = replace(ISSUING, inner_algorithm=foreign, outer_algorithm=foreign)
    yield Case(4, "an issuing CA signed with ECDSA", "ALGORITHM", issuing=above)


def key_cases() -> Iterator[Case]:
    """Row 5."""
    own = public_key("leaf")
    p256 = sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7"))
    spkis = {
        "NULL parameters": sequence(sequence(oid("1.3.101.112"), NULL), bits(own)),
        "31 bytes": sequence(ED25519, bits(own[1:])),
        "33 bytes": sequence(ED25519, bits(own + b"\x00")),
        "an unused bit": sequence(ED25519, bits(own, unused=1)),
        "the key in an OCTET STRING": sequence(ED25519, octets(b"\x00" + own)),
        "an element behind the key": sequence(ED25519, bits(own), NULL),
        "no key": sequence(ED25519),
        "not a sequence": octets(own),
        "an X25519 key": sequence(sequence(oid("1.3.101.110")), bits(own)),
        "a P-256 key": sequence(p256, bits(b"\x04" + own + own)),
        "an RSA key": sequence(sequence(oid("1.2.840.113549.1.1.1"), NULL), bits(RSA_KEY)),
    }
    for text, spki in spkis.items():
        yield Case(5, f"key: {text}", "KEY", leaf=replace(LEAF, spki=spki))
    foreign = replace(ISSUING, spki=spkis["a P-256 key"])
    yield Case(5, "an issuing CA with a P-256 key", "KEY", issuing=foreign)


def field_cases() -> Iterator[Case]:
    """Rows 1 to 5."""
    yield Case(0, "the leaf and its issuing CA", OK)
    yield from frame_cases()
    yield from encoding_cases()
    yield from version_cases()
    yield from serial_cases()
    yield from algorithm_cases()
    yield from key_cases()
