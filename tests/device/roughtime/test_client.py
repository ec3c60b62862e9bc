"""The device's Roughtime functions by their C names."""

from __future__ import annotations

from typing import Any

import pytest
from _rootlet_device import ffi, lib
from hypothesis import given, settings
from hypothesis import strategies as st

from rootlet.device import status_name
from rootlet.profile import load_profile
from rootlet.roughtime import build_request
from rootlet.roughtime import protocol as p
from rootlet.roughtime.measure import chained_nonce
from rootlet.roughtime.message import decode_packet, read_versions
from support.roughtime import KEY, NONCE, NOW, REQUEST, Reply

EXAMPLES = 300
HEAD = 128
PADDING = 908
END = 2**64 - 1
WORD = 2**32 - 1

keys = st.binary(min_size=32, max_size=32)


def request_head(nonce: bytes, key: bytes) -> bytes:
    head = ffi.new("uint8_t[]", HEAD)
    lib.rootlet_roughtime_request(head, nonce, key)
    return bytes(head)


def check(request: bytes, zeros: int, response: bytes, sample: Any = None) -> str:
    """The status' name for a request that ends in zeros which are not there."""
    kept = ffi.new("uint8_t[]", request)  # one byte longer, as a C string is
    into = ffi.new("rootlet_roughtime_sample *") if sample is None else sample
    status = lib.rootlet_roughtime_check(
        into, kept, len(request), zeros, response, len(response), KEY, 0
    )
    return status_name(status)


def test_sizes() -> None:
    assert lib.ROOTLET_ROUGHTIME_HEAD_BYTES == HEAD
    assert lib.ROOTLET_ROUGHTIME_PADDING_BYTES == PADDING
    assert lib.ROOTLET_ROUGHTIME_REQUEST_BYTES == HEAD + PADDING == p.REQUEST_BYTES


@settings(max_examples=EXAMPLES)
@given(keys, keys)
def test_the_head_is_the_request_without_its_padding(nonce: bytes, key: bytes) -> None:
    assert request_head(nonce, key) + bytes(PADDING) == build_request(nonce, key)


def test_the_head_offers_the_profiles_versions() -> None:
    values = decode_packet(request_head(NONCE, KEY) + bytes(PADDING))
    assert read_versions(values[p.VER]) == load_profile("c25519").roughtime.versions


@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=700), keys)
def test_the_next_nonce(response: bytes, rand: bytes) -> None:
    nonce = ffi.new("uint8_t[]", 32)
    lib.rootlet_roughtime_chain(nonce, response, len(response), rand)
    assert bytes(nonce) == chained_nonce(response, rand)


@pytest.mark.parametrize("there", [*range(124, 135), 190, 191, 192, 193, 500, 1035, 1036])
def test_padding_need_not_be_there(there: int) -> None:
    """Wherever the zeros begin after the nonce: TYPE is zero too."""
    assert check(REQUEST[:there], len(REQUEST) - there, Reply().to()) == "OK"


@pytest.mark.parametrize("there", [0, 11, 12, 51, 60, 91, 92, 123])
def test_what_is_read_must_be_there(there: int) -> None:
    status = check(REQUEST[:there], len(REQUEST) - there, Reply().to())
    assert status == "ERR_ROUGHTIME_REQUEST"


@pytest.mark.parametrize("zeros", [PADDING - 1, PADDING + 1, 0, 2**32 + PADDING])
def test_the_padding_is_counted(zeros: int) -> None:
    assert check(REQUEST[:HEAD], zeros, Reply().to()) == "ERR_ROUGHTIME_REQUEST"


def test_the_sample_is_written_only_when_all_is_well() -> None:
    sample = ffi.new("rootlet_roughtime_sample *", (7, 8, 9))
    for bad in (b"", Reply(srep={p.RADI: bytes(4)}).to(), Reply(response={p.SIG: bytes(64)}).to()):
        assert check(REQUEST, 0, bad, sample) != "OK"
        assert (sample.midpoint, sample.radius, sample.version) == (7, 8, 9)
    assert check(REQUEST, 0, Reply().to(), sample) == "OK"
    assert (sample.midpoint, sample.radius, sample.version) == (NOW, 3, 1)


