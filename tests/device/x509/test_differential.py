"""What the device reads as a certificate, pyca/cryptography reads too, and the same in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.x509.der import (
    alternative_names,
    bits,
    boolean,
    extension,
    integer,
    moment,
    name,
    oid,
    sequence,
    set_of,
    tlv,
)
from support.x509.draft import BASIC_CONSTRAINTS, ISSUING, LEAF, SERVER_AUTH, Draft, dns
from support.x509.mutations import mutations
from support.x509.readings import compare
from support.x509.vectors import read_vectors

MUTATIONS = 2000
"""Certificates changed at random places."""


def test_the_vectors() -> None:
    accepted = [compare(der) for case in read_vectors() for der in case.certificates()]
    assert sum(accepted) > 500


DATES = st.datetimes(datetime(1950, 1, 1), datetime(9999, 12, 31)).map(moment)
OIDS = st.lists(st.integers(0, 2**31), min_size=1, max_size=4).map(
    lambda numbers: ".".join(map(str, [1, 3, *numbers]))
)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
USAGE = st.integers(1, 255).map(
    lambda octet: bits(bytes([octet]), unused=(octet & -octet).bit_length() - 1)
)
PATH = st.none() | st.integers(0, 2**20)


@st.composite
def extensions(draw: st.DrawFn) -> tuple[bytes, ...]:
    """Any set of well-formed extensions in any order."""
    host = st.from_regex(r"\A[a-z0-9.*-]{1,12}\Z").map(dns)
    length = draw(PATH)
    constraints = sequence(boolean(0xFF), b"" if length is None else integer(length))
    known = [
        extension("2.5.29.15", draw(USAGE), critical=draw(st.booleans())),
        extension("2.5.29.37", sequence(*map(oid, draw(st.lists(OIDS, min_size=1, max_size=3))))),
        extension("2.5.29.37", sequence(oid(SERVER_AUTH))),
        extension(BASIC_CONSTRAINTS, draw(st.sampled_from([constraints, sequence()]))),
        alternative_names(
            *draw(st.lists(host, min_size=1, max_size=3)), critical=draw(st.booleans())
        ),
    ]
    chosen = draw(st.lists(st.sampled_from(known), max_size=4, unique_by=lambda one: one[2:7]))
    others = draw(st.lists(OIDS, max_size=2, unique=True))
    mixed = [*chosen, *(extension(other, draw(st.binary(max_size=8))) for other in others)]
    return tuple(draw(st.permutations(mixed)))


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """Any certificate that is well-formed; rarely a sensible one."""
    chosen = draw(extensions())
    return replace(
        LEAF,
        serial=integer(draw(st.integers(0, 2**159 - 1))),
        issuer=name(*draw(st.lists(TEXT, min_size=1, max_size=3))),
        subject=name(*draw(st.lists(TEXT, max_size=3))),
        validity=sequence(draw(DATES), draw(DATES)),
        holder=draw(st.sampled_from(["leaf", "root"])),
        extensions=chosen,
        tail=None if chosen else b"",
    )


@given(drafts())
def test_any_well_formed_certificate(draft: Draft) -> None:
    assert compare(draft.der())


@settings(max_examples=MUTATIONS)
@given(mutations(st.sampled_from([LEAF.der(), ISSUING.der()])))
def test_any_change(der: bytes) -> None:
    compare(der)


@pytest.mark.parametrize("draft", [LEAF, ISSUING], ids=["leaf", "issuing"])
def test_every_octet_changed(draft: Draft) -> None:
    der = draft.der()
    accepted = 0
    for place, octet in enumerate(der):
        for other in (octet ^ 1, octet ^ 0x80, 0x00, 0xFF, (octet + 1) % 256):
            accepted += compare(der[:place] + bytes([other]) + der[place + 1 :])
    assert accepted > 100  # the signature's octets alone, and the key's


@pytest.mark.parametrize(
    "draft",
    [
        replace(LEAF, issuer=sequence(set_of(sequence(oid("2.5.4.3"), tlv(0x13, b"\xff"))))),
        replace(
            ISSUING,
            extensions=(extension(BASIC_CONSTRAINTS, sequence(boolean(0xFF), integer(2**160))),),
        ),
    ],
    ids=["a name's characters", "a very long path"],
)
def test_only_the_device_takes(draft: Draft) -> None:
    """The rest of it is read in the same way."""
    assert compare(draft.der())
