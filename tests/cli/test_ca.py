"""rootlet ca: the maker's CA from its first certificate to its last."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.ca import issued_folder
from rootlet.cli.ca_issue import verifier_for
from rootlet.errors import Refused
from rootlet.maker import load_maker
from rootlet.pki import Kind
from rootlet.profile import PROFILE_NAMES
from support.commands import Done, Run
from support.limits import files_up_to
from support.makers import authority_of, bare_maker, made_maker

NAME = "api.example.test"
DAY = timedelta(days=1)


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text("four random words\nand a second line\n", encoding="utf-8")
    return path


@pytest.fixture(params=PROFILE_NAMES)
def mine(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return made_maker(tmp_path / "mine", request.param).folder


def openssl(*arguments: object) -> str:
    done = subprocess.run(
        ["openssl", *(str(argument) for argument in arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def two_lines(done: Done, code: int, *said: str) -> None:
    assert done.code == code, done.err
    lines = done.err.splitlines()
    assert len(lines) == 2, done.err
    assert lines[0].startswith("rootlet: ")
    assert lines[1].startswith("  ")
    for text in said:
        assert text in done.err


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_a_whole_life(tmp_path: Path, run: Run, passphrase: Path, profile: str) -> None:
    mine = bare_maker(tmp_path / "mine", profile).folder
    at = ("--maker", mine)
    made = run("ca", "init", *at, "--passphrase-file", passphrase, "--json").json
    shown = openssl("x509", "-in", mine / "ca/root.pem", "-noout", "-fingerprint", "-sha256")
    assert made["root_sha256"] == shown.strip().partition("=")[2].replace(":", "").lower()

    issued = run("ca", "issue", "server", NAME, *at, "--names", "a.fleet.example.test", "--json")
    assert issued.code == 0, issued.err
    assert issued.json["names"] == [NAME, "a.fleet.example.test"]
    cert = Path(issued.json["cert"])
    assert cert == issued_folder(mine, Kind.SERVER, NAME) / "cert.pem"
    trusted = ("-x509_strict", "-CAfile", mine / "ca/root.pem")
    server = ("-purpose", "sslserver", "-verify_hostname", NAME, "-untrusted", cert, cert)
    assert ": OK" in openssl("verify", *trusted, *server)

    renewed = run("ca", "renew", NAME, *at, "--json").json
    assert renewed["names"] == issued.json["names"]
    assert renewed["serial"] != issued.json["serial"]

    device = run("ca", "issue", "device", "sensor-1", *at, "--json").json
    clients = ("-x509_strict", "-CAfile", mine / "ca/clients.pem", "-purpose", "sslclient")
    assert ": OK" in openssl("verify", *clients, device["cert"])
    again = run("ca", "renew", "sensor-1", *at, "--lifetime-days", "10", "--json").json
    assert again["kind"] == "device"
    assert again["not_after"] < device["not_after"]

    listed = run("ca", "list", *at, "--json").json["issued"]
    assert [entry["kind"] for entry in listed] == ["root", "root", "issuing", "server", "device"]
    everything = run("ca", "list", *at, "--all", "--json").json["issued"]
    assert len(everything) == 7
    assert [e["serial"] for e in everything if e["status"] == "replaced"] == [
        issued.json["serial"],
        device["serial"],
    ]
    shown = run("ca", "show", NAME, *at, "--json").json
    assert shown["serial"] == renewed["serial"]
    old = run("ca", "show", issued.json["serial"].upper(), *at, "--json").json
    assert (old["status"], old["name"]) == ("replaced", NAME)
    assert old["pem"].startswith("-----BEGIN CERTIFICATE-----")


def test_each_command_says_what_comes_next(tmp_path: Path, run: Run, passphrase: Path) -> None:
    mine = bare_maker(tmp_path / "mine").folder
    at = ("--maker", mine)
    done = run("ca", "init", *at, "--passphrase-file", passphrase)
    assert "not online" in done.out
    assert "rootlet ca issue server NAME" in done.out
    assert "clients.pem" in done.out
    assert done.err == ""
    done = run("ca", "issue", "server", NAME, *at)
    assert f"rootlet server config nginx --name {NAME}" in done.out
    done = run("ca", "issue", "device", "sensor-1", *at)
    assert "Next: put both into the device" in done.out
    done = run("ca", "list", *at, "--kind", "device")
    *table, _, last = done.out.splitlines()
    assert [line.split()[-1] for line in table] == ["NAME", "sensor-1"]
    assert last == f"Next: rootlet ca show NAME --maker {mine}"
    for name, last in (
        ("sensor-1", f"before it ends: rootlet ca renew sensor-1 --maker {mine}"),
        ("CN=Example Issuing", f"before it ends: rootlet ca issuing renew --maker {mine}"),
        ("CN=Example Root", f"put it into devices: rootlet bundle --out DIR --maker {mine}"),
    ):
        done = run("ca", "show", name, *at)
        assert done.out.splitlines()[-1] == f"Next: {last}"
    assert "urn:dev:os:32473-sensor-1" in run("ca", "show", "sensor-1", *at).out
    done = run("ca", "issuing", "renew", *at, "--passphrase-file", passphrase)
    assert done.code == 0
    assert "rootlet ca renew NAME" in done.out


def test_a_short_passphrase_is_warned_of(tmp_path: Path, run: Run, passphrase: Path) -> None:
    passphrase.write_text("lamp7", encoding="utf-8")
    mine = bare_maker(tmp_path / "mine").folder
    done = run("ca", "init", "--maker", mine, "--passphrase-file", passphrase)
    assert done.code == 0
    assert "Warning" in done.err
    assert "lamp7" not in done.out + done.err


def typed(argv: list[str], lines: list[bytes]) -> tuple[int, bytes]:
    """Run ``rootlet`` on a terminal of its own and answer each question with a line."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "rootlet", *argv])
    said = b""
    with contextlib.suppress(OSError):  # the terminal ends with an error when the command does
        while chunk := os.read(terminal, 1024):
            said += chunk
            if lines and said.endswith(b": "):
                os.write(terminal, lines.pop(0) + b"\n")
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said


