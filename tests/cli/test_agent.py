"""``rootlet agent`` as a person and as systemd run it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest

from rootlet.agent import load_config
from rootlet.agent.memory_store import Memory, save_memory
from rootlet.errors import Misuse
from support.agent_acme import World, world
from support.agent_rig import NAME, wait_until
from support.agent_soak import soak
from support.commands import Run
from support.processes import tool

DIRECTORY = "https://ca.example.test:8443/acme/directory"
STOP_SECONDS = 60


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An agent's folder with a certificate that nginx serves; the CA is away."""
    with world(tmp_path_factory.mktemp("agent")) as prepared:
        pair = prepared.rig.pair()
        prepared.rig.store().offer(pair)
        prepared.rig.place.symlink_to(Path(".versions", NAME, pair.version))
        prepared.rig.start()
        prepared.rig.store().forget()
        yield prepared


@pytest.fixture
def config(made: World) -> Path:
    for file in (made.rig.folder / "state").glob("*"):
        file.unlink()
    path = made.rig.folder / "rootlet-agent.toml"
    path.write_text(made.text(), encoding="utf-8")
    return path


@pytest.mark.parametrize("profile", ["c25519", "p256"])
def test_init_writes_a_configuration_that_can_be_read(
    run: Run, tmp_path: Path, profile: str
) -> None:
    path = tmp_path / "rootlet-agent.toml"
    words = ["agent", "init", "--name", NAME, "--directory", DIRECTORY, "--profile", profile]
    words += ["--config", str(path)]
    assert run(*words, "--dry-run").code == 0
    assert not path.exists()
    done = run(*words)
    assert done.code == 0
    assert "Next: " in done.out
    config = load_config(path)
    assert config.directory == DIRECTORY
    [kept] = config.certificates
    assert (kept.name, kept.profile.name) == (NAME, profile)
    assert kept.folder == tmp_path / "tls" / NAME
    again = run(*words)
    assert again.code == 6
    assert "exists already" in again.err


