"""rootlet ca backup and restore: one command each, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rootlet.ca import sealed
from support.commands import Run
from support.makers import deliver_device, made_maker


def test_a_ca_is_saved_and_restored(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed, "COST", 16)  # tests/ca/test_sealed.py has the whole price
    mine = made_maker(tmp_path / "mine").folder
    deliver_device(made_maker(tmp_path / "other"), "sensor-1")
    file, secret, copy = tmp_path / "saved", tmp_path / "secret", tmp_path / "copy"
    secret.write_text("six random words make it long", encoding="utf-8")
    save = ("ca", "backup", file, "--maker", mine, "--passphrase-file", secret)
    load = ("ca", "restore", file, "--maker", copy, "--passphrase-file", secret)
    done = run(*save)
    assert done.code == 0, done.err
    assert "3 certificates, 3 entries" in done.out
    assert "Next: keep the file away from this machine" in done.out
    assert run(*save).code == 6
    run("ca", "issue", "device", "sensor-1", "--maker", mine)
    head = run("ca", "audit", "verify", "--maker", mine, "--json").json["head"]
    done = run(*load, "--head", head)
    assert done.code == 1
    assert "older than the head" in done.err
    done = run(*load)
    assert done.code == 0, done.err
    assert "is not in this record" in done.out
    assert "serials are random" in done.out
    assert run("ca", "issue", "device", "sensor-2", "--maker", copy).code == 0
    listed = run("ca", "audit", "list", "--maker", copy, "--json").json["entries"]
    assert [entry["event"] for entry in listed[2:]] == ["backup", "restored", "issued", "delivered"]
    assert run(*load).code == 6
    other = run("ca", "restore", file, "--maker", tmp_path / "else", "--json")
    assert other.code == 5
    assert "a passphrase is needed for the backup" in other.err
