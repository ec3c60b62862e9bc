"""The demo with its sixth chapter: the device as firmware, against the same servers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rootlet.cli import main

FIRMWARE = 6
ROWS = 9


def test_every_row_of_the_firmware_is_as_expected(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code = main(["demo", "--firmware", "--json", "--dir", str(tmp_path / "demo")])
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert code == 0, [row for row in rows if not row["as_expected"]]
    assert len([row for row in rows if row["step"] == FIRMWARE]) == ROWS
