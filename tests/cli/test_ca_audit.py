"""rootlet ca audit: what is said of a record that is whole, and of one that is not."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from support.commands import Run
from support.makers import deliver_device, made_maker


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    maker = made_maker(tmp_path / "mine")
    deliver_device(maker, "sensor-1")
    return maker.folder


def tamper(mine: Path, statement: str) -> None:
    connection = sqlite3.connect(mine / "ca/ca.sqlite", isolation_level=None)
    connection.execute(statement)
    connection.close()


def test_a_record_that_is_whole_has_a_head_to_note(run: Run, mine: Path) -> None:
    done = run("ca", "audit", "verify", "--maker", mine, "--json")
    assert done.code == 0
    # roots and issuing CA together, then the device: each recorded, each delivered
    assert (done.json["entries"], done.json["certificates"]) == (4, 4)
    assert done.json["problems"] == []
    head = done.json["head"]
    said = run("ca", "audit", "verify", "--maker", mine)
    assert f"head  {head}" in said.out
    assert "Next: note the head" in said.out
    run("ca", "issue", "device", "sensor-2", "--maker", mine)
    later = run("ca", "audit", "verify", "--maker", mine, "--head", head.upper(), "--json")
    assert (later.code, later.json["noted"], later.json["entries"]) == (0, 4, 6)


def test_what_was_changed_is_printed_and_refused(run: Run, mine: Path) -> None:
    tamper(mine, "UPDATE issuances SET name = 'sensor-9' WHERE kind = 'device'")
    done = run("ca", "audit", "verify", "--maker", mine)
    assert done.code == 1
    assert done.out.startswith("audit-changed ")
    assert "1 finding" in done.err
    done = run("ca", "audit", "verify", "--maker", mine, "--json")
    assert (done.code, done.json["problems"][0]["rule"]) == (1, "audit-changed")
    assert '"status": "audit-changed"' in done.err


def test_a_log_that_was_cut_is_noticed_by_its_head(run: Run, mine: Path) -> None:
    head = run("ca", "audit", "verify", "--maker", mine, "--json").json["head"]
    tamper(mine, "DROP TRIGGER audit_delete")
    tamper(mine, "DELETE FROM audit WHERE number = 4")
    tamper(mine, "UPDATE issuances SET status = 'recorded' WHERE kind = 'device'")
    assert run("ca", "audit", "verify", "--maker", mine).code == 0
    done = run("ca", "audit", "verify", "--maker", mine, "--head", head)
    assert done.code == 1
    assert "audit-head" in done.out
    done = run("ca", "audit", "verify", "--maker", mine, "--head", "abc")
    assert done.code == 2
    assert "64 hexadecimal digits" in done.err


def test_entries_are_listed(run: Run, mine: Path) -> None:
    listed = run("ca", "audit", "list", "--maker", mine, "--json").json["entries"]
    assert [entry["event"] for entry in listed] == ["issued", "delivered"] * 2
    assert [entry["number"] for entry in listed] == list(range(1, 5))
    assert (
        run("ca", "audit", "list", "--maker", mine, "--after", 2, "--json").json["entries"]
        == (listed[2:])
    )
    said = run("ca", "audit", "list", "--maker", mine, "--after", 2).out
    assert listed[3]["serial"] in said
    assert "Older ones: rootlet ca audit list --after 0" in said
    assert "Next: rootlet ca audit verify" in said
