"""Statuses by name: one list in C, the same words in Python."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rootlet.device import status_name, status_text
from rootlet.device.status import raise_status
from rootlet.errors import Refused

TREE = Path(__file__).resolve().parents[2]
HEADER = (TREE / "device" / "include" / "rootlet" / "status.h").read_text(encoding="utf-8")
LISTED = [
    (name, int(number), text)
    for name, number, text in re.findall(
        r'X\((\w+), (\d+), \w+,[\s\\]*"([^"]+)"\)', HEADER, re.MULTILINE
    )
]
EXPIRED = {name: number for name, number, _ in LISTED}["ERR_X509_EXPIRED"]


def test_the_list_was_read_whole() -> None:
    assert len(LISTED) == len(re.findall(r"^    X\(", HEADER, re.MULTILINE)) > 60
    assert len({number for _, number, _ in LISTED}) == len(LISTED)


@pytest.mark.parametrize(("name", "number", "text"), LISTED, ids=[row[0] for row in LISTED])
def test_every_status_has_its_name_and_sentence(name: str, number: int, text: str) -> None:
    assert status_name(number) == name
    assert status_text(number) == text


@pytest.mark.parametrize("number", [3, 79, 191, 4095])
def test_an_unknown_number_is_called_so(number: int) -> None:
    assert status_name(number) == "UNKNOWN"


def test_only_failures_are_raised() -> None:
    raise_status(0, hint="not used")
    with pytest.raises(Refused, match="expired") as refused:
        raise_status(EXPIRED, hint="renew it")
    assert (refused.value.status, refused.value.hint) == ("ERR_X509_EXPIRED", "renew it")
