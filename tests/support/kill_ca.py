"""A CA that is killed while it issues, over and over, and what must hold afterwards.

The victim is a process that issues in a loop and tells on standard output what left it: a line of
JSON for each certificate that it handed over. Whoever reads a line has the certificate.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rootlet.ca import DeviceRequest, RecordStore, deliver, open_authority, open_records
from rootlet.maker import Maker, load_maker

__all__ = ["Outcome", "kill_often", "require_whole"]

START_SECONDS = 120.0
"""Longest wait for a victim to issue something; a loaded machine needs some."""

LONGEST_LIFE = 0.15
"""Seconds from a victim's first certificate to its death, at most: a few dozen certificates."""

BATCH = 5


@dataclass
class Outcome:
    """What left the victims."""

    serials: list[str] = field(default_factory=list)
    kills: int = 0


def _victim(folder: Path) -> None:
    """Issue until killed: servers one by one with their files, devices in batches."""
    maker = load_maker(folder)
    with open_authority(maker, verify=None) as authority:
        assert isinstance(authority.records, RecordStore)
        for number in range(1 << 30):
            now = datetime.now(UTC)
            if number % 2:
                name = f"{os.getpid()}-{number}"
                wanted = [DeviceRequest(f"{name}-{each}") for each in range(BATCH)]
                issued = authority.issue_devices(wanted, now=now)
            else:
                issued = (authority.issue_server(["api.example.test"], now=now),)
            for each in issued:
                _say({"left": each.record.serial})
            for each in issued:
                deliver(maker.folder, each, authority.records)


def _say(fact: Mapping[str, Any]) -> None:
    os.write(1, json.dumps(fact).encode() + b"\n")


def _nursery(folder: Path) -> None:
    """Start a victim for each line on standard input, and tell of its end; modules are loaded once.

    A line is shorter than what a pipe takes whole, so none is cut off by a death.
    """
    with open_records(load_maker(folder)):
        pass
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _victim(folder)
        _say({"born": pid})
        _say({"died": os.waitpid(pid, 0)[1]})


class _Victims:
    """Victims one after the other, and what they say."""

    def __init__(self, nursery: subprocess.Popen[bytes]) -> None:
        assert nursery.stdin
        assert nursery.stdout
        self._orders, self._handle = nursery.stdin, nursery.stdout.fileno()
        self._rest = b""

    def read(self, until: str, seconds: float) -> Iterator[tuple[str, Any]]:
        """What is said until a word has been, or for some seconds."""
        end = time.monotonic() + seconds
        seen = False
        while not seen:
            ready, _, _ = select.select([self._handle], [], [], max(0.0, end - time.monotonic()))
            chunk = os.read(self._handle, 65536) if ready else b""
            *whole, self._rest = (self._rest + chunk).split(b"\n")
            for line in whole:
                ((word, value),) = json.loads(line).items()
                seen |= word == until
                yield word, value
            if not chunk:
                return

    def live(self, seconds: float) -> list[str]:
        """One life: the serials that left until it was killed, ``seconds`` after the first."""
        self._orders.write(b"\n")
        self._orders.flush()
        said = list(self.read("left", START_SECONDS))
        if "born" not in dict(said):
            said += self.read("born", START_SECONDS)
        assert "left" in dict(said), "a CA that was killed does not issue again"
        said += self.read("died", seconds)
        os.kill(dict(said)["born"], signal.SIGKILL)
        said += self.read("died", START_SECONDS)
        assert dict(said)["died"] == signal.SIGKILL
        return [str(value) for word, value in said if word == "left"]


def kill_often(maker: Maker, times: int, *, chance: random.Random) -> Outcome:
    """Start a victim, let it issue, kill it at a random moment; as often as asked for."""
    outcome = Outcome()
    with subprocess.Popen(
        [sys.executable, "-m", "support.kill_ca", str(maker.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as nursery:
        victims = _Victims(nursery)
        for _ in range(times):
            outcome.serials += victims.live(chance.uniform(0, LONGEST_LIFE))
            outcome.kills += 1
        assert nursery.stdin
        nursery.stdin.close()
    return outcome


def require_whole(maker: Maker, outcome: Outcome) -> int:
    """Every certificate that left has its record, the audit log verifies, no serial is there twice.

    Returns how many certificates the record has.
    """
    with open_records(maker) as records:
        findings = records.verify()
        recorded = [record.serial for record in records.all()]
    assert findings.problems == []
    assert len(set(recorded)) == len(recorded)
    assert len(set(outcome.serials)) == len(outcome.serials)
    assert set(outcome.serials) <= set(recorded)
    assert findings.certificates == len(recorded)
    return len(recorded)


if __name__ == "__main__":
    _nursery(Path(sys.argv[1]))
