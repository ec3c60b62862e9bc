"""``rootlet ca export``: what leaves the record, in which shape, and what stays as it was."""

from __future__ import annotations

import csv
import io
import json
import resource
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rootlet.ca import open_authority, open_records
from rootlet.cli.ca_export import FIELDS
from rootlet.maker import load_maker
from support.commands import Run
from support.makers import made_maker

SMALL = 33_000
"""Bytes of the largest file that can be written: enough for what SQLite makes to read."""


@pytest.fixture
def mine(tmp_path: Path, run: Run) -> Path:
    folder = made_maker(tmp_path / "mine").folder
    for name in ("api.example.test", "a.fleet.example.test"):
        assert run("ca", "issue", "server", name, "--maker", folder).code == 0
    for name in ("sensor-1", "sensor-2"):
        assert run("ca", "issue", "device", name, "--maker", folder).code == 0
    return folder


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_everything_leaves_as_csv(run: Run, mine: Path) -> None:
    done = run("ca", "export", "--maker", mine)
    assert done.code == 0
    assert done.out.splitlines()[0] == ",".join(FIELDS)
    with open_records(load_maker(mine)) as records:
        issued = records.all()
    found = rows(done.out)
    assert [row["serial"] for row in found] == [record.serial for record in issued]
    assert [row["sha256"] for row in found] == [record.sha256 for record in issued]
    assert found[3]["names"] == "api.example.test"


def test_both_shapes_say_the_same(run: Run, mine: Path) -> None:
    lines = run("ca", "export", "--maker", mine, "--format", "jsonl").out.splitlines()
    table = rows(run("ca", "export", "--maker", mine).out)
    read = [json.loads(line) for line in lines]
    assert [row | {"names": " ".join(row["names"])} for row in read] == table


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--kind", "server"], ["api.example.test", "a.fleet.example.test"]),
        (["--name", "*.fleet.example.test"], ["a.fleet.example.test"]),
        (["--name", "sensor*", "--kind", "server"], []),
        (["--kind", "server", "--ends-within", "1"], []),
        (["--ends-within", "49"], ["api.example.test", "a.fleet.example.test"]),
        (["--since", "2000-01-01", "--kind", "device"], ["sensor-1", "sensor-2"]),
        (["--since", "2999-01-01"], []),
        (["--status", "replaced"], []),
    ],
)
def test_a_part_can_be_asked_for(
    run: Run, mine: Path, options: list[str], names: list[str]
) -> None:
    done = run("ca", "export", "--maker", mine, *options)
    assert [row["name"] for row in rows(done.out)] == names


def test_a_file_is_written_whole_or_not_at_all(run: Run, mine: Path, tmp_path: Path) -> None:
    out = tmp_path / "issued.csv"
    done = run("ca", "export", "--maker", mine, "--out", out)
    assert done.code == 0
    assert "7 certificates" in done.err
    before = out.read_bytes()
    assert len(rows(before.decode())) == 7
    with open_authority(load_maker(mine), verify=None) as authority:
        for i in range(150):
            authority.issue_device(f"more-{i}", now=datetime.now(UTC))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, hard))
    try:
        full = run("ca", "export", "--maker", mine, "--out", out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert full.code == 4
    assert "unchanged" in full.err
    assert out.read_bytes() == before
    assert list(tmp_path.glob(".issued*")) == []
