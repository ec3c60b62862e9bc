"""rootlet ca init, issuing, root and ceremony: what they say, and what they refuse."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rootlet.pki import certificates_from_pem, spoken
from rootlet.profile import PROFILE_NAMES
from support.commands import Done, Run
from support.makers import PASSPHRASE, bare_maker, made_maker

NAME = "api.example.test"


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_bytes(PASSPHRASE + b"\n")
    return path


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return made_maker(tmp_path / "mine").folder


def two_lines(done: Done, code: int, *said: str) -> None:
    assert done.code == code, done.out + done.err
    assert len(done.err.splitlines()) == 2, done.err
    for text in said:
        assert text in done.err


def der(pem: Path) -> bytes:
    command = ["openssl", "x509", "-in", str(pem), "-outform", "DER"]
    return subprocess.run(command, capture_output=True, check=True).stdout


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_a_ceremony_is_told_recorded_and_verified(
    tmp_path: Path, run: Run, passphrase: Path, profile: str
) -> None:
    mine = bare_maker(tmp_path / "mine", profile).folder
    at = ("--maker", mine, "--passphrase-file", passphrase)
    people = ("--who", "Ann", "--witness", "Bob", "--witness", "Zoë")
    done = run("ca", "init", *at, *people)
    assert done.code == 0, done.err
    for name in ("root", "successor"):
        assert spoken(der(mine / "root" / f"{name}.pem")) in done.out
    record = mine / "ca/ceremonies/0001-init.json"
    assert str(record) in done.out
    assert record.read_bytes() == (mine / "root/ceremonies/0001-init.json").read_bytes()
    said = run("ca", "ceremony", "verify", record, "--maker", mine)
    assert said.code == 0, said.err
    for words in ("by Ann on", "seen by Bob", "seen by Zoë", "rootlet 0.1.0", "it is the first"):
        assert words in said.out
    second = run("ca", "issuing", "rotate", *at, "--json").json
    fields = run("ca", "ceremony", "verify", second["record"], "--maker", mine, "--json").json
    assert fields["what"] == "issuing-rotate"
    assert fields["who"] not in {"", None}
    assert fields["previous"] is not None
    assert [each["part"] for each in second["certificates"]] == ["issuing", "root"]
    alone = tmp_path / "root.pem"
    shutil.copy(mine / "root/root.pem", alone)
    assert run("ca", "ceremony", "verify", record, "--root", alone).code == 0


def test_a_record_that_proves_nothing(tmp_path: Path, run: Run, mine: Path) -> None:
    record = mine / "ca/ceremonies/0001-init.json"
    other = made_maker(tmp_path / "other").folder
    two_lines(run("ca", "ceremony", "verify", record, "--maker", other), 1, "not signed by a root")
    two_lines(run("ca", "ceremony", "verify", record, "--maker", tmp_path), 2, "--root FILE")
    two_lines(run("ca", "ceremony", "verify", tmp_path / "none", "--maker", mine), 4, "No such")
    record.write_text(record.read_text(encoding="utf-8").replace("not said", "Eve"), "utf-8")
    two_lines(run("ca", "ceremony", "verify", record, "--maker", mine), 1, "was changed")
    record.write_bytes(b"{}")
    done = run("ca", "ceremony", "verify", record, "--maker", mine, "--json")
    assert json.loads(done.err)["status"] == "ceremony-form"


def test_records_of_roots_before_are_verified_too(run: Run, mine: Path, passphrase: Path) -> None:
    at = ("--maker", mine, "--passphrase-file", passphrase)
    assert run("ca", "root", "successor", *at, "--despite-bundles").code == 0
    assert run("ca", "root", "successor", *at, "--despite-bundles").code == 0
    for record in sorted((mine / "ca/ceremonies").iterdir()):
        done = run("ca", "ceremony", "verify", record, "--maker", mine)
        assert done.code == 0, done.err


def test_the_successor_waits_until_devices_know_it(
    tmp_path: Path, run: Run, mine: Path, passphrase: Path
) -> None:
    at = ("--maker", mine, "--passphrase-file", passphrase)
    successor = ("ca", "root", "successor", *at)
    two_lines(run(*successor), 1, "no bundle is known", "--despite-bundles")
    old, new = tmp_path / "old", tmp_path / "new"
    assert run("bundle", "--maker", mine, "--out", old, "--no-successor").code == 0
    assert run("bundle", "--maker", mine, "--out", new).code == 0
    two_lines(run(*successor), 1, "1 of 2 bundles do not carry CN=Example Root 2")
    two_lines(run(*successor, "--dry-run"), 1, "1 of 2 bundles")
    for path in (mine / "bundles").iterdir():  # those devices were updated
        if json.loads(path.read_bytes())["successor"] is None:
            path.unlink()
    two_lines(run(*successor, "--manifest", old / "rootlet_bundle.json"), 1, "1 of 2 bundles")
    two_lines(run(*successor, "--manifest", passphrase), 1, "is not a bundle's manifest")
    before = (mine / "ca/root.pem").read_bytes()
    done = run(*successor, "--dry-run")
    assert "Would make CN=Example Root 2 the root" in done.out
    assert (mine / "ca/root.pem").read_bytes() == before
    done = run(*successor)
    assert done.code == 0, done.err
    assert "CN=Example Issuing 2" in done.out
    assert "rootlet bundle" in done.out
    assert run("ca", "issue", "server", NAME, "--maker", mine).code == 0
    two_lines(run(*successor), 1, "1 of 1 bundles do not carry CN=Example Root 3")


def test_a_bundle_without_a_successor_is_warned_of(tmp_path: Path, run: Run, mine: Path) -> None:
    done = run("bundle", "--maker", mine, "--out", tmp_path / "one", "--no-successor")
    assert "one root only" in done.out
    done = run("bundle", "--maker", mine, "--out", tmp_path / "two")
    assert "one root only" not in done.out
    same = ("--successor", mine / "ca/root.pem")
    done = run("bundle", "--maker", mine, "--out", tmp_path / "no", *same)
    two_lines(done, 1, "name or the key of the root that it is to follow")
    run("bundle", "--maker", mine, "--out", tmp_path / "dry", "--dry-run")
    assert len(list((mine / "bundles").iterdir())) == 2, "a dry run is not remembered"


def test_a_successor_is_prepared_where_there_is_none(
    run: Run, mine: Path, passphrase: Path
) -> None:
    at = ("--maker", mine, "--passphrase-file", passphrase)
    two_lines(run("ca", "root", "prepare", *at), 6, "exists already")
    for path in ("root/successor.pem", "root/successor.key", "ca/successor.pem"):
        (mine / path).unlink()
    two_lines(run("ca", "root", "successor", *at, "--despite-bundles"), 6, "root prepare")
    two_lines(run("ca", "root", "successor", *at, "--dry-run"), 6, "root prepare")
    done = run("ca", "root", "prepare", *at)
    assert done.code == 0, done.err
    assert "CN=Example Root 2" in done.out


def test_rotation_says_how_many_devices_are_left(run: Run, mine: Path, passphrase: Path) -> None:
    at = ("--maker", mine, "--passphrase-file", passphrase)
    for device in ("sensor-1", "sensor-2"):
        run("ca", "issue", "device", device, "--maker", mine)
    run("ca", "renew", "sensor-2", "--maker", mine, "--lifetime-days", "10")
    done = run("ca", "issuing", "rotate", "--maker", mine, "--dry-run")
    assert "after number 1; renew 1 device certificates" in done.out
    assert not (mine / "ca/old").exists()
    done = run("ca", "issuing", "rotate", *at)
    assert "rootlet ca issuing renew --number 1" in done.out
    run("ca", "renew", "sensor-1", "--maker", mine)
    done = run("ca", "issuing", "rotate", "--maker", mine, "--dry-run", "--json")
    assert done.json == {"present": 2, "dry_run": True}
    done = run("ca", "issuing", "renew", *at, "--number", "1")
    assert "Renewed CN=Example Issuing, with the key it had" in done.out
    two_lines(run("ca", "issuing", "renew", *at, "--number", "9"), 6, "number 9")


def test_a_token_is_reached_by_a_module_and_a_pin(
    tmp_path: Path, run: Run, passphrase: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "/usr/lib/softhsm/libsofthsm2.so"
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path}\n", "ascii")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    make = ["softhsm2-util", "--init-token", "--free", "--label", "it", "--so-pin", "87654321"]
    subprocess.run([*make, "--pin", "48151623"], check=True, capture_output=True)
    mine = bare_maker(tmp_path / "mine").folder
    init = ["ca", "init", "--maker", str(mine), "--token", "it"]
    two_lines(run(*init), 2, "--token-module")
    pin = tmp_path / "pin"
    pin.write_text("48151623\n", encoding="ascii")
    init += ["--token-module", module]
    two_lines(run(*init), 5, "--pin-file FILE")
    empty = tmp_path / "empty"
    empty.write_bytes(b"\n")
    two_lines(run(*init, "--pin-file", empty), 5, "the PIN is empty")
    # A process of its own: the module reads its settings once.
    command = [sys.executable, "-m", "rootlet", *init, "--pin-file", str(pin)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 0, done.stderr
    assert "the token it with its PIN" in done.stdout
    assert "48151623" not in done.stdout + done.stderr
    assert (mine / "root/root.uri").exists()


def test_a_root_list_is_signed_again(run: Run, mine: Path, passphrase: Path) -> None:
    shutil.rmtree(mine / "ca/crl")
    two_lines(run("ca", "crl", "--maker", mine), 6, "there is no CRL of", "rootlet ca root crl")
    at = ("--maker", mine, "--passphrase-file", passphrase)
    assert run("ca", "root", "crl", *at).code == 0
    assert run("ca", "crl", "--maker", mine).code == 0
    (mine / "ca/crl/root-1.crl").write_bytes(b"nothing")
    two_lines(run("ca", "crl", "--maker", mine), 6, "is not a CRL")


def test_roots_are_found_where_they_were_carried(
    tmp_path: Path, run: Run, mine: Path, passphrase: Path
) -> None:
    away = tmp_path / "away"
    (mine / "root").rename(away)
    at = ("--maker", mine, "--passphrase-file", passphrase)
    two_lines(run("ca", "issuing", "rotate", *at), 4, "root.key", "--root-dir")
    assert run("ca", "issuing", "rotate", *at, "--root-dir", away).code == 0
    issuing, old, root = certificates_from_pem((mine / "ca/clients.pem").read_bytes(), what="it")
    assert root.subject == issuing.issuer == old.issuer
    assert datetime.now(UTC) < issuing.not_valid_after_utc
