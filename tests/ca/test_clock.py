"""Nothing is issued by a clock that cannot be right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rootlet.ca import Authority, Measured
from rootlet.ca.clock import BACK_TOLERANCE, CHECK_AGAIN, ClockGuard
from rootlet.errors import Refused
from rootlet.profile import PROFILE_NAMES, load_profile
from support.makers import authority_of

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
NAME = "api.example.test"


def refused(authority: Authority, now: datetime) -> str | None:
    before = list(authority.records.added)  # type: ignore[attr-defined]
    with pytest.raises(Refused):
        authority.issue_device("sensor-1", now=now)
    with pytest.raises(Refused) as refusal:
        authority.issue_server([NAME], now=now)
    assert authority.records.added == before  # type: ignore[attr-defined]
    return refusal.value.status


def test_a_clock_that_jumped_back_issues_nothing() -> None:
    authority, _ = authority_of(now=NOW - DAY)
    authority.issue_server([NAME], now=NOW)
    assert refused(authority, NOW - BACK_TOLERANCE - SECOND) == "clock-back"
    assert refused(replace(authority), NOW - BACK_TOLERANCE - SECOND) == "clock-back"
    authority.issue_server([NAME], now=NOW - BACK_TOLERANCE)
    authority.issue_server([NAME], now=NOW + DAY)


def test_a_clock_cannot_creep_back() -> None:
    authority, _ = authority_of(now=NOW - DAY)
    authority.issue_server([NAME], now=NOW)
    authority.issue_server([NAME], now=NOW - BACK_TOLERANCE)
    assert refused(authority, NOW - 2 * BACK_TOLERANCE) == "clock-back"


def test_a_record_by_a_wrong_clock_can_be_passed_over() -> None:
    authority, _ = authority_of(now=NOW - DAY)
    ahead = authority.issue_server([NAME], now=NOW + 300 * DAY).record
    assert refused(authority, NOW) == "clock-back"
    policy = replace(authority.policy, clock_after_serial=ahead.serial)
    authority = replace(authority, policy=policy)
    authority.issue_server([NAME], now=NOW)
    assert refused(replace(authority), NOW - DAY) == "clock-back"


@pytest.mark.parametrize(
    ("off", "radius", "right"),
    [
        (timedelta(0), 1, True),
        (timedelta(seconds=61), 1, True),
        (timedelta(seconds=-61), 1, True),
        (timedelta(seconds=62), 1, False),
        (timedelta(seconds=-62), 1, False),
        (timedelta(seconds=69), 10, True),
        (timedelta(days=365), 10, False),
    ],
)
def test_a_clock_is_held_against_roughtime(off: timedelta, radius: int, right: bool) -> None:
    authority, _ = authority_of(now=NOW)
    measured = Measured(NOW + off, timedelta(seconds=radius))
    authority = replace(authority, time_source=lambda: measured)
    if right:
        authority.issue_server([NAME], now=NOW)
    else:
        assert refused(authority, NOW) == "clock-differs"


def test_nobody_who_can_tell_the_time_is_a_reason_too() -> None:
    def source() -> Measured:
        raise Refused("nobody answers", hint="wait", status="clock-unknown")

    authority, _ = authority_of(now=NOW)
    assert refused(replace(authority, time_source=source), NOW) == "clock-unknown"


def test_a_right_clock_is_asked_for_again_only_after_a_while() -> None:
    asked = []

    def newest() -> datetime:
        asked.append(1)
        return NOW

    guard = ClockGuard(newest, None, SECOND)
    for _ in range(1000):
        guard.check(NOW)
    guard.check(NOW + CHECK_AGAIN - SECOND)
    assert len(asked) == 1
    guard.check(NOW + CHECK_AGAIN)
    guard.check(NOW)  # back, by less than the tolerance
    assert len(asked) == 3


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_the_tolerance_is_within_what_certificates_are_backdated_by(profile: str) -> None:
    minutes = load_profile(profile).lifetimes.backdate_minutes
    assert timedelta(minutes=minutes) > 2 * BACK_TOLERANCE
