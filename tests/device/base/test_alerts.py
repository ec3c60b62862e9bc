"""Which alert is sent for a status: what the list in rootlet/status.h says, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from _rootlet_device import lib

HEADER = Path(__file__).resolve().parents[3] / "device/include/rootlet/status.h"
ROW = re.compile(r"X\((\w+), (\d+), (\w+),")
STATUSES = [
    (name, int(number), alert) for name, number, alert in ROW.findall(HEADER.read_text("ascii"))
]


@pytest.mark.parametrize(("name", "number", "alert"), STATUSES)
def test_alert_is_the_one_in_the_list(name: str, number: int, alert: str) -> None:
    assert getattr(lib, f"ROOTLET_{name}") == number
    assert lib.rootlet_status_alert(number) == getattr(lib, f"ROOTLET_ALERT_{alert}")


def test_every_area_is_in_the_list() -> None:
    assert len(STATUSES) == 69
    assert {number for _, number, _ in STATUSES} >= {0, 1, 16, 32, 80, 112, 136}


def test_numbers_of_no_status_are_internal_errors() -> None:
    known = {number for _, number, _ in STATUSES}
    unknown = set(range(256)) - known
    assert {lib.rootlet_status_alert(number) for number in unknown} == {
        lib.ROOTLET_ALERT_INTERNAL_ERROR
    }
