"""rootlet ca revoke and crl: said before it is done, done once, and seen everywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from rootlet.ca import RevocationStore, open_records
from rootlet.maker import load_maker
from rootlet.pki import Reason
from support.commands import Done, Run
from support.limits import files_up_to
from support.makers import PASSPHRASE, deliver_device, made_maker

NAME = "api.example.test"
KEY_COMPROMISE = ("--reason", "key-compromise")
DAY = timedelta(days=1)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return made_maker(tmp_path / "mine").folder


def two_lines(done: Done, code: int, *said: str) -> None:
    assert done.code == code, done.out + done.err
    assert len(done.err.splitlines()) == 2, done.err
    for text in said:
        assert text in done.err


def in_list(mine: Path, number: int = 1) -> set[str]:
    crl = x509.load_der_x509_crl((mine / f"ca/crl/issuing-{number}.crl").read_bytes())
    return {f"{entry.serial_number:032x}" for entry in crl}


def test_a_device_is_revoked_with_all_that_it_has(run: Run, mine: Path) -> None:
    at = ("--maker", mine)
    first = run("ca", "issue", "device", "sensor-1", *at, "--json").json
    second = run("ca", "renew", "sensor-1", *at, "--json").json
    other = run("ca", "issue", "device", "sensor-2", *at, "--json").json
    both = [first["serial"], second["serial"]]
    done = run("ca", "revoke", "sensor-1", *KEY_COMPROMISE, *at, "--dry-run")
    assert done.out.count("Would revoke device sensor-1") == 2
    assert "cannot be taken back" in done.out
    assert run("ca", "show", "sensor-1", *at, "--json").json["revoked"] is None
    done = run("ca", "revoke", "sensor-1", *KEY_COMPROMISE, *at, "--json")
    assert [each["serial"] for each in done.json["revoked"]] == both
    shown = run("ca", "show", first["serial"], *at, "--json").json
    assert (shown["revoked"], shown["reason"]) == (done.json["at"], "key-compromise")
    listed = run("ca", "list", *at, "--kind", "device", "--all").out
    assert [line.split()[2] for line in listed.splitlines()[1:4]] == [
        *("revoked", "revoked", "delivered"),
    ]
    two_lines(run("ca", "revoke", "sensor-1", *KEY_COMPROMISE, *at), 6, "was revoked before")
    written = run("ca", "crl", *at, "--json").json
    assert [each["issuer"] for each in written["lists"]] == [
        "CN=Example Root",
        "CN=Example Issuing",
    ]
    assert in_list(mine) == set(both)
    serial = ":".join(other["serial"][n : n + 2] for n in range(0, 32, 2)).upper()
    assert run("ca", "revoke", serial, "--reason", "superseded", *at).code == 0
    assert "nginx -s reload" in run("ca", "crl", *at).out
    assert in_list(mine) == {*both, other["serial"]}


def test_numbers_grow_and_files_are_replaced_whole(run: Run, mine: Path) -> None:
    at = ("--maker", mine)
    run("ca", "crl", *at)
    numbers = []
    for _ in range(3):
        before = (mine / "ca/crl.pem").read_bytes()
        with files_up_to(100):
            two_lines(run("ca", "crl", *at), 4, "make room")
        assert (mine / "ca/crl.pem").read_bytes() == before
        lists = run("ca", "crl", *at, "--json").json["lists"]
        numbers.append(lists[1]["number"])
        days = datetime.fromisoformat(lists[1]["next_update"]) - datetime.now(UTC)
        assert 29 * DAY < days <= 30 * DAY
    assert numbers == sorted(set(numbers))
    config = mine / "rootlet.toml"
    text = config.read_text(encoding="utf-8").replace("crl_days = 30", "crl_days = 3")
    config.write_text(text, encoding="utf-8")
    lists = run("ca", "crl", *at, "--json").json["lists"]
    assert datetime.fromisoformat(lists[1]["next_update"]) - datetime.now(UTC) < 3 * DAY


def test_what_cannot_be_revoked(run: Run, mine: Path) -> None:
    at = ("--maker", mine)
    two_lines(run("ca", "revoke", "sensor-1", *KEY_COMPROMISE, *at), 6, "nothing was issued")
    run("ca", "issue", "server", NAME, *at)
    two_lines(run("ca", "revoke", NAME, *KEY_COMPROMISE, *at), 1, "devices check no revocation")
    two_lines(run("ca", "revoke", "CN=Example Root", *KEY_COMPROMISE, *at), 1, "nobody can revoke")
    deliver_device(load_maker(mine), "drawer", now=datetime.now(UTC))
    done = run("ca", "revoke", "drawer", "--reason", "because", *at)
    assert done.code == 2
    assert "'key-compromise'" in done.err


def test_an_ended_certificate_needs_no_revocation(tmp_path: Path, run: Run) -> None:
    then = datetime.now(UTC) - 400 * DAY
    mine = made_maker(tmp_path / "old", now=then)
    deliver_device(mine, "kept", now=then)
    at = ("--maker", mine.folder)
    with open_records(mine) as records:
        (record,) = records.named("kept")
        assert record.not_after > datetime.now(UTC)
    run("ca", "issue", "device", "short", *at, "--lifetime-days", "1")
    with open_records(mine) as records:
        short = records.named("short")[0].serial
        RevocationStore(records).add([short], Reason.SUPERSEDED, datetime.now(UTC))
    run("ca", "crl", *at)
    assert in_list(mine.folder) == {short}


def test_a_revoked_issuing_ca_is_in_the_roots_list(tmp_path: Path, run: Run, mine: Path) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_bytes(PASSPHRASE)
    at = ("--maker", mine)
    run("ca", "issuing", "rotate", *at, "--passphrase-file", passphrase)
    done = run("ca", "revoke", "CN=Example Issuing", *KEY_COMPROMISE, *at)
    assert "rootlet ca root crl" in done.out
    assert run("ca", "root", "crl", *at, "--passphrase-file", passphrase).code == 0
    run("ca", "crl", *at)
    crl = x509.load_der_x509_crl((mine / "ca/crl/root-1.crl").read_bytes())
    assert len(crl) == 1


def test_a_server_is_configured_with_the_lists_once_there_are_some(run: Run, mine: Path) -> None:
    at = ("--maker", mine)
    run("ca", "issue", "server", NAME, *at)
    words = ("server", "config", "nginx", *at, "--name", NAME, "--listen", "*:443")
    assert "ssl_crl" not in run(*words, "--root-dir", mine).out
    run("ca", "crl", *at)
    assert f'ssl_crl "{mine / "ca/crl.pem"}";' in run(*words, "--root-dir", mine).out