def test_a_passphrase_is_asked_for_twice_and_not_shown(tmp_path: Path, passphrase: Path) -> None:
    mine = bare_maker(tmp_path / "mine").folder
    word = passphrase.read_bytes().split(b"\n")[0]
    code, said = typed(["ca", "init", "--maker", str(mine)], [word, b"mistyped", word, word])
    assert code == 0, said
    assert word not in said
    assert said.count(b"Passphrase of the root's key: ") == 2
    code, said = typed(["ca", "issuing", "renew", "--maker", str(mine)], [word])
    assert code == 0, said
    assert word not in said


def test_a_dry_run_changes_nothing(tmp_path: Path, run: Run, mine: Path) -> None:
    at = ("--maker", mine)
    for command in (
        ("ca", "issue", "server", NAME),
        ("ca", "issue", "device", "sensor-1"),
    ):
        done = run(*command, *at, "--dry-run")
        assert done.code == 0
        assert "Would issue" in done.out
        assert run(*command, *at, "--dry-run", "--json").json["cert"] is None
    assert len(run("ca", "list", *at, "--all", "--json").json["issued"]) == 3
    assert not (mine / "issued").exists()
    run("ca", "issue", "server", NAME, *at)
    assert run("ca", "renew", NAME, *at, "--dry-run").code == 0
    assert len(run("ca", "list", *at, "--all", "--json").json["issued"]) == 4
    bare = bare_maker(tmp_path / "bare").folder
    assert "Would make" in run("ca", "init", "--maker", bare, "--dry-run").out
    assert not (bare / "ca").exists()


