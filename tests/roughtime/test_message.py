"""Messages and packets: there and back, cut short at every byte, and with garbage behind."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rootlet.roughtime import protocol as p
from rootlet.roughtime.message import (
    MAX_PAIRS,
    Malformed,
    NotAPacket,
    decode,
    decode_packet,
    encode,
    encode_packet,
    read_versions,
    write_versions,
)
from support.roughtime import REQUEST, Reply, number, packet, spell

EXAMPLES = 150

words = st.binary(max_size=48).map(lambda value: value[: len(value) // 4 * 4])
messages = st.dictionaries(st.integers(1, 2**32 - 1), words, min_size=1, max_size=MAX_PAIRS)


@settings(max_examples=EXAMPLES)
@given(messages)
def test_there_and_back(values: dict[int, bytes]) -> None:
    message = encode(values)
    assert decode(message) == values
    assert list(decode(message)) == sorted(values)
    assert message == spell(sorted(values.items()))
    assert decode_packet(encode_packet(values)) == values
    assert encode_packet(values) == packet(message)


@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=200))
def test_what_is_read_is_written_the_same(message: bytes) -> None:
    try:
        values = decode(message)
    except Malformed:
        return
    if all(len(value) % 4 == 0 for value in values.values()):
        assert encode(values) == message
    else:
        assert spell(list(values.items())) == message


@pytest.mark.parametrize("whole", [REQUEST, Reply().to()], ids=["request", "response"])
def test_a_packet_has_exactly_one_length(whole: bytes) -> None:
    assert decode_packet(whole)
    for length in range(len(whole)):
        with pytest.raises(NotAPacket):
            decode_packet(whole[:length])
    for behind in (b"\0", b"garbage", whole):
        with pytest.raises(NotAPacket):
            decode_packet(whole + behind)


def test_a_message_cut_short_loses_only_of_its_last_value() -> None:
    whole = spell([(p.SIG, b"s" * 8), (p.NONC, b"n" * 4), (p.PATH, b"p" * 8)])
    before_last = len(whole) - 8
    for length in range(len(whole)):
        if length < before_last:
            with pytest.raises(Malformed):
                decode(whole[:length])
        else:
            values = decode(whole[:length])
            assert values[p.PATH] == b"p" * (length - before_last)
            assert values[p.SIG] == b"s" * 8


A, B, C = p.tag("A"), p.tag("B"), p.tag("C")
WRONG = {
    "no pairs": number(0),
    "empty": b"",
    "too many pairs": spell([(tag, b"") for tag in range(1, MAX_PAIRS + 2)]),
    "pairs beyond the end": number(2) + bytes(8),
    "pairs as many as numbers": number(0xFFFFFFFF) + bytes(60),
    "tags descend": spell([(B, b""), (A, b"")]),
    "tag twice": spell([(A, b""), (A, b"")]),
    "tag zero": spell([(0, b""), (A, b"")]),
    "offset not aligned": number(2) + number(2) + number(A) + number(B) + bytes(8),
    "offset beyond the end": number(2) + number(12) + number(A) + number(B) + bytes(8),
    "offset far beyond": number(2) + number(0xFFFFFFFC) + number(A) + number(B) + bytes(8),
    "offsets fall": number(3) + number(8) + number(4) + b"".join(map(number, (A, B, C))) + bytes(8),
}


@pytest.mark.parametrize("message", WRONG.values(), ids=WRONG)
def test_malformed_messages(message: bytes) -> None:
    with pytest.raises(Malformed):
        decode(message)
    with pytest.raises(Malformed):
        decode_packet(packet(message))


def test_limits_that_are_just_met() -> None:
    assert len(decode(spell([(tag, b"") for tag in range(1, MAX_PAIRS + 1)]))) == MAX_PAIRS
    assert decode(spell([(1, b""), (2**32 - 1, b"")])) == {1: b"", 2**32 - 1: b""}
    assert decode(spell([(A, b"abcd"), (B, b"abc")])) == {A: b"abcd", B: b"abc"}


@pytest.mark.parametrize(
    "values",
    [{}, {0: b""}, {1 << 32: b""}, {A: b"abc"}, dict.fromkeys(range(1, MAX_PAIRS + 2), b"")],
    ids=["no pairs", "tag zero", "tag too large", "not aligned", "too many pairs"],
)
def test_what_is_never_written(values: dict[int, bytes]) -> None:
    with pytest.raises(ValueError, match=r"pairs|tag|multiple"):
        encode(values)


@pytest.mark.parametrize(
    "spoiled",
    [b"roughtim" + REQUEST[8:], REQUEST[:8] + number(1023) + REQUEST[12:], REQUEST[:11], b""],
    ids=["magic", "length", "header cut", "empty"],
)
def test_what_is_no_packet(spoiled: bytes) -> None:
    with pytest.raises(NotAPacket):
        decode_packet(spoiled)


def test_the_tags_of_the_registry() -> None:
    """RFC 10049 section 12.3, as numbers."""
    assert (p.SIG, p.VER, p.SRV) == (0x00474953, 0x00524556, 0x00565253)
    assert (p.NONC, p.DELE, p.TYPE) == (0x434E4F4E, 0x454C4544, 0x45505954)
    assert (p.PATH, p.RADI, p.PUBK) == (0x48544150, 0x49444152, 0x4B425550)
    assert (p.MIDP, p.SREP, p.VERS) == (0x5044494D, 0x50455253, 0x53524556)
    assert (p.MINT, p.ROOT, p.CERT) == (0x544E494D, 0x544F4F52, 0x54524543)
    assert (p.MAXT, p.INDX, p.ZZZZ) == (0x5458414D, 0x58444E49, 0x5A5A5A5A)
    assert p.tag_name(p.SIG) == "SIG"
    assert p.tag_name(0x01020304) == "0x01020304"


def test_the_texts_that_are_signed() -> None:
    assert p.response_context(1) == b"Roughtime v1 response signature\0"
    assert p.delegation_context(1) == b"Roughtime v1 delegation signature\0"
    for context in (
        p.response_context(0x8000000C),
        p.response_context(1, appendix_b=True),
    ):
        assert context == b"RoughTime v1 response signature\0"
    assert p.delegation_context(0x8000000C) == b"RoughTime v1 delegation signature\0"
    assert p.delegation_context(1, appendix_b=True) == p.delegation_context(0x8000000C)


@settings(max_examples=EXAMPLES)
@given(st.lists(st.integers(0, 2**32 - 1), max_size=40))
def test_versions_ascend(versions: list[int]) -> None:
    value = b"".join(map(number, versions))
    read = read_versions(value)
    good = 0 not in versions and versions == sorted(set(versions))
    assert read == (tuple(versions) if good else None)
    if good:
        assert write_versions(tuple(versions)) == value
    assert read_versions(value + b"\0") is None
