"""Backup and restore: of one moment while others issue, to either database, or refused."""

from __future__ import annotations

import json
import sqlite3
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from rootlet.ca import (
    Backup,
    RecordStore,
    init_ca,
    make_backup,
    open_authority,
    open_records,
    restore_backup,
    sealed,
)
from rootlet.ca.sealed import SealedWriter, unsealed
from rootlet.errors import Environment, Misuse, Refused, RootletError, Secret, State
from rootlet.maker import CONFIG_NAME, Maker, load_maker
from support.limits import files_up_to
from support.makers import PASSPHRASE, deliver_device, deliver_server, made_maker, shared_maker
from support.postgres import Cluster

NOW = datetime.now(UTC)
SECRET = b"six random words make it long"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "COST", 16)  # tests/ca/test_sealed.py has the whole price


def silent(what: str, done: int, of: int) -> None:
    pass


def save(maker: Maker, file: Path) -> Backup:
    with open_records(maker) as records:
        return make_backup(maker, records, file, SECRET, progress=silent)


def restored(folder: Path, file: Path, *, head: str | None = None) -> Maker:
    restore_backup(folder, file, SECRET, now=NOW, head=head, progress=silent)
    return load_maker(folder)


def online(maker: Maker) -> dict[str, bytes]:
    return {
        str(path.relative_to(maker.folder)): path.read_bytes()
        for path in (maker.folder / "ca").rglob("*")
        if path.is_file() and "sqlite" not in path.name
    }


def require_same(maker: Maker, copy: Maker, *, issued_since: int = 0) -> None:
    """The copy has all certificates, verifies, and issues."""
    assert online(copy) == online(maker)
    with open_records(maker) as records, open_records(copy) as copies:
        before, after = records.all(), copies.all()
        assert after == before[: len(before) - issued_since]
        findings = copies.verify()
        assert findings.problems == []
        assert [entry.event for entry in copies.entries()][-2:] == ["backup", "restored"]
    deliver_device(copy, "sensor-after")
    deliver_server(copy, "api.example.test")
    with open_records(copy) as copies:
        assert copies.verify().problems == []
        assert len({record.serial for record in copies.all()}) == len(after) + 2


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    made = made_maker(tmp_path / "mine")
    deliver_server(made, "api.example.test")
    deliver_device(made, "sensor-1")
    return made


