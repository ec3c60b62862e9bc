"""rootlet bundle: from a maker's folder to files for a firmware build."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rootlet import __version__
from rootlet.profile import PROFILE_NAMES
from support.commands import Run
from support.limits import files_up_to
from support.makers import made_maker

CLOCKS = "".join(
    f'\n[[time.servers]]\nname = "time{n}"\naddress = "127.0.0.1:{2000 + n}"\n'
    f'public_key = "{base64.b64encode(bytes([n] * 32)).decode()}"\n'
    for n in (1, 2, 3)
)
FILES = [
    "rootlet_bundle.c",
    "rootlet_bundle.h",
    "rootlet_bundle.json",
    "rootlet_root.der",
    "rootlet_root.pem",
    "rootlet_successor.der",
    "rootlet_successor.pem",
]


@pytest.fixture(params=PROFILE_NAMES)
def mine(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = made_maker(tmp_path / "mine", request.param).folder
    config = folder / "rootlet.toml"
    config.write_text(config.read_text(encoding="utf-8") + CLOCKS, encoding="utf-8")
    return folder


def read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_bundle_is_whole_and_says_what_comes_next(tmp_path: Path, run: Run, mine: Path) -> None:
    done = run("bundle", "--maker", mine, "--out", tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    assert "2 host names, 3 Roughtime servers" in done.out
    assert "Next: compile rootlet_bundle.c" in done.out
    assert sorted(read(tmp_path / "out")) == FILES


def test_the_manifest_says_what_went_in_and_came_out(tmp_path: Path, run: Run, mine: Path) -> None:
    done = run("bundle", "--maker", mine, "--out", tmp_path / "out", "--json")
    files = read(tmp_path / "out")
    fields = json.loads(files["rootlet_bundle.json"])
    assert done.json == fields
    assert fields["tool"] == {"name": "rootlet", "version": __version__}
    assert fields["root"]["sha256"] == hashlib.sha256(files["rootlet_root.der"]).hexdigest()
    assert fields["hosts"] == ["api.example.test", "gateway.example.test"]
    assert [server["name"] for server in fields["time_servers"]] == ["time1", "time2", "time3"]
    for name, said in fields["outputs"].items():
        digest = hashlib.sha256(files[name]).hexdigest()
        assert said == {"bytes": len(files[name]), "sha256": digest}
    assert set(fields["outputs"]) | {"rootlet_bundle.json"} == set(FILES)
    config = (mine / "rootlet.toml").read_bytes()
    assert fields["inputs"]["rootlet.toml"]["sha256"] == hashlib.sha256(config).hexdigest()
    assert str(tmp_path) not in files["rootlet_bundle.json"].decode()


def test_twice_gives_the_same_bytes(tmp_path: Path, run: Run, mine: Path) -> None:
    run("bundle", "--maker", mine, "--out", tmp_path / "one")
    shutil.copytree(mine, tmp_path / "elsewhere")
    run("bundle", "--maker", tmp_path / "elsewhere", "--out", tmp_path / "two")
    assert read(tmp_path / "one") == read(tmp_path / "two")


def test_formats_can_be_chosen(tmp_path: Path, run: Run, mine: Path) -> None:
    for formats, names in (("c", FILES[:2]), ("der, json", [*FILES[2:4], FILES[5]])):
        out = tmp_path / formats
        assert run("bundle", "--maker", mine, "--out", out, "--format", formats).code == 0
        assert sorted(read(out)) == names
    done = run("bundle", "--maker", mine, "--out", tmp_path / "no", "--format", "c,xml")
    assert done.code == 2
    assert done.err == "rootlet: there is no format 'xml'\n  choose among: c, der, pem, json\n"


def test_a_dry_run_writes_nothing(tmp_path: Path, run: Run, mine: Path) -> None:
    done = run("bundle", "--maker", mine, "--out", tmp_path / "out", "--dry-run")
    assert done.code == 0
    assert "would write" in done.out
    assert not (tmp_path / "out").exists()


def test_without_clocks_the_maker_is_told(tmp_path: Path, run: Run) -> None:
    mine = made_maker(tmp_path / "mine").folder
    done = run("bundle", "--maker", mine, "--out", tmp_path / "out")
    assert done.code == 0
    assert "another trusted clock" in done.out


def test_the_root_is_the_one_a_second_person_noted(tmp_path: Path, run: Run, mine: Path) -> None:
    out = ("--out", tmp_path / "out")
    shown = subprocess.run(
        ["openssl", "x509", "-in", mine / "root/root.pem", "-noout", "-fingerprint", "-sha256"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    noted = shown.strip().partition("=")[2]
    assert run("bundle", "--maker", mine, *out, "--expect-sha256", noted, "--dry-run").code == 0
    wrong = noted.replace(noted[0], "0" if noted[0] != "0" else "1", 1)
    done = run("bundle", "--maker", mine, *out, "--expect-sha256", wrong)
    assert done.code == 1
    assert "find out which of the two is right" in done.err
    assert run("bundle", "--maker", mine, *out, "--expect-sha256", "12ab").code == 2
    assert not (tmp_path / "out").exists()


def test_another_root_can_be_named(tmp_path: Path, run: Run, mine: Path) -> None:
    out = ("--maker", mine, "--out", tmp_path / "out")
    der = tmp_path / "root.der"
    command = ["openssl", "x509", "-in", str(mine / "ca/root.pem"), "-outform", "DER"]
    der.write_bytes(subprocess.run(command, capture_output=True, check=True).stdout)
    assert run("bundle", *out, "--root", der).code == 0
    assert (tmp_path / "out/rootlet_root.der").read_bytes() == der.read_bytes()


def openssl_root(folder: Path, profile: str, *extensions: str, version1: bool = False) -> Path:
    """A self-signed certificate made by openssl alone, for 25 years."""
    algorithm = {"c25519": ["ed25519"], "p256": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]}
    common = ["-days", "9131", "-out", "made.pem"]
    if version1:
        request = ["openssl", "req", "-new", "-nodes", "-subj", "/CN=R", "-keyout", "k"]
        subprocess.run([*request, "-out", "csr", "-newkey", *algorithm[profile]],
                       cwd=folder, check=True, capture_output=True)  # fmt: skip
        command = ["openssl", "x509", "-req", "-in", "csr", "-signkey", "k", *common]
    else:
        command = ["openssl", "req", "-x509", "-nodes", "-subj", "/CN=R", "-keyout", "k"]
        command += [*common, "-newkey", *algorithm[profile]]
        command += [word for extension in extensions for word in ("-addext", extension)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "made.pem"


def test_a_root_that_openssl_made_is_bundled(tmp_path: Path, run: Run, mine: Path) -> None:
    dry = run("bundle", "--maker", mine, "--out", tmp_path / "out", "--dry-run", "--json")
    profile = dry.json["profile"]
    usage = "keyUsage=critical,keyCertSign,cRLSign"
    made = openssl_root(tmp_path, profile, usage)
    at = ("--maker", mine, "--out", tmp_path / "out", "--root", made)
    assert run("bundle", *at).code == 0
    for extensions, rule in (
        ((), "key-usage"),
        ((usage, "basicConstraints=CA:TRUE"), "basic-constraints"),
        ((usage, "nameConstraints=critical,permitted;DNS:example.test"), "critical-extension"),
        ((usage, "extendedKeyUsage=serverAuth"), "extended-key-usage"),
    ):
        openssl_root(tmp_path, profile, *extensions)
        done = run("bundle", *at, "--json")
        assert done.code == 1
        assert json.loads(done.err)["status"] == rule
    openssl_root(tmp_path, profile, version1=True)
    done = run("bundle", *at, "--json")
    assert json.loads(done.err)["status"] == "version"


def test_a_root_that_ends_too_soon_needs_a_word(tmp_path: Path, run: Run) -> None:
    old = datetime.now(UTC) - timedelta(days=6 * 365)
    mine = made_maker(tmp_path / "mine", now=old).folder
    at = ("--maker", mine, "--out", tmp_path / "out")
    done = run("bundle", *at)
    assert done.code == 1
    assert "--allow-short-lived" in done.err
    assert run("bundle", *at, "--allow-short-lived").code == 0


def test_wrong_input_is_two_lines_with_a_code(tmp_path: Path, run: Run, mine: Path) -> None:
    at = ("--maker", mine, "--out", tmp_path / "out")
    (tmp_path / "text").write_text("no certificate")
    for arguments, code in (
        (("bundle", *at, "--root", tmp_path / "none"), 4),
        (("bundle", *at, "--root", tmp_path / "text"), 1),
        (("bundle", *at, "--root", mine / "root/root.key"), 1),
        (("bundle", *at, "--root", mine / "ca/clients.pem"), 1),
        (("bundle", *at, "--root", mine / "ca/issuing.pem"), 1),
        (("bundle", "--maker", tmp_path, "--out", tmp_path / "out"), 4),
        (("bundle", "--maker", mine, "--out", tmp_path / "text"), 2),
    ):
        done = run(*arguments)
        assert (done.code, done.out) == (code, "")
        assert len(done.err.strip().splitlines()) >= 2
        assert not (tmp_path / "out").exists()
    with files_up_to(100):
        done = run("bundle", *at)
    assert done.code == 4
    assert "make room" in done.err
