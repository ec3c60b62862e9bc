"""Rows 6, 7, 9, 10 and 20: who issued whom, signatures, roles, limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from support.x509.case import ANCHOR, OK, Case, anchor
from support.x509.der import (
    bits,
    boolean,
    extension,
    integer,
    name,
    octets,
    oid,
    sequence,
    set_of,
    tlv,
)
from support.x509.draft import BASIC_CONSTRAINTS, CA_USAGE, HOST, IS_CA, ISSUING, LEAF, ROOT, key

__all__ = ["SUBORDINATE", "path_cases"]

DIRECT = replace(LEAF, issuer=ROOT.subject, signer="root")
"""A leaf of the root itself."""

SUBORDINATE = replace(
    ISSUING,
    subject=name("Example Subordinate"),
    issuer=ISSUING.subject,
    holder="subordinate",
    signer="issuing",
)
FAR_LEAF = replace(LEAF, issuer=SUBORDINATE.subject, signer="subordinate")
UNLIMITED = (extension(BASIC_CONSTRAINTS, sequence(boolean(0xFF)), critical=True), CA_USAGE)


def attribute(value: bytes) -> bytes:
    """A relative name's only attribute: a common name."""
    return sequence(oid("2.5.4.3"), value)


def name_cases() -> Iterator[Case]:
    """Row 6: names are sequences, and compared byte by byte."""
    text = tlv(0x0C, b"Example Issuing")
    organisation = sequence(oid("2.5.4.10"), text)
    two = (attribute(text), organisation)
    strange = {
        "two attributes in a relative name": sequence(set_of(*sorted(two))),
        "two, out of order": sequence(set_of(*sorted(two, reverse=True))),
        "the same attribute twice": sequence(set_of(attribute(text), attribute(text))),
        "an empty relative name": sequence(set_of()),
        "a sequence instead of a set": sequence(sequence(attribute(text))),
        "an attribute without value": sequence(set_of(sequence(oid("2.5.4.3")))),
        "a value that is no string": sequence(set_of(attribute(integer(5)))),
        "a TeletexString": sequence(set_of(attribute(tlv(0x14, b"Example")))),
        "a value with a long length": sequence(set_of(attribute(b"\x0c\x81\x01x"))),
        "an attribute whose length is too high": sequence(set_of(b"\x30\x7f\x06\x03\x55\x04\x03")),
    }
    for text_, inside in strange.items():
        leaf, issuing = replace(LEAF, issuer=inside), replace(ISSUING, subject=inside)
        yield Case(6, f"nothing looks into a name: {text_}", OK, leaf=leaf, issuing=issuing)
        yield Case(6, f"issuer: {text_}", "UNKNOWN_ISSUER", leaf=leaf)
    no_names = {
        "a set": set_of(set_of(attribute(text))),
        "a string": text,
        "a sequence with a long length": b"\x30\x81\x02\x31\x00",
        "a sequence without end": b"\x30\x80\x00\x00",
    }
    for text_, no_name in no_names.items():
        leaf = replace(LEAF, issuer=no_name)
        yield Case(6, f"issuer: {text_}", "NAME_ENCODING", leaf=leaf)
        subject = replace(LEAF, subject=no_name)
        yield Case(6, f"subject: {text_}", "NAME_ENCODING", leaf=subject)
    yield Case(6, "an empty issuer", "NAME_ENCODING", leaf=replace(LEAF, issuer=name()))
    nameless = replace(ISSUING, subject=name())
    yield Case(
        6,
        "an empty issuer and a CA with an empty subject",
        "NAME_ENCODING",
        leaf=replace(LEAF, issuer=name()),
        issuing=nameless,
    )
    yield Case(
        6,
        "an empty issuer and an anchor with an empty name",
        "NAME_ENCODING",
        leaf=replace(DIRECT, issuer=name()),
        anchors=(replace(ANCHOR, name=name()),),
    )
    yield Case(6, "a CA with an empty subject", "UNKNOWN_ISSUER", issuing=nameless)
    good = {
        "two relative names": name("Example", "Issuing"),
        "PrintableString": sequence(set_of(attribute(tlv(0x13, b"Example")))),
        "IA5String": sequence(set_of(attribute(tlv(0x16, b"Example")))),
        "an empty string": sequence(set_of(attribute(tlv(0x0C)))),
    }
    for text_, good_name in good.items():
        leaf, issuing = replace(LEAF, issuer=good_name), replace(ISSUING, subject=good_name)
        yield Case(6, f"issuer: {text_}", OK, leaf=leaf, issuing=issuing)