def test_a_backup_is_restored_somewhere_else(tmp_path: Path, maker: Maker) -> None:
    file = tmp_path / "saved"
    about = save(maker, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (about.certificates, about.entries, about.maker) == (5, 7, "Example")
    deliver_device(maker, "sensor-2")
    copy = restored(tmp_path / "copy", file)
    assert (copy.folder / CONFIG_NAME).read_bytes() == (maker.folder / CONFIG_NAME).read_bytes()
    assert stat.S_IMODE((copy.folder / "ca/issuing.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((copy.folder / "ca/ca.sqlite").stat().st_mode) == 0o600
    assert not (copy.folder / "root").exists()
    assert sorted(path.name for path in copy.folder.iterdir()) == ["ca", CONFIG_NAME]
    require_same(maker, copy, issued_since=1)


def test_a_record_moves_from_sqlite_to_postgresql_and_back(
    tmp_path: Path, maker: Maker, postgres: Cluster
) -> None:
    save(maker, tmp_path / "saved")
    there = shared_maker(tmp_path / "there", postgres.database())
    require_same(maker, restored(there.folder, tmp_path / "saved"))
    save(there, tmp_path / "again")
    back = shared_maker(tmp_path / "back", "")
    require_same(there, restored(back.folder, tmp_path / "again"))
    assert (back.folder / "ca/ca.sqlite").exists()


def test_a_backup_is_of_one_moment_while_others_issue(tmp_path: Path, place: Path | str) -> None:
    maker = shared_maker(tmp_path / "mine", place if isinstance(place, str) else "")
    init_ca(maker, PASSPHRASE, now=NOW)
    stop, issued = threading.Event(), threading.Event()

    def issue() -> None:
        with open_authority(maker, verify=None) as authority:
            number = 0
            while not stop.is_set():
                authority.issue_device(f"sensor-{number}", now=datetime.now(UTC))
                number += 1
                issued.set()

    issuer = threading.Thread(target=issue)
    issuer.start()
    try:
        assert issued.wait(60)
        about = save(maker, tmp_path / "saved")
    finally:
        stop.set()
        issuer.join()
    copy = restored(shared_maker(tmp_path / "copy", "").folder, tmp_path / "saved")
    with open_records(copy) as records:
        assert len(records.all()) == about.certificates
        assert records.verify(head=about.head).noted == about.entries


def test_nothing_is_written_over(tmp_path: Path, maker: Maker, postgres: Cluster) -> None:
    file = tmp_path / "saved"
    save(maker, file)
    before = file.read_bytes()
    with pytest.raises(State, match="exists already"):
        save(maker, file)
    assert file.read_bytes() == before
    with pytest.raises(State, match="exists already"):
        restored(maker.folder, file)
    used = shared_maker(tmp_path / "used", postgres.database())
    init_ca(used, PASSPHRASE, now=NOW)
    other = shared_maker(tmp_path / "other", used.ca.database)
    with pytest.raises(State, match="holds a record already"):
        restored(other.folder, file)
    assert not (other.folder / "ca").exists()


def test_a_backup_older_than_a_noted_head_is_refused(tmp_path: Path, maker: Maker) -> None:
    about = save(maker, tmp_path / "saved")
    deliver_device(maker, "sensor-2")
    with open_records(maker) as records:
        head = records.verify().head
    with pytest.raises(Refused, match="older than the head") as error:
        restored(tmp_path / "copy", tmp_path / "saved", head=head)
    assert "newer backup" in error.value.hint
    assert not (tmp_path / "copy").exists()
    restored(tmp_path / "copy", tmp_path / "saved", head=about.head)


def test_a_tampered_record_is_not_restored(tmp_path: Path, maker: Maker) -> None:
    connection = sqlite3.connect(maker.folder / "ca/ca.sqlite", isolation_level=None)
    connection.execute("UPDATE issuances SET name = 'x' WHERE kind = 'device'")
    connection.close()
    save(maker, tmp_path / "saved")
    with pytest.raises(Refused, match="not as it was written") as error:
        restored(tmp_path / "copy", tmp_path / "saved")
    assert error.value.status == "audit-changed"
    assert not (tmp_path / "copy").exists()


def test_another_makers_folder_is_not_filled(tmp_path: Path, maker: Maker) -> None:
    save(maker, tmp_path / "saved")
    other = shared_maker(tmp_path / "other", "")
    text = (other.folder / CONFIG_NAME).read_text(encoding="utf-8")
    (other.folder / CONFIG_NAME).write_text(text.replace('"Example"', '"Other"'), encoding="utf-8")
    with pytest.raises(Misuse, match="is of Other"):
        restored(other.folder, tmp_path / "saved")
    assert [path.name for path in other.folder.iterdir()] == [CONFIG_NAME]


def rewritten(source: Path, target: Path, old: str, new: str) -> None:
    """The same backup with something else in it, as only someone with its passphrase can make."""
    with source.open("rb") as file:
        text = b"".join(unsealed(file, SECRET, what="it")).decode()
    assert old in text
    with target.open("wb") as out:
        writer = SealedWriter(out, SECRET)
        writer.write(text.replace(old, new).encode())
        writer.finish()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('{"backup"', '{"another"', "does not hold what a backup holds"),
        ('{"backup"', "[", "does not hold what a backup holds"),
        ('{"file": "ca/root.pem"', '{"file": "../root.pem"', "does not hold"),
        ('{"file": "ca/root.pem"', '{"file": "/tmp/root.pem"', "does not hold"),
        ('{"table": "audit"', '{"table": "users"', "does not hold"),
        ('"shape": "0005"', '"shape": "9999"', "shape"),
        ('"event": "backup"', '"event": "nothing"', "not as it was written"),
    ],
)
def test_content_that_is_not_a_backups_is_refused(
    tmp_path: Path, maker: Maker, old: str, new: str, said: str
) -> None:
    save(maker, tmp_path / "saved")
    rewritten(tmp_path / "saved", tmp_path / "changed", old, new)
    with pytest.raises(RootletError, match=said):
        restored(tmp_path / "copy", tmp_path / "changed")
    assert not (tmp_path / "copy").exists()
    assert not (tmp_path / "root.pem").exists()


def test_a_cut_off_or_foreign_file_is_refused(tmp_path: Path, maker: Maker) -> None:
    save(maker, tmp_path / "saved")
    whole = (tmp_path / "saved").read_bytes()
    for content in (b"", b"something else" * 9, whole[:-1], whole[:40], whole + b"x"):
        (tmp_path / "bad").write_bytes(content)
        with pytest.raises((Refused, Secret)):
            restored(tmp_path / "copy", tmp_path / "bad")
    with pytest.raises(Secret, match="does not open"):
        restore_backup(tmp_path / "copy", tmp_path / "saved", b"x", now=NOW, progress=silent)
    with pytest.raises(Environment, match="cannot read the backup"):
        restored(tmp_path / "copy", tmp_path / "none")
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("size", [0, 3000, 40_000])
def test_on_a_full_disk_there_is_no_half_of_either(tmp_path: Path, maker: Maker, size: int) -> None:
    if size < 40_000:
        with files_up_to(size), pytest.raises(Environment, match=r"cannot (write|use)"):
            save(maker, tmp_path / "saved")
        assert not list(tmp_path.glob("*saved*"))
    save(maker, tmp_path / "saved")
    with files_up_to(size), pytest.raises(Environment):
        restored(tmp_path / "copy", tmp_path / "saved")
    assert not (tmp_path / "copy").exists()
    require_same(maker, restored(tmp_path / "copy", tmp_path / "saved"))


def test_tables_of_others_are_saved_with_all_kinds_of_values(
    tmp_path: Path, place: Path | str
) -> None:
    maker = shared_maker(tmp_path / "mine", place if isinstance(place, str) else "")
    init_ca(maker, PASSPHRASE, now=NOW)
    metadata = sa.MetaData()
    owners = sa.Table("z_owners", metadata, sa.Column("id", sa.Integer, primary_key=True))
    things = sa.Table(
        "a_things",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("owner", sa.ForeignKey("z_owners.id"), nullable=False),
        sa.Column("raw", sa.LargeBinary),
        sa.Column("done", sa.Boolean, nullable=False),
        sa.Column("held", sa.JSON, nullable=False),
    )
    row = {"id": 7, "owner": 3, "raw": b"\x00\xff", "done": True, "held": {"a": ["é", None]}}
    with open_records(maker) as records, records.database.transaction() as connection:
        metadata.create_all(connection)
        connection.execute(owners.insert().values(id=3))
        connection.execute(things.insert(), [row])
    save(maker, tmp_path / "saved")
    with (tmp_path / "saved").open("rb") as file:
        text = b"".join(unsealed(file, SECRET, what="it")).decode()
    lines = [json.loads(line) for line in text.splitlines()]
    tables = [line["table"] for line in lines if "table" in line]
    assert tables.index("z_owners") < tables.index("a_things")
    found = next(
        line for line in map(json.loads, text.splitlines()) if line.get("table") == "a_things"
    )
    assert found["bytes"] == {"raw": "AP8="}
    assert found["row"] == {key: value for key, value in row.items() if key != "raw"}
    with RecordStore(tmp_path / "x.sqlite", create=True) as empty:
        assert empty.all() == ()
