"""A long-term key that stays in a token (SoftHSM2) and signs for an online key elsewhere."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pkcs11
import pytest

from rootlet.roughtime import (
    Clock,
    DelegationFile,
    LongTermKey,
    Server,
    Target,
    TimeListener,
    ask,
    key_from_text,
    load_key,
    promised,
)
from rootlet.roughtime.protocol import VERSION_1, VERSION_DRAFT
from support.commands import Done, Run
from support.processes import LOOPBACK, tool

MODULE = str(Path("/usr/lib/softhsm/libsofthsm2.so").resolve())
PIN, WRONG_PIN = "48151623", "11112222"
LABEL = "clocks"
VERSIONS = (VERSION_1, VERSION_DRAFT)


@pytest.fixture(scope="module")
def label(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A token of this process alone; the module reads its settings when it is loaded."""
    folder = tmp_path_factory.mktemp("tokens")
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder}\n", encoding="ascii")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(settings))
        command = [tool("softhsm2-util", "softhsm2"), "--init-token", "--free", "--label", LABEL]
        command += ["--pin", PIN, "--so-pin", "87654321"]
        subprocess.run(command, check=True, capture_output=True)
        yield LABEL
        pkcs11.unload(MODULE)


@pytest.fixture
def pin(label: str, tmp_path: Path) -> Path:
    """The file with the token's PIN."""
    file = tmp_path / "pin"
    file.write_text(f"{PIN}\n", encoding="ascii")
    return file


def keygen(run: Run, maker: Path, pin: Path, *options: object) -> Done:
    asked = ("time", "keygen", "north", "--maker", maker, "--token", LABEL, "--json")
    return run(*asked, "--pin-file", pin, *options)


def test_a_server_answers_for_a_key_in_a_token(run: Run, pin: Path, tmp_path: Path) -> None:
    made = keygen(run, tmp_path, pin, "--token-module", MODULE)
    assert made.code == 0, made.err
    public_key = made.json["public_key"]
    address = tmp_path / "time" / "north.key"
    assert address.read_text().startswith("pkcs11:token=clocks;id=%")
    assert address.stat().st_mode & 0o777 == 0o600
    online = run("time", "online", tmp_path / "online.key", "--json").json["public_key"]
    out = tmp_path / "north.delegation"
    lent = ("time", "delegate", "--key", address, "--online", online, "--out", out)
    done = run(*lent, "--pin-file", pin)
    assert done.code == 0, done.err
    assert json.loads(out.read_text())["publicKey"] == public_key
    lending = DelegationFile(out, load_key(tmp_path / "online.key"), print)
    server = Server([LongTermKey(lending.public_key, lending.renew)], versions=VERSIONS)
    with closing(TimeListener((LOOPBACK, 0), server, Clock(promised(3)))) as listener:
        thread = threading.Thread(target=listener.run)
        thread.start()
        target = Target("north", listener.address, key_from_text(public_key))
        for version in VERSIONS:
            assert ask(target, timeout=10, versions=(version,)).sample.version == version
        listener.stop()
        thread.join(10)


def test_what_is_wrong_is_said(run: Run, pin: Path, tmp_path: Path) -> None:
    without = keygen(run, tmp_path, pin)
    assert (without.code, "--token-module" in without.err) == (2, True)
    made = keygen(run, tmp_path, pin, "--token-module", MODULE)
    again = keygen(run, tmp_path, pin, "--token-module", MODULE)
    assert (made.code, again.code) == (0, 6)
    address = tmp_path / "time" / "north.key"
    serve = run("time", "serve", "--key", address, "--listen", f"{LOOPBACK}:0")
    assert serve.code == 2
    assert "stays in its token" in serve.err
    assert "rootlet time delegate" in serve.err
    online = run("time", "online", tmp_path / "online.key", "--json").json["public_key"]
    out = tmp_path / "north.delegation"
    lent = ("time", "delegate", "--key", address, "--online", online, "--out", out, "--pin-file")
    pin.write_text(f"{WRONG_PIN}\n", encoding="ascii")
    assert run(*lent, pin).code == 5
    assert not out.exists()
    pin.write_text(f"{PIN}\n", encoding="ascii")
    address.write_text(address.read_text().replace("id=%", "id=%00%"))
    lost = run(*lent, pin)
    assert (lost.code, "cannot find the key" in lost.err) == (4, True)


def test_nothing_is_left_in_the_token_when_the_file_cannot_be_written(
    run: Run, pin: Path, tmp_path: Path
) -> None:
    def objects() -> int:
        with pkcs11.lib(MODULE).get_token(token_label=LABEL).open(user_pin=PIN) as session:
            return len(list(session.get_objects()))

    before = objects()
    (tmp_path / "time").write_text("not a folder")
    assert keygen(run, tmp_path, pin, "--token-module", MODULE).code != 0
    assert objects() == before
