"""The record keeps what was issued, the same in SQLite and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rootlet.ca import Issuance, RecordStore, Status
from rootlet.errors import Environment
from support.makers import authority_of

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
AUTHORITY, _ = authority_of(now=NOW)
Place = Path | str


def server() -> Issuance:
    return AUTHORITY.issue_server(["api.example.test", "192.0.2.7"], now=NOW).record


def device(name: str = "sensor-1") -> Issuance:
    return AUTHORITY.issue_device(name, now=NOW).record


@pytest.fixture
def store(place: Place) -> Iterator[RecordStore]:
    with RecordStore(place, create=True) as made:
        yield made


def test_what_was_recorded_is_read_back_the_same(place: Place, store: RecordStore) -> None:
    records = [server(), device()]
    with store:
        for record in records:
            store.add(record)
    with RecordStore(place) as again:
        assert again.all() == tuple(records)
        assert again.with_serial(records[1].serial) == records[1]
        assert again.named("sensor-1") == (records[1],)
        assert again.with_serial("00") is None
        assert again.named("nobody") == ()


def test_an_addition_is_seen_by_others_at_once(place: Place, store: RecordStore) -> None:
    with store, RecordStore(place) as other:
        store.add(server())
        assert len(other.all()) == 1


def test_a_serial_is_recorded_once(store: RecordStore) -> None:
    record = server()
    with store:
        store.add(record)
        with pytest.raises(Environment, match="cannot use the record"):
            store.add(record)
        assert store.all() == (record,)


def test_the_newest_delivered_of_a_name_replaces_the_one_before(store: RecordStore) -> None:
    first, second, other = device(), device(), device("sensor-2")
    with store:
        for record in (first, other, second):
            store.add(record)
        for record in (first, other, second):
            store.delivered(record)
        assert [record.status for record in store.all()] == [
            Status.REPLACED,
            Status.DELIVERED,
            Status.DELIVERED,
        ]


def test_what_is_no_text_was_never_issued(store: RecordStore) -> None:
    with store:
        assert store.named("\udcff") == ()


def test_an_old_record_keeps_its_status_when_another_name_is_delivered(store: RecordStore) -> None:
    record = replace(server(), status=Status.DELIVERED)
    with store:
        store.add(record)
        second = replace(device(), name="api.example.test")
        store.add(second)
        store.delivered(second)
        assert store.all()[0].status is Status.DELIVERED


def test_the_newest_is_the_one_with_the_latest_time_of_those_that_count(
    store: RecordStore,
) -> None:
    day = timedelta(days=1)
    first, ahead, last = (
        replace(device(), issued_at=NOW + offset) for offset in (0 * day, 300 * day, 1 * day)
    )
    with store:
        assert store.newest_at() is None
        for record in (first, ahead, last):
            store.add(record)
        assert store.newest_at() == NOW + 300 * day
        assert store.newest_at(ahead.serial) == NOW + day
        assert store.newest_at(last.serial) is None
        assert store.newest_at("00") == NOW + 300 * day, "one that is not here changes nothing"
