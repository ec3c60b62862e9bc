"""rootlet ca provision: a list checked whole, devices issued for once, and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rootlet.pki import key_from_pem
from rootlet.profile import load_profile
from support.commands import Run
from support.makers import made_maker


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return made_maker(tmp_path / "mine").folder


@pytest.fixture
def serials(tmp_path: Path) -> Path:
    path = tmp_path / "serials.csv"
    path.write_text("id,model\n" + "".join(f"lamp-{n},L1\n" for n in range(5)), encoding="utf-8")
    return path


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    path = tmp_path / "line.pass"
    path.write_text("six random words make it long\n", encoding="utf-8")
    return path


def test_a_list_becomes_a_file_for_the_line(
    run: Run, tmp_path: Path, mine: Path, serials: Path, passphrase: Path
) -> None:
    words = ("ca", "provision", "--from", serials, "--out", tmp_path / "line", "--maker", mine)
    done = run(*words, "--dry-run")
    assert done.code == 0
    assert done.out.startswith("Would issue 5, ")
    assert not (tmp_path / "line").exists()
    done = run(*words, "--passphrase-file", passphrase, "--json")
    assert done.code == 0, done.err
    assert (done.json["issued"], done.json["kept"]) == (5, 0)
    (name,) = done.json["files"]
    entries = [json.loads(text) for text in Path(name).read_text(encoding="utf-8").splitlines()]
    assert [entry["id"] for entry in entries] == [f"lamp-{n}" for n in range(5)]
    pem, secret = entries[0]["key"].encode(), passphrase.read_bytes().strip()
    key_from_pem(pem, secret, profile=load_profile("c25519"), what="it")
    done = run(*words, "--passphrase-file", passphrase)
    assert "5  had theirs before; --again" in done.out
    assert "Next: give the files in" in done.out
    again = run(*words, "--passphrase-file", passphrase, "--again", "--lifetime-days", "30")
    assert "5  had theirs before" in again.out  # those in this very folder
    shown = run("ca", "show", "lamp-3", "--maker", mine, "--json").json
    assert shown["status"] == "delivered"
    assert run("ca", "audit", "verify", "--maker", mine).code == 0


def test_bad_rows_are_all_said_before_anything_is_issued(
    run: Run, tmp_path: Path, mine: Path, serials: Path
) -> None:
    text = serials.read_text(encoding="utf-8") + "lamp_9,L1\nlamp-1,L1\n"
    serials.write_text(text, encoding="utf-8")
    words = ("ca", "provision", "--from", serials, "--out", tmp_path / "line", "--maker", mine)
    done = run(*words)
    assert done.code == 2
    assert "serials.csv:7: 'lamp_9' is not a device id" in done.out
    assert "serials.csv:8: lamp-1 stands on line 3 already" in done.out
    assert "2 rows of" in done.err
    assert [row["line"] for row in run(*words, "--json").json["bad"]] == [7, 8]
    assert len(run("ca", "list", "--maker", mine, "--all", "--json").json["issued"]) == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"id\n", "lists no devices"), (b"\xff\xfe", "not UTF-8"), (b"id\n" + b"_\n" * 50, "50 rows")],
)
def test_lists_that_are_of_no_use(
    run: Run, tmp_path: Path, mine: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    done = run("ca", "provision", "--from", path, "--out", tmp_path / "line", "--maker", mine)
    assert done.code == 2
    assert said in done.err
    assert len(done.out.splitlines()) <= 21


def test_a_passphrase_is_needed_where_keys_are_made(
    run: Run, tmp_path: Path, mine: Path, serials: Path, passphrase: Path
) -> None:
    words = ("ca", "provision", "--from", serials, "--out", tmp_path / "line", "--maker", mine)
    done = run(*words)
    assert done.code == 5
    assert "a passphrase is needed for the devices' keys" in done.err
    assert run(*words, "--passphrase-file", passphrase).code == 0
    passphrase.write_text("not the one from before", encoding="utf-8")
    done = run(*words, "--passphrase-file", passphrase)
    assert done.code == 5
    assert "the same one" in done.err
