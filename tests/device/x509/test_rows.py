"""Every check of a chain, each with its status: the vectors in vectors/x509."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rootlet.errors import Refused
from support.x509.case import OK, ROWS, Case
from support.x509.draft import public_key
from support.x509.vectors import VECTORS, read_vectors, vector_text

CASES = read_vectors()
STATUS_HEADER = Path(__file__).resolve().parents[3] / "device/include/rootlet/status.h"


def title(case: Case) -> str:
    return f"{case.row}: {case.text}"


@pytest.mark.parametrize("case", [case for case in CASES if case.status == OK], ids=title)
def test_accepted(case: Case) -> None:
    assert case.check() == public_key("leaf")


@pytest.mark.parametrize("case", [case for case in CASES if case.status != OK], ids=title)
def test_refused(case: Case) -> None:
    with pytest.raises(Refused) as refused:
        case.check()
    assert refused.value.status == case.status


def test_the_vectors_are_what_the_script_makes() -> None:
    assert VECTORS.read_text(encoding="utf-8") == vector_text()


def test_every_case_is_told_apart() -> None:
    texts = [(case.row, case.text) for case in CASES]
    assert len(set(texts)) == len(texts)


def test_every_row_is_covered() -> None:
    assert {case.row for case in CASES} == set(ROWS)


def test_every_status_is_covered() -> None:
    listed = re.findall(r"X\((ERR_X509_\w+),", STATUS_HEADER.read_text(encoding="utf-8"))
    assert {case.status for case in CASES} == {*listed, OK}
