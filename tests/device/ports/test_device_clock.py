"""The device's clock: what it knows, how that grows, and what outlives a reset."""

from __future__ import annotations

import math
import zlib
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rootlet.device import status_name
from support.measuring import END, NOW

BUILT = 1_790_000_000
WRAP = 2**32
DAY_MS = 24 * 60 * 60 * 1000
SECONDS = 1000
LONG_MS = WRAP - 1


class Device:
    """A clock, and the milliseconds since the reset."""

    def __init__(
        self, policy: ModuleType, *, stored: bytes | None = None, drift: int = 0, at: int = 0
    ) -> None:
        self.ffi, self.lib = policy.ffi, policy.lib
        self.milliseconds = at
        self.clock: Any = self.ffi.new("device_clock *")
        record = self.ffi.NULL if stored is None else self.ffi.from_buffer("clock_record *", stored)
        self.lib.device_clock_start(self.clock, BUILT, record, drift, at % WRAP)

    def after(self, milliseconds: int) -> Device:
        self.milliseconds += milliseconds
        return self

    @property
    def at(self) -> int:
        return self.milliseconds % WRAP

    def now(self) -> tuple[int, int]:
        known = self.lib.device_clock_now(self.clock, self.at)
        return known.earliest, known.latest

    def set(self, earliest: int, latest: int) -> str:
        measured = self.ffi.new("rootlet_time *", (earliest, latest))
        return status_name(self.lib.device_clock_set(self.clock, measured, self.at))

    def fail(self, times: int = 1) -> Device:
        for _ in range(times):
            self.lib.device_clock_failed(self.clock, self.at)
        return self

    def wait(self) -> int:
        return int(self.lib.device_clock_wait(self.clock, self.at))

    def record(self) -> tuple[bool, bytes]:
        record = self.ffi.new("clock_record *")
        worth_it = self.lib.device_clock_record(self.clock, record, self.at)
        return worth_it, self.ffi.buffer(record)[:]


def stored(earliest: int, failures: int) -> bytes:
    body = earliest.to_bytes(8, "little") + failures.to_bytes(4, "little")
    return body + zlib.crc32(body).to_bytes(4, "little")


def test_before_the_first_measurement_it_is_anything_after_the_build(policy: ModuleType) -> None:
    device = Device(policy)
    assert device.now() == (BUILT, END)
    earliest, latest = device.after(10 * SECONDS).now()
    assert BUILT + 9 <= earliest <= BUILT + 10
    assert latest == END


@settings(max_examples=300)
@given(
    passed=st.lists(st.integers(0, LONG_MS), min_size=1, max_size=4),
    drift=st.integers(0, 50_000),
    wrong_by=st.floats(-1, 1),
    started=st.integers(0, LONG_MS),
)
def test_the_true_time_is_never_outside(
    policy: ModuleType, passed: list[int], drift: int, wrong_by: float, started: int
) -> None:
    """However often it is read, and however wrong the board's clock is within its bound."""
    device = Device(policy, drift=drift, at=started)
    assert device.set(NOW, NOW + 6) == "OK"
    counted = 0
    for step in passed:
        earliest, latest = device.after(step).now()
        counted += step
        true_ms = counted * (1 + wrong_by * drift / 1e6)
        assert earliest <= NOW + math.ceil(true_ms / 1000)
        assert latest >= NOW + 6 + math.floor(true_ms / 1000)
        worst = 2 * counted / 1000 * drift / 1e6
        assert latest - earliest <= 6 + worst + 3


def test_a_measurement_only_narrows_what_is_known(policy: ModuleType) -> None:
    device = Device(policy)
    assert device.set(NOW, NOW + 10) == "OK"
    assert device.set(NOW - 5, NOW + 20) == "OK"
    assert device.now() == (NOW, NOW + 10)
    assert device.set(NOW + 3, NOW + 4) == "OK"
    assert device.now() == (NOW + 3, NOW + 4)