def chaining_cases() -> Iterator[Case]:
    """Row 6: who issued whom."""
    printable = sequence(set_of(attribute(tlv(0x13, b"Example Issuing"))))
    lower = name("example issuing")
    longer = name("Example Issuing", "")
    subjects = {"in lower case": lower, "as PrintableString": printable, "and one more": longer}
    for text, subject in subjects.items():
        issuing = replace(ISSUING, subject=subject)
        yield Case(6, f"the issuer's name {text}", "UNKNOWN_ISSUER", issuing=issuing)
    yield Case(6, "the leaf alone", "UNKNOWN_ISSUER", chain=(LEAF,))
    yield Case(6, "no anchor", "UNKNOWN_ISSUER", anchors=())
    stranger = replace(ROOT, subject=name("Other Root"), holder="stranger")
    yield Case(6, "another CA's root", "UNKNOWN_ISSUER", anchors=(anchor(stranger),))
    yield Case(
        6, "the root sent, not trusted", "UNKNOWN_ISSUER", chain=(LEAF, ISSUING, ROOT), anchors=()
    )
    yield Case(6, "a leaf of the root", OK, chain=(DIRECT,))
    yield Case(6, "the root behind", OK, chain=(LEAF, ISSUING, ROOT))
    yield Case(6, "the root behind a leaf of its own", OK, chain=(DIRECT, ROOT))
    yield Case(6, "the root before the issuing CA", OK, chain=(LEAF, ROOT, ISSUING))
    yield Case(6, "another issuing CA before", OK, chain=(LEAF, SUBORDINATE, ISSUING))
    yield Case(6, "nonsense behind a whole path", OK, chain=(LEAF, ISSUING, b"\x30\x00"))
    yield Case(6, "nonsense within the path", "ENCODING", chain=(LEAF, b"\x30\x00", ISSUING))
    yield Case(6, "the issuing CA first", "LEAF_IS_CA", chain=(ISSUING, LEAF))
    yield Case(6, "the leaf twice", "UNKNOWN_ISSUER", chain=(LEAF, LEAF))
    own = replace(LEAF, issuer=LEAF.subject, signer="leaf")
    yield Case(6, "a leaf that issued itself", "UNKNOWN_ISSUER", chain=(own,))
    yield Case(6, "a leaf that issued itself, twice", "NOT_CA", chain=(own, own, DIRECT))
    yield Case(6, "two anchors", OK, anchors=(anchor(stranger), ANCHOR))


def signature_cases() -> Iterator[Case]:
    """Row 7."""
    der = LEAF.der()
    flipped = der[:-1] + bytes([der[-1] ^ 1])
    yield Case(7, "a bit of the leaf's signature", "SIGNATURE", leaf=flipped)
    above = ISSUING.der()
    flipped = above[:-40] + bytes([above[-40] ^ 0x80]) + above[-39:]
    yield Case(7, "a bit of the issuing CA's signature", "SIGNATURE", issuing=flipped)
    yield Case(7, "a leaf signed by another", "SIGNATURE", leaf=replace(LEAF, signer="stranger"))
    yield Case(7, "a leaf signed by the root", "SIGNATURE", leaf=replace(LEAF, signer="root"))
    yield Case(
        7, "an issuing CA signed by itself", "SIGNATURE", issuing=replace(ISSUING, signer="issuing")
    )
    tbs = LEAF.tbs()
    signature = key("issuing").sign(tbs)
    for text, octets_ in {
        "no octets": b"",
        "63 octets": signature[:-1],
        "65 octets": signature + b"\x00",
        "zeros": bytes(64),
    }.items():
        leaf = sequence(tbs, LEAF.outer_algorithm, bits(octets_))
        yield Case(7, f"a signature of {text}", "SIGNATURE", leaf=leaf)
    other = replace(LEAF, serial=integer(7))
    moved = sequence(other.tbs(), LEAF.outer_algorithm, bits(signature))
    yield Case(7, "the signature of another certificate", "SIGNATURE", leaf=moved)
    same_name = anchor(ROOT, "stranger")
    yield Case(7, "the root's name with another key", "SIGNATURE", anchors=(same_name,))
    yield Case(7, "the root and its successor", OK, anchors=(ANCHOR, same_name))
    yield Case(7, "the root behind its predecessor", OK, anchors=(same_name, ANCHOR))
    yield Case(
        7, "a leaf of the second of two roots", OK, chain=(DIRECT,), anchors=(same_name, ANCHOR)
    )
    shorter = replace(ANCHOR, name=ANCHOR.name[:-1])
    yield Case(7, "an anchor's name cut short", "UNKNOWN_ISSUER", anchors=(shorter,))


