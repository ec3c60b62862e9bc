"""``rootlet ca enrol``: secrets go to a file that is the caller's alone, and nowhere else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from support.commands import Run
from support.makers import made_maker


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return made_maker(tmp_path / "mine").folder


def test_secrets_are_written_once_and_privately(run: Run, mine: Path, tmp_path: Path) -> None:
    out = tmp_path / "secrets.csv"
    done = run("ca", "enrol", "add", "sensor-1", "sensor-2", "--out", out, "--maker", mine)
    assert done.code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    lines = out.read_text(encoding="ascii").splitlines()
    assert [line.partition(",")[0] for line in lines] == ["id", "sensor-1", "sensor-2"]
    secrets = {line.partition(",")[2] for line in lines[1:]}
    assert len(secrets) == 2
    assert not any(secret in done.out + done.err for secret in secrets)
    assert "rootlet ca serve" in done.out
    again = run("ca", "enrol", "add", "sensor-3", "--out", out, "--maker", mine)
    assert again.code == 6
    listed = run("ca", "enrol", "list", "--json", "--maker", mine).json["enrolments"]
    assert [(row["id"], row["state"]) for row in listed] == [
        ("sensor-1", "open"),
        ("sensor-2", "open"),
    ]


def test_ids_come_from_a_list_too(run: Run, mine: Path, tmp_path: Path) -> None:
    ids = tmp_path / "ids.csv"
    ids.write_bytes(b"\xef\xbb\xbfa-1,first\r\n\r\na-2\r\n")
    out = tmp_path / "secrets.csv"
    done = run("ca", "enrol", "add", "--from", ids, "--out", out, "--json", "--maker", mine)
    assert done.json["devices"] == 2
    assert run("ca", "enrol", "remove", "a-1", "--maker", mine).code == 0
    assert run("ca", "enrol", "remove", "a-1", "--maker", mine).code == 6
    assert "a-2" in run("ca", "enrol", "list", "--maker", mine).out


@pytest.mark.parametrize("ids", [[], ["a", "a"], ["no/id"]])
def test_what_is_wrong_makes_no_secret(
    run: Run, mine: Path, tmp_path: Path, ids: list[str]
) -> None:
    out = tmp_path / "secrets.csv"
    assert run("ca", "enrol", "add", *ids, "--out", out, "--maker", mine).code in {1, 2}
    assert not out.exists()
    assert run("ca", "enrol", "list", "--json", "--maker", mine).json["enrolments"] == []