def test_a_signing_request_keeps_the_key_where_it_is(tmp_path: Path, run: Run, mine: Path) -> None:
    profile = load_maker(mine).profile.name
    algorithm = {"c25519": ["ed25519"], "p256": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]}
    request, key = tmp_path / "a.csr", tmp_path / "a.key"
    openssl("req", "-new", "-nodes", "-subj", "/", "-keyout", key, "-out", request, "-newkey",
            *algorithm[profile])  # fmt: skip
    done = run("ca", "issue", "device", "sensor-1", "--maker", mine, "--csr", request, "--json")
    assert done.json["key"] is None
    assert sorted(path.name for path in Path(done.json["cert"]).parent.iterdir()) == ["cert.pem"]
    public = openssl("pkey", "-in", key, "-pubout")
    assert openssl("x509", "-in", done.json["cert"], "-noout", "-pubkey") == public
    two_lines(
        run("ca", "issue", "device", "sensor-1", "--maker", mine, "--csr", tmp_path / "none"),
        4,
        "cannot read the signing request",
    )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("issue", "server", "other.test"), 1, "names in the [servers] table"),
        (("issue", "server", "*.fleet.example.test"), 1, "wildcards"),
        (("issue", "server", NAME, "--lifetime-hours", "169"), 1, "1 to 168 hours"),
        (("issue", "server", NAME, "--names", NAME), 1, "given twice"),
        (("issue", "device", "a_b"), 1, "not a device id"),
        (("issue", "device", "a", "--lifetime-days", "0"), 1, "1 to 9131 days"),
        (("renew", NAME), 6, "nothing was issued for api.example.test"),
        (("show", NAME), 6, "nothing was issued for api.example.test"),
    ],
)
def test_what_is_refused_is_two_lines_and_not_recorded(
    run: Run, mine: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    two_lines(run("ca", *arguments, "--maker", mine), code, said)
    assert len(run("ca", "list", "--maker", mine, "--all", "--json").json["issued"]) == 3


def test_a_refusal_in_json_names_its_rule(run: Run, mine: Path) -> None:
    done = run("ca", "issue", "server", "other.test", "--maker", mine, "--json")
    assert done.code == 1
    assert '"status": "name-allowed"' in done.err


def test_one_name_of_a_server_and_a_device_is_told_apart(run: Run, mine: Path) -> None:
    at = ("--maker", mine)
    run("ca", "issue", "server", NAME, *at)
    two_lines(run("ca", "renew", NAME, *at, "--lifetime-days", "1"), 2, "is a server")
    two_lines(run("ca", "issue", "device", NAME, *at), 1, "is the name of a server")
    config = mine / "rootlet.toml"
    allowed = config.read_text(encoding="utf-8")
    config.write_text(allowed.replace(f'"{NAME}", ', ""), encoding="utf-8")
    assert run("ca", "issue", "device", NAME, *at).code == 0
    two_lines(run("ca", "renew", NAME, *at), 2, "--kind server")
    assert run("ca", "renew", NAME, *at, "--kind", "device", "--json").json["kind"] == "device"
    done = run("ca", "renew", NAME, *at, "--kind", "device", "--lifetime-hours", "1")
    two_lines(done, 2, "is a device")


def test_a_missing_or_wrong_configuration_is_said(tmp_path: Path, run: Run, mine: Path) -> None:
    two_lines(run("ca", "list", "--maker", tmp_path / "none"), 4, "rootlet init DIR")
    config = mine / "rootlet.toml"
    config.write_text(config.read_text(encoding="utf-8") + "\nservres = 1\n", encoding="utf-8")
    two_lines(run("ca", "issue", "server", NAME, "--maker", mine), 2, "servres")


def test_a_ca_is_made_once_and_first(
    tmp_path: Path, run: Run, mine: Path, passphrase: Path
) -> None:
    done = run("ca", "init", "--maker", mine, "--passphrase-file", passphrase)
    two_lines(done, 6, "exists already")
    bare = bare_maker(tmp_path / "bare").folder
    two_lines(run("ca", "issue", "server", NAME, "--maker", bare), 6, "rootlet ca init")


def test_passphrases_that_are_missing_or_wrong(
    tmp_path: Path, run: Run, mine: Path, passphrase: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = bare_maker(tmp_path / "bare").folder
    init = ("ca", "init", "--maker", bare)
    two_lines(run(*init), 5, "--passphrase-file")
    two_lines(run(*init, "--passphrase-file", tmp_path / "none"), 4, "passphrase file")
    passphrase.write_text("\n", encoding="utf-8")
    two_lines(run(*init, "--passphrase-file", passphrase), 5, "empty")
    assert not (bare / "ca").exists()
    passphrase.write_text("another one", encoding="utf-8")
    before = (mine / "ca/issuing.pem").read_bytes()
    done = run("ca", "issuing", "renew", "--maker", mine, "--passphrase-file", passphrase)
    two_lines(done, 5, "does not open the root's key")
    assert "another one" not in done.err
    assert (mine / "ca/issuing.pem").read_bytes() == before


def test_an_expired_issuing_ca_is_renewed(tmp_path: Path, run: Run, passphrase: Path) -> None:
    now = datetime.now(UTC)
    mine = made_maker(tmp_path / "mine", now=now - 1827 * DAY).folder
    at = ("--maker", mine)
    two_lines(run("ca", "issue", "server", NAME, *at), 6, "expired", "rootlet ca issuing renew")
    away = tmp_path / "away"
    (mine / "root").rename(away)
    renew = ("ca", "issuing", "renew", *at, "--passphrase-file", passphrase)
    two_lines(run(*renew), 4, "root.key")
    assert run(*renew, "--root-dir", away).code == 0
    assert run("ca", "issue", "server", NAME, *at).code == 0
    listed = run("ca", "list", *at, "--json").json["issued"]
    assert [entry["kind"] for entry in listed] == ["root", "root", "issuing", "server"]


def test_an_expired_root_is_the_end(tmp_path: Path, run: Run, passphrase: Path) -> None:
    mine = made_maker(tmp_path / "mine", now=datetime.now(UTC) - 9132 * DAY).folder
    at = ("--maker", mine)
    two_lines(run("ca", "issue", "device", "a", *at), 6, "the root expired", "make a new one")
    done = run("ca", "issuing", "renew", *at, "--passphrase-file", passphrase)
    two_lines(done, 6, "the root expired")


def test_a_full_disk_loses_nothing(run: Run, mine: Path) -> None:
    at = ("--maker", mine)
    first = run("ca", "issue", "server", NAME, *at, "--json").json
    before = Path(first["cert"]).read_bytes()
    for size in (0, 100, 4096, 8192):
        with files_up_to(size):
            done = run("ca", "renew", NAME, *at)
        two_lines(done, 4, "make room")
    assert Path(first["cert"]).read_bytes() == before
    listed = run("ca", "list", *at, "--all", "--json").json["issued"]
    assert [entry["serial"] for entry in listed if entry["kind"] == "server"] == [first["serial"]]
    assert run("ca", "renew", NAME, *at).code == 0


def test_a_damaged_record_stops_everything(run: Run, mine: Path) -> None:
    (mine / "ca/ca.sqlite").write_bytes(b"damaged" * 4096)
    two_lines(run("ca", "issue", "server", NAME, "--maker", mine), 6, "damaged", "backup")


def test_the_devices_own_check_stands_before_every_server_certificate() -> None:
    now = datetime.now(UTC)
    authority, _ = authority_of(now=now)
    other, _ = authority_of(now=now)
    verify = verifier_for(authority.profile)
    assert verify is not None
    issued = replace(authority, verify=verify).issue_server([NAME, "192.0.2.7"], now=now)
    chain = [certificate.public_bytes(Encoding.DER) for certificate in issued.chain]
    verify(chain, authority.root, NAME, now)
    with pytest.raises(Refused) as refusal:
        verify(chain, other.root, NAME, now)
    assert (refusal.value.status or "").startswith("ERR_X509")
    with pytest.raises(Refused):
        verify(chain, authority.root, "other.example.test", now)
    with pytest.raises(Refused):
        verify(chain, authority.root, NAME, now + 3 * DAY)