def role_cases() -> Iterator[Case]:
    """Rows 9 and 10."""
    no_ca = extension(BASIC_CONSTRAINTS, sequence(), critical=True)
    only_length = extension(BASIC_CONSTRAINTS, sequence(integer(0)), critical=True)
    false = extension(BASIC_CONSTRAINTS, sequence(boolean(0)), critical=True)
    negative = extension(BASIC_CONSTRAINTS, sequence(boolean(0xFF), integer(-1)))
    text_length = extension(BASIC_CONSTRAINTS, sequence(boolean(0xFF), octets(b"0")))
    idle = extension(BASIC_CONSTRAINTS, sequence(boolean(0xFF), tlv(0x02, b"\x00\x00")))
    three = extension(BASIC_CONSTRAINTS, sequence(boolean(0xFF), integer(0), integer(0)))
    behind = extension(BASIC_CONSTRAINTS, sequence(boolean(0xFF)) + b"\x00")
    soft = extension(BASIC_CONSTRAINTS, sequence(boolean(0xFF)))
    verdicts = {
        "an issuer without basicConstraints": ((CA_USAGE,), "NOT_CA"),
        "an issuer with cA absent": ((no_ca, CA_USAGE), "NOT_CA"),
        "an issuer with cA FALSE written out": ((false, CA_USAGE), "EXTENSION"),
        "a path length without cA": ((only_length, CA_USAGE), "EXTENSION"),
        "a negative path length": ((negative, CA_USAGE), "EXTENSION"),
        "a path length that is no INTEGER": ((text_length, CA_USAGE), "EXTENSION"),
        "a path length with an idle zero": ((idle, CA_USAGE), "EXTENSION"),
        "an element behind the path length": ((three, CA_USAGE), "EXTENSION"),
        "a byte behind basicConstraints": ((behind, CA_USAGE), "EXTENSION"),
        "basicConstraints not critical": ((soft, CA_USAGE), OK),
        "an issuer without keyUsage": ((IS_CA,), OK),
    }
    for text, (extensions, status) in verdicts.items():
        yield Case(9, text, status, issuing=replace(ISSUING, extensions=extensions))
    for text, usage, status in (
        ("keyCertSign alone", bits(b"\x04", unused=2), OK),
        ("cRLSign alone", bits(b"\x02", unused=1), "KEY_USAGE"),
        ("digitalSignature alone", bits(b"\x80", unused=7), "KEY_USAGE"),
    ):
        extensions = (IS_CA, extension("2.5.29.15", usage, critical=True))
        issuing = replace(ISSUING, extensions=extensions)
        yield Case(9, f"an issuer with {text}", status, issuing=issuing)
    for length in (0, 1, 127, 128, 255, 2**40):
        constraints = extension(BASIC_CONSTRAINTS, sequence(boolean(0xFF), integer(length)))
        issuing = replace(ISSUING, extensions=(constraints, CA_USAGE))
        yield Case(10, f"a path length of {length}", OK, issuing=issuing)
    far = (FAR_LEAF, SUBORDINATE, ISSUING)
    yield Case(10, "an issuer below a path length of 0", "PATH_LENGTH", chain=far)
    open_issuing = replace(ISSUING, extensions=UNLIMITED)
    yield Case(
        20, "one signature too many", "TOO_MANY", chain=(FAR_LEAF, SUBORDINATE, open_issuing)
    )


def limit_cases() -> Iterator[Case]:
    """Row 20, and the call itself."""
    yield Case(20, "four certificates", "TOO_MANY", chain=(LEAF, ISSUING, ROOT, ROOT))
    yield Case(20, "no certificate", "EMPTY", chain=())
    same = replace(ISSUING, issuer=ISSUING.subject, signer="issuing")
    yield Case(20, "an issuer that goes in a circle", "UNKNOWN_ISSUER", chain=(LEAF, same, same))
    for text, host in {
        "empty": "",
        "a dot": ".",
        "with an empty label": "api..example.test",
        "with a dot in front": ".example.test",
        "with two dots behind": "api.example.test..",
        "with a wildcard": "*.example.test",
        "with a space": "api example.test",
        "with a NUL": "api.example.test\0.other.test",
        "with an underscore": "_api.example.test",
        "with a colon": "api.example.test:443",
        "an address written out": "192.0.2.1",
        "ending in a number": "api.7",
        "with a label of 64": "a" * 64 + ".test",
        "of 254 characters": "a." * 126 + "aa",
    }.items():
        yield Case(0, f"a host {text}", "CONFIGURED_NAME", host=host)
    for text, host in {
        "with a trailing dot": HOST + ".",
        "in capitals": HOST.upper(),
    }.items():
        yield Case(17, f"a host {text}", OK, host=host)


def path_cases() -> Iterator[Case]:
    """Rows 6, 7, 9, 10, 20."""
    yield from name_cases()
    yield from chaining_cases()
    yield from signature_cases()
    yield from role_cases()
    yield from limit_cases()
