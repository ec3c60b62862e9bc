"""Dates to seconds, against Python's own calendar."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from _rootlet_device import ffi, lib
from hypothesis import given
from hypothesis import strategies as st

from support.x509.der import generalized, moment, utc

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def seconds(date: bytes) -> int | None:
    """What the device makes of a date; None when it refuses it."""
    buffer = ffi.from_buffer(date)
    reader = ffi.new("rootlet_reader *", (buffer, len(date)))
    value = int(lib.rootlet_x509_read_time(reader))
    return value if lib.rootlet_reader_done(reader) else None


def expected(when: datetime) -> int:
    return (when - EPOCH) // timedelta(seconds=1)


def every_month() -> Iterator[datetime]:
    """The first and the last day of each month from 1950 to 9999."""
    for year in range(1950, 10000):
        for month in range(1, 13):
            yield datetime(year, month, 1, tzinfo=UTC)
            yield datetime(year, month, monthrange(year, month)[1], 23, 59, 59, tzinfo=UTC)


def test_every_month_there_is() -> None:
    for when in every_month():
        assert seconds(moment(when)) == expected(when)


def test_every_day_of_a_lifetime() -> None:
    when = datetime(2019, 12, 31, 12, 34, 56, tzinfo=UTC)
    for _ in range(90 * 366):
        assert seconds(moment(when)) == expected(when)
        when += timedelta(days=1)


@given(st.datetimes(datetime(1950, 1, 1), datetime(9999, 12, 31, 23, 59, 59)))
def test_any_second(when: datetime) -> None:
    when = when.replace(microsecond=0, tzinfo=UTC)
    assert seconds(moment(when)) == expected(when)


@pytest.mark.parametrize("year", [1950, 1999, 2000, 2023, 2024, 2049, 2050, 2100, 2400, 9999])
def test_only_days_of_the_calendar(year: int) -> None:
    for month in range(100):
        for day in range(100):
            digits = f"{month:02}{day:02}000000Z"
            date = (
                utc(f"{year % 100:02}{digits}") if year < 2050 else generalized(f"{year}{digits}")
            )
            exists = 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
            assert (seconds(date) is not None) == exists


def test_only_times_of_a_day() -> None:
    for number in range(100):
        assert (seconds(utc(f"270101{number:02}0000Z")) is not None) == (number < 24)
        assert (seconds(utc(f"27010100{number:02}00Z")) is not None) == (number < 60)
        assert (seconds(utc(f"2701010000{number:02}Z")) is not None) == (number < 60)


@pytest.mark.parametrize("position", range(13))
def test_no_other_character_anywhere(position: int) -> None:
    good = bytearray(b"221222222222Z")
    for octet in range(256):
        changed = good.copy()
        changed[position] = octet
        allowed = octet == ord("Z") if position == 12 else chr(octet) in "0123456789"
        accepted = seconds(b"\x17\x0d" + bytes(changed)) is not None
        assert not accepted or allowed


def test_one_form_per_date() -> None:
    last, first = utc("491231235959Z"), generalized("20500101000000Z")
    assert [seconds(last), seconds(first)] == [2524607999, 2524608000]
    assert seconds(generalized("20491231235959Z")) is None
    assert seconds(utc("20500101000000Z")) is None
    assert seconds(generalized("500101000000Z")) is None
