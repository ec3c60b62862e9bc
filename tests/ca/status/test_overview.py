"""What stands when: the page, the metrics and the lists, from a record of known content."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from rootlet.ca import Authority, RecordStore
from rootlet.ca.status.metrics import Metrics
from rootlet.ca.status.overview import FORGOTTEN, LATE, Listed, Standing, standing
from rootlet.ca.status.overview_store import LATEST, Wanted, each_listed, read_overview
from rootlet.ca.status.page import WIDTH, bars, left_text
from rootlet.pki import Kind
from support.makers import authority_of

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
AUTHORITY, MADE = authority_of(now=NOW - timedelta(days=30))


def server(name: str, begun: timedelta, *, hours: int = 24, kind: Kind = Kind.SERVER) -> Listed:
    start = NOW - begun
    end = start + hours * HOUR
    return Listed("01", kind, name, (name,), start, end, start, "delivered", "00")


def filled(place: Path | str) -> RecordStore:
    store = RecordStore(place, create=True)
    for record in MADE.records:
        store.add(record)
    issuer = Authority(
        AUTHORITY.policy, MADE.root, MADE.issuing, MADE.issuing_key, store, verify=None
    )
    for name, hours in (
        ("gone.fleet.example.test", 20 * 24),
        ("api.example.test", 60),
        ("late.fleet.example.test", 40),
        ("api.example.test", 30),
        ("api.example.test", 3),
    ):
        issuer.issue_server([name], now=NOW - hours * HOUR, hours=48)
    for device in ("sensor-1", "sensor-2", "sensor-2"):
        issuer.issue_device(device, now=NOW - HOUR)
    return store


def test_the_newest_of_each_name_counts(place: Path | str) -> None:
    with filled(place) as store:
        seen = read_overview(store.database)
    assert [c.name for c in seen.servers] == [
        "gone.fleet.example.test",
        "late.fleet.example.test",
        "api.example.test",
    ]
    assert seen.servers[-1].issued_at == NOW - 3 * HOUR
    assert [c.kind for c in seen.authorities] == [Kind.ROOT, Kind.ROOT, Kind.ISSUING]
    assert seen.issued == {Kind.ROOT: 2, Kind.ISSUING: 1, Kind.SERVER: 5, Kind.DEVICE: 3}
    assert seen.devices == 2
    assert [c.name for c in seen.latest[:2]] == ["sensor-2", "sensor-2"]
    assert len(seen.latest) <= LATEST
    assert [c.name for c in seen.late(NOW)] == ["late.fleet.example.test"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(kind=Kind.DEVICE), ["sensor-1", "sensor-2", "sensor-2"]),
        (
            Wanted(name="*.fleet.example.test"),
            ["gone.fleet.example.test", "late.fleet.example.test"],
        ),
        (Wanted(name="sensor_1"), []),
        (Wanted(name="%"), []),
        (
            Wanted(kind=Kind.SERVER, ends_before=NOW),
            ["gone.fleet.example.test", "api.example.test"],
        ),
        (Wanted(kind=Kind.DEVICE, status="delivered"), []),
        (Wanted(kind=Kind.SERVER, issued_after=NOW - 10 * HOUR), ["api.example.test"]),
        (
            Wanted(kind=Kind.SERVER, ends_after=NOW, ends_before=NOW + 12 * HOUR),
            ["late.fleet.example.test"],
        ),
    ],
)
def test_lists_hold_what_is_asked_for(place: Path | str, wanted: Wanted, found: list[str]) -> None:
    with filled(place) as store:
        assert [c.name for c in each_listed(store.database, wanted)] == found


@pytest.mark.parametrize(
    ("certificate", "expected"),
    [
        (server("a", 12 * HOUR), Standing.CURRENT),
        (server("a", 16 * HOUR), Standing.CURRENT),
        (server("a", 16 * HOUR + timedelta(seconds=1)), Standing.LATE),
        (server("a", 24 * HOUR), Standing.LATE),
        (server("a", 24 * HOUR + timedelta(seconds=1)), Standing.EXPIRED),
        (server("a", 24 * HOUR + FORGOTTEN), Standing.EXPIRED),
        (server("a", 25 * HOUR + FORGOTTEN), Standing.FORGOTTEN),
        (server("a", 23 * HOUR, kind=Kind.ISSUING), Standing.CURRENT),
    ],
)
def test_a_certificate_stands_by_its_age(certificate: Listed, expected: Standing) -> None:
    assert float(LATE) * 24 == 16
    assert standing(certificate, NOW) is expected


@given(st.integers(0, 10**9))
def test_what_is_left_is_said_in_two_units(seconds: int) -> None:
    text = left_text(timedelta(seconds=seconds))
    sizes = {"y": 365 * 86400, "d": 86400, "h": 3600, "min": 60, "s": 1}
    words = text.split()
    said = [(int(n), sizes[unit]) for n, unit in zip(words[::2], words[1::2], strict=True)]
    assert 1 <= len(said) <= 2
    below = list(sizes.values())[list(sizes.values()).index(said[0][1]) :][:2][-1]
    assert 0 <= seconds - sum(n * size for n, size in said) < below
    assert left_text(timedelta(seconds=-seconds - 1)).startswith("ended ")


def test_what_is_left_reads_well() -> None:
    assert left_text(timedelta(0)) == "0 s"
    assert left_text(timedelta(days=3, hours=4, minutes=5)) == "3 d 4 h"
    assert left_text(timedelta(days=365 * 20)) == "20 y"
    assert left_text(-timedelta(hours=2, minutes=5)) == "ended 2 h 5 min ago"


@given(st.lists(st.tuples(st.integers(-500, 500), st.integers(1, 200)), min_size=1, max_size=8))
def test_bars_lie_on_the_timeline(lives: list[tuple[int, int]]) -> None:
    drawn = bars([server("a", begun * HOUR, hours=hours) for begun, hours in lives], NOW)
    for bar in drawn:
        assert 0 <= bar.start <= WIDTH
        assert bar.length >= 1
        c = bar.certificate
        if c.not_before <= NOW <= c.not_after:
            assert bar.start <= WIDTH // 2 <= bar.start + bar.length
    assert bars([], NOW) == ()


def test_metrics_are_what_prometheus_reads(place: Path | str) -> None:
    metrics = Metrics()
    metrics.refused("name-allowed")
    metrics.refused(None)
    with filled(place) as store:
        text = metrics.text(read_overview(store.database), NOW).decode()
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    ends = "rootlet_ca_certificate_expiry_seconds"
    assert found[ends, "server", "api.example.test"] == 45 * 3600 - 1
    assert found["rootlet_ca_renewal_late", "late.fleet.example.test"] == 1
    assert found["rootlet_ca_renewal_late", "api.example.test"] == 0
    assert (ends, "server", "gone.fleet.example.test") not in found
    assert found["rootlet_ca_issued_total", "device"] == 3
    assert found["rootlet_ca_devices",] == 2
    assert found["rootlet_ca_refused_total", "name-allowed"] == 1
    assert found["rootlet_ca_refused_total", "other"] == 1
