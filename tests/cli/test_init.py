"""rootlet init: a maker's folder that every other command can use."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from rootlet.maker import load_maker
from rootlet.profile import PROFILE_NAMES
from support.commands import Run
from support.limits import files_up_to


@pytest.mark.parametrize("profile", PROFILE_NAMES)
def test_a_new_folder_is_ready_and_says_what_comes_next(
    tmp_path: Path, run: Run, profile: str
) -> None:
    folder = tmp_path / "deep" / "mine"
    done = run("init", folder, "--profile", profile, "--name", "Acme GmbH")
    assert (done.code, done.err) == (0, "")
    assert f"rootlet ca init --maker {folder}" in done.out
    maker = load_maker(folder)
    assert (maker.profile.name, maker.name) == (profile, "Acme GmbH")
    assert sorted(path.name for path in folder.iterdir()) == [".gitignore", "rootlet.toml"]
    assert stat.S_IMODE((folder / "rootlet.toml").stat().st_mode) == 0o644


def test_names_can_be_given(tmp_path: Path, run: Run) -> None:
    done = run(
        "init", tmp_path / "acme", "--server-name", "a.acme.test", "--server-name", ".b.test"
    )
    assert done.code == 0
    assert "rootlet ca issue server a.acme.test" in done.out
    maker = load_maker(tmp_path / "acme")
    assert (maker.name, maker.servers.names) == ("Acme", ("a.acme.test", ".b.test"))


def test_version_control_sees_no_secret(tmp_path: Path, run: Run) -> None:
    run("init", tmp_path / "mine")
    subprocess.run(["git", "init", "-q", tmp_path / "mine"], check=True)
    for secret in (
        "root/root.key",
        "ca/issuing.key",
        "ca/ca.sqlite",
        "issued/servers/a.test/key.pem",
        "issued/servers/.versions/a.test/00/key.pem",
        "time/online.key",
        "secrets/weather-key",
        "elsewhere/some.key",
    ):
        command = ["git", "-C", str(tmp_path / "mine"), "check-ignore", "-q", secret]
        assert subprocess.run(command, check=False).returncode == 0, secret
    command = ["git", "-C", str(tmp_path / "mine"), "check-ignore", "-q", "rootlet.toml"]
    assert subprocess.run(command, check=False).returncode == 1


def test_a_folder_in_use_is_left_alone(tmp_path: Path, run: Run) -> None:
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path, tmp_path / "file"):
        done = run("init", place)
        assert done.code == 6
        assert done.err.startswith(f"rootlet: {place} is not an empty folder\n  ")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    (tmp_path / "empty").mkdir()
    assert run("init", tmp_path / "empty").code == 0


def test_a_dry_run_makes_nothing(tmp_path: Path, run: Run) -> None:
    done = run("init", tmp_path / "mine", "--dry-run")
    assert done.code == 0
    assert "Would make" in done.out
    assert not (tmp_path / "mine").exists()


def test_json_says_what_was_made(tmp_path: Path, run: Run) -> None:
    done = run("init", tmp_path / "mine", "--json")
    assert done.json == {
        "folder": str(tmp_path / "mine"),
        "config": str(tmp_path / "mine" / "rootlet.toml"),
        "profile": "c25519",
        "name": "Mine",
    }


def test_wrong_input_is_one_line_and_makes_nothing(tmp_path: Path, run: Run) -> None:
    done = run("init", tmp_path / "mine", "--name", "x" * 49)
    assert done.code == 2
    assert len(done.err.splitlines()) == 2
    assert run("init", tmp_path / "mine", "--profile", "c448").code == 2
    assert run("init").code == 2
    (tmp_path / "file").touch()
    done = run("init", tmp_path / "file" / "mine")
    assert done.code == 4
    assert "Not a directory" in done.err
    with files_up_to(10):
        done = run("init", tmp_path / "mine")
    assert done.code == 4
    assert "make room" in done.err
    assert not any((tmp_path / "mine").iterdir())
