"""The demo, every row of it, with its sixth chapter: the device as firmware, too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rootlet.cli import main

CHAPTERS = {1, 2, 3, 4, 5, 6}
REFUSING, REFUSALS = 5, 10
FIRMWARE = 6
ROWS = 9


def test_every_row_is_as_expected(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code = main(["demo", "--firmware", "--json", "--dir", str(tmp_path / "demo")])
    result = json.loads(capsys.readouterr().out)
    rows = result["rows"]
    assert code == 0, [row for row in rows if not row["as_expected"]]
    assert result["as_expected"] == result["of"] == len(rows)
    assert {row["step"] for row in rows} == CHAPTERS
    refused = [row for row in rows if row["step"] == REFUSING]
    assert len(refused) == REFUSALS
    assert len({row["seen"] for row in refused}) == REFUSALS, "each for its own reason"
    assert len([row for row in rows if row["step"] == FIRMWARE]) == ROWS
