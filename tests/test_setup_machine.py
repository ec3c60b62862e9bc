"""Setting up a machine: what is chosen, by whom it is run, and that no service is started."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tools import setup_machine as setup

RUN = subprocess.run


@dataclass
class Machine:
    """A machine as setup_machine sees it; commands are noted, not run."""

    root: bool = True
    programs: set[str] = field(default_factory=lambda: {"apt-get", "dpkg-query", "sudo"})
    packages: set[str] = field(default_factory=set)
    failing: str = ""
    """A word of the commands that fail."""
    policy: Path = Path()
    ran: list[str] = field(default_factory=list)
    policy_while_installing: list[bool] = field(default_factory=list)

    def run(
        self, command: list[str], *, check: bool, **_: object
    ) -> subprocess.CompletedProcess[str]:
        line = " ".join(command)
        if command[0] == "dpkg-query":
            state = "installed" if command[-1] in self.packages else "not-installed"
            return subprocess.CompletedProcess(command, 0, stdout=state)
        self.ran.append(line)
        if "install" in command:
            self.policy_while_installing.append(self.policy.exists())
        if "printf" in line or " rm " in f" {line}":
            RUN([part for part in command if part != "sudo"], check=True)
        if self.failing and self.failing in line and check:
            raise subprocess.CalledProcessError(100, command)
        return subprocess.CompletedProcess(command, 0, stdout="")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    here = Machine(policy=tmp_path / "policy-rc.d")
    monkeypatch.setattr(setup, "POLICY", here.policy)
    monkeypatch.setattr(subprocess, "run", here.run)
    monkeypatch.setattr(os, "geteuid", lambda: 0 if here.root else 1000)
    monkeypatch.setattr(shutil, "which", lambda name: name if name in here.programs else None)
    return here


@pytest.mark.parametrize(
    ("root", "sudo", "wanted"),
    [
        (True, True, ["apt-get"]),
        (True, False, ["apt-get"]),
        (False, True, ["sudo", "apt-get"]),
        (False, False, None),
    ],
)
def test_commands_run_as_root_or_through_sudo(
    root: bool, sudo: bool, wanted: list[str] | None, machine: Machine
) -> None:
    machine.root = root
    machine.programs = {"sudo"} if sudo else set()
    assert setup.privileged(["apt-get"]) == wanted


@pytest.mark.parametrize("root", [True, False])
def test_what_is_missing_is_installed_and_its_service_stays_off(
    root: bool, machine: Machine
) -> None:
    machine.root = root
    machine.packages = {"gcc", "make"}
    setup.install_packages(("gcc", "make", "nginx", "openssl"))
    sudo = "" if root else "sudo "
    apt = f"{sudo}env DEBIAN_FRONTEND=noninteractive apt-get"
    update, place, install, disable, remove = machine.ran
    assert update == f"{apt} update -qq"
    assert place.startswith(f"{sudo}sh -c printf ")
    assert install == f"{apt} install -y --no-install-recommends -qq nginx openssl"
    assert machine.policy_while_installing == [True]
    assert disable == f"{sudo}update-rc.d nginx disable"
    assert remove == f"{sudo}rm -f {machine.policy}"
    assert not machine.policy.exists()


def test_the_policy_forbids_every_start(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with setup.services_stay_off(["nginx"]):
        assert machine.policy.read_text(encoding="ascii") == "#!/bin/sh\nexit 101\n"
        assert machine.policy.stat().st_mode & 0o777 == 0o755
        kept = shutil.copy(machine.policy, tmp_path / "kept")
    monkeypatch.undo()
    assert subprocess.run([kept], check=False).returncode == 101


def test_a_policy_that_stands_there_already_is_left_alone(machine: Machine) -> None:
    machine.policy.write_text("mine", encoding="ascii")
    with setup.services_stay_off(["nginx"]):
        pass
    assert machine.policy.read_text(encoding="ascii") == "mine"
    assert machine.ran == ["update-rc.d nginx disable"]


def test_packages_without_a_service_need_no_guard(machine: Machine) -> None:
    with setup.services_stay_off(["gcc", "valgrind"]):
        pass
    assert machine.ran == []


def test_nothing_is_run_when_all_is_there(machine: Machine) -> None:
    machine.packages = set(setup.TEST_PACKAGES)
    setup.install_packages(setup.TEST_PACKAGES)
    assert machine.ran == []


@pytest.mark.parametrize("programs", [{"dpkg-query", "apt-get"}, {"dpkg-query", "sudo"}])
def test_without_a_way_to_install_the_exact_command_is_said(
    programs: set[str], machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.root = False
    machine.programs = programs
    with pytest.raises(SystemExit) as stop:
        setup.install_packages(("gcc", "nginx"))
    assert stop.value.code == 3
    out = capsys.readouterr().out
    assert "apt-get update && apt-get install -y --no-install-recommends gcc nginx\n" in out
    assert "systemctl disable --now nginx" in out
    assert machine.ran == []


@pytest.mark.parametrize("failing", ["apt-get update", "apt-get install"])
def test_when_installing_fails_the_exact_command_is_said_and_the_guard_removed(
    failing: str, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.failing = failing
    with pytest.raises(SystemExit) as stop:
        setup.install_packages(("nginx",))
    assert stop.value.code == 3
    out = capsys.readouterr().out
    assert "failed: env DEBIAN_FRONTEND=noninteractive apt-get" in out
    assert "apt-get install -y --no-install-recommends nginx\n" in out
    assert not machine.policy.exists()


def test_on_another_system_the_packages_are_named_and_it_goes_on(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.programs = set()
    setup.install_packages(("gcc", "nginx"))
    assert "must be there: gcc nginx" in capsys.readouterr().out
    assert machine.ran == []


@pytest.mark.parametrize(
    ("what", "prefix", "wanted"),
    [
        ("demo", "/opt/python", setup.DEMO_PACKAGES),
        ("test", "/opt/python", setup.TEST_PACKAGES),
        ("demo", "/usr", (*setup.DEMO_PACKAGES, "python3-dev", "python3-venv")),
    ],
)
def test_each_aim_has_its_packages(
    what: str, prefix: str, wanted: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: list[tuple[str, ...]] = []
    monkeypatch.setattr(setup, "install_packages", chosen.append)
    monkeypatch.setattr(setup, "install_wheels", lambda: None)
    monkeypatch.setattr(sys, "base_prefix", prefix)
    assert setup.main([what]) == 0
    assert chosen == [wanted]


def test_an_old_python_is_told_before_anything_is_installed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    assert setup.main(["demo"]) == 3
    assert "Python 3.11 or newer" in capsys.readouterr().out
    assert machine.ran == []


@pytest.fixture
def tree(tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree with a lock file; making a virtual environment makes its folder only."""
    made = tmp_path / ".venv"
    (tmp_path / "requirements.lock").write_text("wheel==1\n", encoding="ascii")
    monkeypatch.setattr(setup, "VENV", made)
    monkeypatch.setattr(setup, "STAMP", made / "installed.sha256")
    monkeypatch.setattr(setup, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(venv, "create", lambda path, **_: path.mkdir(exist_ok=True))
    return tmp_path


def test_wheels_are_installed_once_for_each_lock_file(tree: Path, machine: Machine) -> None:
    setup.install_wheels()
    wheels, project = machine.ran
    assert f"--require-hashes --no-deps -r {tree / 'requirements.lock'}" in wheels
    assert "--no-build-isolation --editable" in project
    setup.install_wheels()
    assert len(machine.ran) == 2
    (tree / "requirements.lock").write_text("wheel==2\n", encoding="ascii")
    setup.install_wheels()
    assert len(machine.ran) == 4


def test_wheels_that_fail_are_tried_again(
    tree: Path,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(setup, "install_packages", lambda wanted: None)
    machine.failing = "--editable"
    assert setup.main(["demo"]) == 3
    assert "failed: " in capsys.readouterr().out
    machine.failing = ""
    assert setup.main(["demo"]) == 0
    assert len(machine.ran) == 4
