"""How often a route may be asked: by each device, and by all of them."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootlet.gateway.rates import MANY_BUCKETS, Rates
from support.gateway_rig import Rig, request


def rates(per_minute: int = 0, device_per_minute: int = 0) -> Rates:
    route = SimpleNamespace(alias="a", per_minute=per_minute, device_per_minute=device_per_minute)
    return Rates([cast(Any, route)])


def test_without_limits_nothing_is_counted() -> None:
    free = rates()
    assert all(free.take("a", "d", 0.0) == 0 for _ in range(1000))


def test_a_minutes_worth_at_once_and_then_one_by_one() -> None:
    some = rates(device_per_minute=6)
    assert [some.take("a", "d", 0.0) for _ in range(8)] == [0] * 6 + [10, 10]
    assert some.take("a", "d", 9.9) == 1
    assert some.take("a", "d", 10.0) == 0
    assert some.take("a", "d", 10.0) == 10
    assert [some.take("a", "d", 1000.0) for _ in range(7)] == [0] * 6 + [10]


def test_devices_do_not_use_up_each_others() -> None:
    some = rates(per_minute=5, device_per_minute=3)
    assert [some.take("a", "one", 0.0) for _ in range(4)] == [0, 0, 0, 20]
    assert [some.take("a", "two", 0.0) for _ in range(3)] == [0, 0, 12]


def test_what_may_not_go_costs_nothing() -> None:
    some = rates(per_minute=2, device_per_minute=1)
    assert some.take("a", "one", 0.0) == 0
    for _ in range(50):
        assert some.take("a", "one", 0.0) == 60
    assert some.take("a", "two", 0.0) == 0


@given(st.lists(st.floats(0, 40), min_size=1, max_size=60), st.integers(1, 20))
def test_no_minute_holds_more_than_twice_the_limit(steps: list[float], limit: int) -> None:
    """What had been saved up, and what came in meanwhile."""
    some = rates(device_per_minute=limit)
    now, went = 0.0, []
    for step in steps:
        now += step
        wait = some.take("a", "d", now)
        if wait == 0:
            went.append(now)
        else:
            assert 1 <= wait <= 60
    for start in went:
        assert sum(start <= moment < start + 60 for moment in went) <= 2 * limit


def test_who_was_patient_is_let_in() -> None:
    some = rates(device_per_minute=7)
    now = 0.0
    for _ in range(30):
        wait = some.take("a", "d", now)
        now += wait
        assert wait == 0 or some.take("a", "d", now) == 0


def test_devices_that_ask_no_more_are_forgotten() -> None:
    some = rates(device_per_minute=1)
    for number in range(3 * MANY_BUCKETS):
        assert some.take("a", f"d{number}", number / 100) == 0
    assert len(some._buckets) < 2 * MANY_BUCKETS


@pytest.fixture
def rated(rig: Rig) -> Rig:
    """With full buckets."""

    async def fill() -> None:
        routes = [pool.route for pool in rig.server.hub.pools.values()]
        rig.server.hub.rates = Rates(dataclasses.replace(route) for route in routes)

    rig.run(fill())
    return rig


def test_a_device_that_asks_too_often_is_told_when_to_come_back(rated: Rig) -> None:
    with rated.device("sensor-1") as device:
        for _ in range(3):
            assert device.ask(request("/rated/x")).status == 200
        refused = device.ask(request("/rated/x"))
        assert (refused.status, refused.error) == (429, "too_many_requests")
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert device.ask(request("/plain/x")).status == 200, "the connection and others go on"
    assert len(rated.outside.requests) == 4
    assert rated.ask(request("/rated/x"), device="sensor-2").status == 200
    assert '"error":"too_many_requests"' in rated.log.getvalue()


def test_a_body_that_may_not_go_is_not_read_as_a_request(rated: Rig) -> None:
    body = b"GET /rated/x HTTP/1.1\r\nHost: a\r\n\r\n"
    with rated.device("sensor-3") as device:
        for _ in range(3):
            assert device.ask(request("/rated/x", method="POST", body=b"x")).status == 200
        refused = device.ask(request("/rated/x", method="POST", body=body))
        assert refused.status == 429
        assert refused.headers["connection"] == "close"
        assert device.closed()
    assert len(rated.outside.requests) == 3