def test_it_never_goes_back(policy: ModuleType) -> None:
    device = Device(policy)
    assert device.set(NOW, NOW + 10) == "OK"
    before = device.now()
    assert device.set(NOW - 100, NOW - 1) == "ERR_ROUGHTIME_INCONSISTENT"
    assert device.now() == before
    assert Device(policy).set(BUILT - 2, BUILT - 1) == "ERR_ROUGHTIME_INCONSISTENT"


def test_it_goes_forward_when_the_board_has_slept(policy: ModuleType) -> None:
    device = Device(policy)
    assert device.set(NOW, NOW + 10) == "OK"
    assert device.set(NOW + 5000, NOW + 5006) == "OK"
    assert device.now() == (NOW + 5000, NOW + 5006)


def test_a_reset_does_not_take_it_back(policy: ModuleType) -> None:
    first = Device(policy)
    assert first.set(NOW, NOW + 6) == "OK"
    worth_it, kept = first.record()
    assert worth_it
    assert kept == stored(NOW, 0)
    second = Device(policy, stored=kept)
    assert second.now() == (NOW, END)
    assert second.set(NOW - 100, NOW - 50) == "ERR_ROUGHTIME_INCONSISTENT"
    assert second.set(NOW + 90_000_000, NOW + 90_000_006) == "OK"


def test_a_firmware_newer_than_the_record_counts(policy: ModuleType) -> None:
    assert Device(policy, stored=stored(BUILT - 5, 2)).now() == (BUILT, END)


@pytest.mark.parametrize("erased", [bytes(16), b"\xff" * 16])
def test_an_empty_page_is_no_record(policy: ModuleType, erased: bytes) -> None:
    device = Device(policy, stored=erased)
    assert device.now() == (BUILT, END)
    assert device.wait() == 0


@given(place=st.integers(0, 127))
def test_a_damaged_record_is_none(policy: ModuleType, place: int) -> None:
    kept = bytearray(stored(NOW, 3))
    kept[place // 8] ^= 1 << place % 8
    device = Device(policy, stored=bytes(kept))
    assert device.now() == (BUILT, END)
    assert device.wait() == 0


def test_a_record_is_written_once_a_day_and_after_a_failure(policy: ModuleType) -> None:
    device = Device(policy)
    assert device.record()[0]
    assert not device.after(DAY_MS - 2 * SECONDS).record()[0]
    assert device.after(3 * SECONDS).record()[0]
    assert not device.record()[0]
    assert device.fail().record()[0]
    assert not device.record()[0]
    assert device.set(NOW, NOW + 6) == "OK"
    assert device.record()[0]


def test_the_wait_grows_by_half_up_to_a_day(policy: ModuleType) -> None:
    """RFC 10049 section 5: min(1.5^(n-1), 86400) seconds."""
    device = Device(policy)
    assert device.wait() == 0
    for n in range(1, 40):
        wait = device.fail().wait()
        assert wait == pytest.approx(min(1.5 ** (n - 1), 86_400) * 1000, rel=0.001)
    assert device.wait() == DAY_MS
    assert device.after(DAY_MS - 5).wait() == 5
    assert device.after(10).wait() == 0
    assert device.set(NOW, NOW + 6) == "OK"
    assert device.fail().wait() == 1000


def test_the_wait_goes_on_after_a_reset(policy: ModuleType) -> None:
    _, kept = Device(policy).fail(5).record()
    device = Device(policy, stored=kept, at=12345)
    assert device.wait() == pytest.approx(1.5**4 * 1000, rel=0.001)
    assert device.after(1000).wait() == pytest.approx(1.5**4 * 1000 - 1000, rel=0.001)


def test_failures_do_not_wrap(policy: ModuleType) -> None:
    device = Device(policy, stored=stored(NOW, WRAP - 1))
    assert device.fail().wait() == DAY_MS


def test_a_drift_of_everything(policy: ModuleType) -> None:
    """A board without a clock worth the name: the bound stays, the end runs away."""
    device = Device(policy, drift=1_000_000)
    assert device.set(NOW, NOW + 6) == "OK"
    assert device.after(100 * SECONDS).now() == (NOW, NOW + 207)