def test_init_refuses_what_could_not_be_read_again(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "rootlet-agent.toml"
    words = ["agent", "init", "--config", str(path), "--name", NAME, "--directory"]
    assert run(*words, "http://ca.example.test/acme/directory").code == 2
    assert not path.exists()


def test_without_a_configuration_it_says_how_to_make_one(run: Run, tmp_path: Path) -> None:
    done = run("agent", "status", "--config", tmp_path / "none.toml")
    assert done.code == 4
    assert "rootlet agent init" in done.err


def test_status_says_how_long_is_left(run: Run, made: World, config: Path) -> None:
    done = run("agent", "status", "--config", config)
    assert done.code == 0
    assert "fresh" in done.out
    assert "1 d 23 h" in done.out
    fields = run("agent", "status", "--json", "--config", config).json
    [certificate] = fields["certificates"]
    assert fields["exit_code"] == 0
    assert certificate["health"] == "fresh"
    assert certificate["serial"] == f"{made.rig.serial():x}"
    assert 47 * 3600 < certificate["seconds_left"] < 48 * 3600


def test_once_has_nothing_to_do_and_writes_what_others_read(
    run: Run, made: World, config: Path
) -> None:
    done = run("agent", "once", "--quiet", "--config", config)
    assert (done.code, done.out) == (0, "")
    state = json.loads((made.rig.folder / "state/status.json").read_text())
    assert state["certificates"][0]["health"] == "fresh"
    metrics = (made.rig.folder / "agent.prom").read_text()
    assert f'rootlet_agent_alarm{{name="{NAME}"}} 0.0' in metrics
    assert f'rootlet_agent_not_after_seconds{{name="{NAME}"}} 1.' in metrics


def test_once_in_vain_has_an_exit_code_and_says_why(run: Run, config: Path) -> None:
    done = run("agent", "once", "--force", "--config", config)
    assert done.code == 4
    assert "cannot be reached: Connection refused" in done.out
    line = json.loads(done.err.splitlines()[0])
    assert (line["event"], line["level"]) == ("not_renewed", "warning")
    assert run("agent", "status", "--config", config).code == 4


def test_less_than_a_quarter_left_is_an_alarm(run: Run, made: World, config: Path) -> None:
    """A certificate that ends in five minutes and was made an hour ago."""
    pair = made.rig.install(lifetime=timedelta(minutes=5))
    memory = Memory(serial=pair.version, made=pair.leaf.not_valid_before_utc.timestamp())
    save_memory(made.rig.folder / "state" / f"{NAME}.json", memory)
    done = run("agent", "status", "--config", config)
    assert done.code == 6
    assert "ALARM: less than a quarter of its life is left" in done.out
    done = run("agent", "once", "--quiet", "--config", config)
    assert done.code == 6
    assert [json.loads(line)["level"] for line in done.err.splitlines()] == ["warning", "error"]
    metrics = (made.rig.folder / "agent.prom").read_text()
    assert f'rootlet_agent_alarm{{name="{NAME}"}} 1.0' in metrics
    state = json.loads((made.rig.folder / "state/status.json").read_text())
    assert state["certificates"][0]["alarm"]
    made.rig.install()


def test_what_is_remembered_may_be_rubbish(run: Run, made: World, config: Path) -> None:
    path = made.rig.folder / "state" / f"{NAME}.json"
    path.parent.mkdir(exist_ok=True)
    good = json.dumps(asdict(Memory()))
    for text in ["", "[]", "null", "{}", good.replace("0.0", "1e400"), good.replace('""', "1")]:
        path.write_text(text)
        assert run("agent", "status", "--config", config).code == 0, text


def test_a_dry_run_says_what_would_be_done(run: Run, made: World, config: Path) -> None:
    done = run("agent", "once", "--dry-run", "--config", config)
    assert "would do nothing before" in done.out
    done = run("agent", "once", "--dry-run", "--force", "--config", config)
    assert "would do order and install" in done.out
    assert not list((made.rig.folder / "state").glob("*"))


def test_the_unit_is_accepted_by_systemd_and_hardened(
    run: Run, config: Path, tmp_path: Path
) -> None:
    done = run("agent", "unit", "--config", config)
    assert done.code == 0
    unit = tmp_path / "rootlet-agent.service"
    unit.write_text(done.out, encoding="utf-8")
    analyze = tool("systemd-analyze", "systemd")
    checked = subprocess.run(
        [analyze, "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    rated = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=30", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert rated.returncode == 0, rated.stdout[-500:]


def test_a_path_that_cannot_stand_in_a_unit_is_refused(
    run: Run, made: World, tmp_path: Path
) -> None:
    path = tmp_path / "a folder" / "rootlet-agent.toml"
    path.parent.mkdir()
    path.write_text(made.text(), encoding="utf-8")
    assert run("agent", "unit", "--config", path).code == 2


def test_run_tells_systemd_and_stops_when_told(made: World, config: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        path = made.rig.folder / "notify"
        manager.bind(str(path))
        manager.settimeout(STOP_SECONDS)
        process = subprocess.Popen(
            [sys.executable, "-m", "rootlet", "agent", "run", "--config", str(config)],
            env=os.environ | {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "600000"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        try:
            assert manager.recv(1000).startswith(b"READY=1")
            assert process.stdout.readline().startswith("Keeping fresh: ")
            beats = [(manager.recv(1000), time.monotonic()) for _ in range(4)]
            assert {text for text, _ in beats} == {b"WATCHDOG=1"}
            wait_until(lambda: (made.rig.folder / "state/status.json").exists())
            process.send_signal(signal.SIGTERM)
            while (told := manager.recv(1000)) == b"WATCHDOG=1":
                pass
            assert told == b"STOPPING=1"
            assert process.wait(STOP_SECONDS) == 0
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
            path.unlink()


def test_a_short_soak(tmp_path: Path) -> None:
    """make soak-agent is the long one."""
    seen = soak(tmp_path, seconds=12, life="14s")
    assert not seen.failed
    assert len(seen.serials) >= 2
    assert seen.handshakes > 40
    assert seen.least_left > 0


WRONG = {
    "no certificate": ("", "names no certificate"),
    "an unknown key": ('[[certificates]]\nname = ["a.test"]\n', "names"),
    "no place to answer": ('[[certificates]]\nnames = ["a.test"]\n', "answers http-01 nowhere"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_configuration_is_named(run: Run, tmp_path: Path, what: str) -> None:
    text, said = WRONG[what]
    path = tmp_path / "rootlet-agent.toml"
    path.write_text(f'directory = "{DIRECTORY}"\nroot = "root.pem"\n{text}', encoding="utf-8")
    with pytest.raises(Misuse, match=said):
        load_config(path)
