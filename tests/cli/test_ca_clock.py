"""Issuing holds this machine's clock against the Roughtime servers of rootlet.toml."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rootlet.cli.clock import RoughtimeClock
from rootlet.errors import Refused
from rootlet.maker import load_maker
from rootlet.profile import load_profile
from rootlet.roughtime import (
    Clock,
    LongTermKey,
    Server,
    TimeListener,
    delegate,
    promised,
    raw_public_key,
)
from support.commands import Done, Run
from support.makers import made_maker
from support.processes import LOOPBACK

NAME = "api.example.test"
VERSIONS = load_profile("c25519").roughtime.versions
HOUR = 3600


@contextmanager
def roughtime(ahead: int = 0) -> Iterator[str]:
    """A Roughtime server whose clock is this many seconds ahead, as rootlet.toml names it."""
    long_term, online = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    public = raw_public_key(long_term)
    now = int(time.time()) + ahead
    made = delegate(long_term, online, now=now, hours=24, versions=VERSIONS)
    server = Server([LongTermKey(public, lambda _: made)], versions=VERSIONS)
    clock = Clock(promised(3), wall=lambda: time.time() + ahead)
    with closing(TimeListener((LOOPBACK, 0), server, clock)) as listener:
        thread = threading.Thread(target=listener.run)
        thread.start()
        try:
            host, port = listener.address[:2]
            key = base64.b64encode(public).decode()
            yield (
                f'\n[[time.servers]]\nname = "n{port}"\naddress = "{host}:{port}"\n'
                f'public_key = "{key}"\n'
            )
        finally:
            listener.stop()
            thread.join()


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return made_maker(tmp_path / "mine").folder


def configured(mine: Path, *servers: str) -> None:
    path = mine / "rootlet.toml"
    path.write_text(path.read_text(encoding="utf-8") + "".join(servers), encoding="utf-8")


def refused(done: Done, rule: str) -> None:
    assert done.code == 1, done.out + done.err
    assert f'"status": "{rule}"' in done.err


def test_a_right_clock_issues(run: Run, mine: Path) -> None:
    with roughtime() as one, roughtime() as two:
        configured(mine, one, two)
        assert run("ca", "issue", "server", NAME, "--maker", mine).code == 0


def test_a_clock_that_roughtime_contradicts_issues_nothing(run: Run, mine: Path) -> None:
    issue = ("ca", "issue", "server", NAME, "--maker", mine, "--json")
    with roughtime(HOUR) as ahead:
        configured(mine, ahead)
        refused(run(*issue), "clock-differs")
        refused(run("ca", "issue", "device", "a", "--maker", mine, "--json"), "clock-differs")
        assert run(*issue, "--offline").code == 0
        refused(run("ca", "renew", NAME, "--maker", mine, "--json"), "clock-differs")


def test_servers_that_do_not_answer_stop_it_too(
    run: Run, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rootlet.cli.clock.QUESTION_SECONDS", 0.1)
    with roughtime() as gone:
        pass
    configured(mine, gone)
    done = run("ca", "issue", "server", NAME, "--maker", mine, "--json")
    refused(done, "clock-unknown")
    assert "--offline" in done.err


def test_servers_that_disagree_stop_it_too(run: Run, mine: Path) -> None:
    issue = ("ca", "issue", "server", NAME, "--maker", mine, "--json")
    with roughtime() as right, roughtime(HOUR) as wrong:
        configured(mine, right, wrong)
        refused(run(*issue), "clock-unknown")


def test_an_answer_serves_for_a_while(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Services ask again later; when nobody answers then, what was said goes on for a day."""
    passed = 0.0
    monotonic = time.monotonic
    with roughtime() as server:
        configured(mine, server)
        clock = RoughtimeClock(load_maker(mine))
        first = clock()
        assert abs(first.midpoint - datetime.now(UTC)) < timedelta(seconds=10)
    monkeypatch.setattr("rootlet.cli.clock.QUESTION_SECONDS", 0.1)
    monkeypatch.setattr("rootlet.cli.clock.time.monotonic", lambda: monotonic() + passed)
    passed = 23 * HOUR
    later = clock()
    assert abs(later.midpoint - first.midpoint - timedelta(hours=23)) < timedelta(seconds=10)
    passed = 25 * HOUR
    with pytest.raises(Refused) as refusal:
        clock()
    assert refusal.value.status == "clock-unknown"
