"""The strict DER reader against a reference of a few lines."""

from __future__ import annotations

from typing import Any

import pytest
from _rootlet_device import ffi, lib
from hypothesis import example, given
from hypothesis import strategies as st

from support.x509.der import integer, oid, sequence, tlv

SIZES = [0, 1, 2, 126, 127, 128, 129, 254, 255, 256, 257, 1000, 65534, 65535]


class Reader:
    """A rootlet_reader over bytes that are kept."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.buffer = ffi.from_buffer(data)
        self.c = ffi.new("rootlet_reader *", (self.buffer, len(data)))

    @property
    def failed(self) -> bool:
        return bool(self.c.next == ffi.NULL)

    @property
    def left(self) -> bytes:
        """What is not read yet; nothing after a failure."""
        assert not (self.failed and self.c.left)
        return self.data[len(self.data) - self.c.left :] if self.c.left else b""


def read(function: Any, reader: Reader, *arguments: int) -> bytes:
    """What a function that gives a span reads."""
    span = ffi.new("rootlet_reader *")
    function(span, reader.c, *arguments)
    return bytes(ffi.buffer(span.next, span.left)) if span.left else b""


def reference(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Tag, contents and the rest, when the first element is strict DER."""
    for header in (2, 3, 4):
        if len(data) < header:
            return None
        size = data[1] if header == 2 else int.from_bytes(data[2:header], "big")
        contents, rest = data[header : header + size], data[header + size :]
        if tlv(data[0], contents) + rest == data and len(contents) == size:
            return data[0], contents, rest
    return None


@pytest.mark.parametrize("size", SIZES)
def test_reads_an_element_of_any_size(size: int) -> None:
    contents = bytes(size)
    whole = tlv(0x30, contents)
    for behind in (b"", b"\x00", b"garbage"):
        reader = Reader(whole + behind)
        assert read(lib.rootlet_der_contents, reader, 0x30) == contents
        assert (reader.failed, reader.left) == (False, behind)
        reader = Reader(whole + behind)
        assert read(lib.rootlet_der_element, reader, 0x30) == whole
        assert (reader.failed, reader.left) == (False, behind)


def test_refuses_what_is_longer_than_its_limit() -> None:
    reader = Reader(tlv(0x30, bytes(65536)))
    assert read(lib.rootlet_der_contents, reader, 0x30) == b""
    assert reader.failed


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 1000])
def test_refuses_an_element_cut_at_any_byte(size: int) -> None:
    whole = tlv(0x04, bytes(size))
    for length in range(len(whole)):
        reader = Reader(whole[:length])
        assert read(lib.rootlet_der_contents, reader, 0x04) == b""
        assert reader.failed
        reader = Reader(whole[:length])
        lib.rootlet_der_enter(reader.c, 0x04)
        assert reader.failed


@given(st.binary(max_size=300))
@example(b"\x30\x80\x00\x00")
@example(b"\x30\x81\x7f" + bytes(127))
@example(b"\x30\x82\x00\x80" + bytes(128))
@example(b"\x30\x83\x00\x01\x00" + bytes(256))
@example(b"\x30\xff" + bytes(255))
def test_agrees_with_the_reference(data: bytes) -> None:
    expected = reference(data)
    tag = data[0] if data else 0
    reader = Reader(data)
    assert lib.rootlet_der_peek(reader.c) == tag
    contents = read(lib.rootlet_der_contents, reader, tag)
    if expected is None:
        assert reader.failed
        assert contents == b""
    else:
        assert not reader.failed
        assert (tag, contents, reader.left) == expected


@given(st.binary(max_size=6), st.sampled_from([0x81, 0x82, 0x83, 0x84, 0x80, 0xFF]))
def test_agrees_on_long_lengths(number: bytes, first: int) -> None:
    data = bytes([0x04, first]) + number + bytes(300)
    expected = reference(data)
    reader = Reader(data)
    contents = read(lib.rootlet_der_contents, reader, 0x04)
    assert reader.failed == (expected is None)
    assert expected is None or contents == expected[1]


def test_another_tag_fails_and_sticks() -> None:
    reader = Reader(integer(5) + integer(6))
    assert read(lib.rootlet_der_contents, reader, 0x04) == b""
    assert reader.failed
    assert read(lib.rootlet_der_integer, reader) == b""
    assert lib.rootlet_der_peek(reader.c) == 0
    lib.rootlet_der_leave(reader.c, 3)
    assert reader.left == b""


def test_entering_and_leaving() -> None:
    reader = Reader(sequence(integer(1), integer(2)) + integer(3))
    behind = lib.rootlet_der_enter(reader.c, 0x30)
    assert (behind, reader.c.left) == (3, 6)
    assert read(lib.rootlet_der_integer, reader) == b"\x01"
    assert read(lib.rootlet_der_integer, reader) == b"\x02"
    assert reader.c.left == 0
    lib.rootlet_der_leave(reader.c, behind)
    assert read(lib.rootlet_der_integer, reader) == b"\x03"
    assert lib.rootlet_reader_done(reader.c)


def test_leaving_too_early_fails() -> None:
    reader = Reader(sequence(integer(1), integer(2)) + integer(3))
    behind = lib.rootlet_der_enter(reader.c, 0x30)
    read(lib.rootlet_der_integer, reader)
    lib.rootlet_der_leave(reader.c, behind)
    assert reader.failed


@given(st.binary(max_size=4) | st.integers().map(lambda value: integer(value)[2:]))
def test_integers_are_in_their_shortest_form(contents: bytes) -> None:
    value = int.from_bytes(contents, "big", signed=True)
    reader = Reader(tlv(0x02, contents) + b"x")
    read(lib.rootlet_der_integer, reader)
    assert reader.failed == (tlv(0x02, contents) != integer(value))


@given(st.binary(max_size=6))
def test_identifiers_agree_with_the_reference(contents: bytes) -> None:
    finished = contents != b"" and contents[-1] < 0x80
    starts = [0, *(i + 1 for i, octet in enumerate(contents[:-1]) if octet < 0x80)]
    idle = any(contents[start : start + 1] == b"\x80" for start in starts)
    reader = Reader(tlv(0x06, contents))
    read(lib.rootlet_der_oid, reader)
    assert reader.failed == (not finished or idle)


@given(st.lists(st.integers(0, 2**40), max_size=5), st.integers(0, 39))
def test_every_identifier_is_read(rest: list[int], second: int) -> None:
    encoded = oid(".".join(map(str, [1, second, *rest])))
    reader = Reader(encoded)
    assert read(lib.rootlet_der_oid, reader) == encoded[2:]
    assert lib.rootlet_reader_done(reader.c)


@pytest.mark.parametrize(
    ("data", "flag", "good"),
    [
        (b"\x01\x01\xff", True, True),
        (b"\x04\x00", False, True),
        (b"", False, True),
        (b"\x01\x01\x00", True, False),
        (b"\x01\x01\x01", True, False),
        (b"\x01\x02\xff\xff", True, False),
        (b"\x01\x81\x01\xff", True, False),
        (b"\x01\x00", True, False),
        (b"\x01\x01", True, False),
    ],
)
def test_a_flag_is_true_or_absent(data: bytes, flag: bool, good: bool) -> None:
    reader = Reader(data)
    assert lib.rootlet_der_flag(reader.c) == flag
    assert reader.failed != good