def join(
    known: tuple[int, int],
    sample: tuple[int, int],
    *,
    elapsed: int = 0,
    delay: int = 0,
    max_delay: int = WORD,
) -> tuple[str, tuple[int, int]]:
    """Status' name and what is known afterwards."""
    interval = ffi.new("rootlet_time *", known)
    said = ffi.new("rootlet_roughtime_sample *", (*sample, 1))
    status = lib.rootlet_roughtime_join(interval, said, elapsed, delay, max_delay)
    return status_name(status), (interval.earliest, interval.latest)


NOTHING = (0, END)
CONTRADICTION = "ERR_ROUGHTIME_INCONSISTENT"


def test_the_first_sample_is_all_that_is_known() -> None:
    assert join(NOTHING, (NOW, 3), delay=2) == ("OK", (NOW - 3, NOW + 5))


def test_a_better_sample_narrows_what_is_known() -> None:
    known = (NOW - 10, NOW + 10)
    assert join(known, (NOW + 2, 3), elapsed=1, delay=1) == ("OK", (NOW - 1, NOW + 6))
    assert join(known, (NOW, 100), elapsed=5, delay=1) == ("OK", (NOW - 10, NOW + 15))


def test_time_goes_by_between_samples() -> None:
    """A later time is no contradiction when as much time went by, timeouts included."""
    known = (NOW - 3, NOW + 3)
    assert join(known, (NOW + 60, 3), elapsed=54)[0] == "OK"
    assert join(known, (NOW + 60, 3), elapsed=53) == (CONTRADICTION, known)


def test_an_earlier_time_is_a_contradiction_however_long_it_took() -> None:
    known = (NOW - 3, NOW + 3)
    assert join(known, (NOW - 6, 3), elapsed=100, delay=100)[0] == "OK"
    assert join(known, (NOW - 7, 3), elapsed=100, delay=100) == (CONTRADICTION, known)


def test_a_late_answer_is_not_taken() -> None:
    assert join(NOTHING, (NOW, 3), delay=5, max_delay=5)[0] == "OK"
    assert join(NOTHING, (NOW, 3), delay=6, max_delay=5) == ("ERR_ROUGHTIME_DELAY", NOTHING)


def model(
    known: tuple[int, int], sample: tuple[int, int], elapsed: int, delay: int
) -> tuple[str, tuple[int, int]]:
    """The same with numbers that have no end."""
    low = max(0, sample[0] - sample[1])
    high = min(END, sample[0] + sample[1])
    latest = min(END, known[1] + elapsed)
    if known[0] > high or low > latest:
        return CONTRADICTION, known
    return "OK", (max(known[0], low), min(latest, high + delay, END))


def around(*values: int) -> st.SearchStrategy[int]:
    """Numbers at and near the values, within 64 bits."""
    near = st.builds(lambda value, by: value + by, st.sampled_from(values), st.integers(-40, 40))
    return near.filter(lambda value: 0 <= value <= END)


times = around(0, NOW, 1 << 32, END) | st.integers(0, END)
seconds = st.integers(0, 40) | st.sampled_from([WORD - 1, WORD])


@settings(max_examples=4 * EXAMPLES)
@given(st.tuples(times, times).map(sorted), times, seconds, seconds, seconds)
def test_no_number_wraps(
    known: list[int], midpoint: int, radius: int, elapsed: int, delay: int
) -> None:
    before = (known[0], known[1])
    expected = model(before, (midpoint, radius), elapsed, delay)
    assert join(before, (midpoint, radius), elapsed=elapsed, delay=delay) == expected
    assert expected[1][0] <= expected[1][1]
