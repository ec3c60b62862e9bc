"""A long-term key that is elsewhere: delegations as files, taken up while the server runs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rootlet.errors import Environment, Misuse
from rootlet.roughtime import (
    SUPPORTED_VERSIONS,
    Clock,
    DelegationFile,
    LongTermKey,
    Server,
    Target,
    TimeListener,
    ask,
    load_key,
    promised,
    raw_public_key,
    save_delegation,
    sign_window,
    verify,
)
from support.commands import Run
from support.processes import LOOPBACK
from support.roughtime import KEY, LONG_TERM, NOW, ONLINE, REQUEST

HOUR = 3600
SOON = 10.0


def written(
    path: Path, begin: int, end: int, *, by: Ed25519PrivateKey = LONG_TERM, to: bytes = b""
) -> Path:
    certificates = sign_window(
        by, to or raw_public_key(ONLINE), start=begin, end=end, versions=SUPPORTED_VERSIONS
    )
    save_delegation(path, raw_public_key(by), certificates)
    return path


def test_a_server_signs_within_the_window_and_not_outside(tmp_path: Path) -> None:
    file = written(tmp_path / "d", NOW, NOW + HOUR)
    source = DelegationFile(file, ONLINE, pytest.fail)
    core = Server([LongTermKey(source.public_key, source.renew)], versions=SUPPORTED_VERSIONS)
    for now, answered in (
        (NOW - 1, False),
        (NOW, True),
        (NOW + HOUR, True),
        (NOW + HOUR + 1, False),
    ):
        (response,) = core.answer([REQUEST], now, 3)
        assert (response is not None) == answered
        if response is not None:
            assert verify(REQUEST, response, KEY).midpoint == now


def test_a_new_file_is_taken_up_and_a_bad_one_is_not(tmp_path: Path) -> None:
    told: list[str] = []
    file = written(tmp_path / "d", NOW, NOW + HOUR)
    source = DelegationFile(file, ONLINE, told.append)
    later = NOW + 2 * HOUR
    assert source.renew(later) is None
    for bad in ("{", "[]", "{}", '{"publicKey": 1, "certificates": {}}'):
        file.write_text(bad, encoding="utf-8")
        assert source.renew(later) is None
        assert source.renew(NOW) is not None
    assert len(told) == 4
    written(file, later, later + HOUR, by=Ed25519PrivateKey.generate())
    assert source.renew(later) is None
    assert "another long-term key" in told[-1]
    written(file, later, later + HOUR)
    assert source.renew(later) is not None
    assert len(told) == 5


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("publicKey"),
        lambda d: d.update(publicKey=d["publicKey"][:-8]),
        lambda d: d.pop("certificates"),
        lambda d: d.update(certificates={}),
        lambda d: d.update(certificates=[]),
        lambda d: d["certificates"].update({"1": d["certificates"]["2147483660"]}),
        lambda d: d["certificates"].update({"1": "AAAA"}),
        lambda d: d["certificates"].update({"1": "%"}),
        lambda d: d["certificates"].update({"one": d["certificates"]["1"]}),
    ],
)
def test_a_file_that_does_not_fit_is_misuse(change: Change, tmp_path: Path) -> None:
    file = written(tmp_path / "d", NOW, NOW + HOUR)
    fields = json.loads(file.read_text(encoding="utf-8"))
    change(fields)
    file.write_text(json.dumps(fields), encoding="utf-8")
    with pytest.raises(Misuse, match="no delegation for this online key"):
        DelegationFile(file, ONLINE, pytest.fail)


def test_of_another_online_key_or_with_two_windows_it_is_misuse(tmp_path: Path) -> None:
    stranger = raw_public_key(Ed25519PrivateKey.generate())
    with pytest.raises(Misuse, match="another online key"):
        DelegationFile(written(tmp_path / "d", NOW, NOW + 1, to=stranger), ONLINE, pytest.fail)
    one, other = (
        sign_window(LONG_TERM, raw_public_key(ONLINE), start=NOW, end=end, versions=(version,))
        for version, end in zip(SUPPORTED_VERSIONS, (NOW + 1, NOW + 2), strict=True)
    )
    save_delegation(tmp_path / "d", KEY, {**one, **other})
    with pytest.raises(Misuse, match="different windows"):
        DelegationFile(tmp_path / "d", ONLINE, pytest.fail)
    with pytest.raises(Environment):
        DelegationFile(tmp_path / "none", ONLINE, pytest.fail)


def test_a_running_server_goes_silent_says_so_and_comes_back(tmp_path: Path) -> None:
    now = int(time.time())
    told: list[str] = []
    file = written(tmp_path / "d", now - 2 * HOUR, now - HOUR)
    source = DelegationFile(file, ONLINE, told.append)
    core = Server([LongTermKey(source.public_key, source.renew)], versions=SUPPORTED_VERSIONS)
    with closing(
        TimeListener((LOOPBACK, 0), core, Clock(promised(3)), tell=told.append)
    ) as running:
        thread = threading.Thread(target=running.run)
        thread.start()
        try:
            target = Target("one", running.address, KEY)
            with pytest.raises(Environment):
                ask(target, timeout=0.3)
            assert told == [
                "silent: no delegation covers this time; make one: rootlet time delegate"
            ]
            written(file, now - HOUR, now + HOUR)
            assert ask(target, timeout=SOON).sample.radius == 3
            assert told[1:] == ["answering"]
        finally:
            running.stop()
            thread.join(SOON)


def test_the_commands_go_together(run: Run, tmp_path: Path) -> None:
    assert run("time", "keygen", "north", "--maker", tmp_path).code == 0
    made = run("time", "online", tmp_path / "online.key", "--json").json
    assert (tmp_path / "online.key").stat().st_mode & 0o777 == 0o600
    done = run(
        *("time", "delegate", "--key", tmp_path / "time/north.key", "--hours", "2"),
        *("--online", made["public_key"], "--out", tmp_path / "north.delegation"),
    )
    assert done.code == 0, done.err
    assert "rootlet time serve --online" in done.out
    online, long_term = (load_key(tmp_path / each) for each in ("online.key", "time/north.key"))
    source = DelegationFile(tmp_path / "north.delegation", online, pytest.fail)
    assert source.public_key == raw_public_key(long_term)
    assert source.renew(int(time.time())) is not None
    assert source.renew(int(time.time()) + 2 * HOUR) is None
    assert run("time", "online", tmp_path / "online.key").code == 6
    serve = ("time", "serve", "--listen", f"{LOOPBACK}:0")
    assert "no key is given" in run(*serve).err
    assert "give one for each" in run(*serve, "--online", tmp_path / "online.key").err
