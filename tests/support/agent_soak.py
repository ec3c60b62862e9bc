"""A soak of the agent: certificates of a minute, replaced while a device shakes hands all the time.

The device is the C library (rootlet.device), so an expired certificate, a name that is not in it or
a chain that does not hold is a failed handshake.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rootlet.cli.probe import run_probe
from rootlet.device import FULL_RECORD_BYTES, Anchor, TlsClient
from rootlet.device.probe import CertificateSeen
from rootlet.errors import RootletError
from rootlet.pki import public_bytes, require_profile_key
from support.agent_acme import World, world
from support.agent_rig import NAME
from support.processes import LOOPBACK

__all__ = ["Soaked", "soak"]

HANDSHAKE_SECONDS = 5.0
BETWEEN_SECONDS = 0.05
"""Between two handshakes: 20 a second, so that two busy cores do something else, too."""

STOP_SECONDS = 60.0
"""For a process to begin or to end on a busy machine."""


@dataclass
class Soaked:
    """What a soak saw."""

    handshakes: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    """By reason."""
    serials: list[str] = field(default_factory=list)
    """Of the certificates served, in order."""
    least_left: float = float("inf")
    """Seconds that a certificate was still valid for when it was served, at least."""
    kills: int = 0
    """Of the CA."""

    def saw(self, leaf: CertificateSeen) -> None:
        """Note a certificate that a device accepted."""
        if leaf.serial not in self.serials:
            self.serials.append(leaf.serial)
        assert leaf.not_after is not None
        left = (leaf.not_after - datetime.now(UTC)).total_seconds()
        self.least_left = min(self.least_left, left)

    def lines(self) -> list[str]:
        """For a person."""
        return [
            f"handshakes          {self.handshakes}",
            f"failed              {self.failed.total()} {dict(self.failed)}",
            f"certificates served {len(self.serials)}",
            f"least time left     {self.least_left:.1f} s",
            f"CA killed           {self.kills} times",
        ]


def _handshake(made: World, seen: Soaked) -> None:
    root, now = made.rig.authority.root, int(time.time())
    key = require_profile_key(root.public_key(), made.rig.profile, what="the root")
    client = TlsClient(
        anchors=[Anchor(root.subject.public_bytes(), public_bytes(key))],
        host=NAME,
        earliest=now,
        latest=now,
        tolerate_no_limit=True,
        in_bytes=FULL_RECORD_BYTES,
    )
    seen.handshakes += 1
    try:
        report = run_probe(client, (LOOPBACK, made.rig.port), timeout=HANDSHAKE_SECONDS)
    except (RootletError, OSError) as error:
        seen.failed[f"{type(error).__name__}: {error}"] += 1
        return
    if report.accepted:
        seen.saw(report.chain[0])
    else:
        seen.failed[report.status] += 1


@contextmanager
def _ca(made: World, kill_every: float | None, seen: Soaked) -> Iterator[None]:
    """The CA, killed and started again and again where that is asked for."""
    if kill_every is None:
        with made.serving():
            yield
        return
    stop, up = threading.Event(), threading.Event()

    def again_and_again() -> None:
        while not stop.is_set():
            with made.serving() as server:
                up.set()
                if not stop.wait(kill_every):
                    server.kill()
                    seen.kills += 1

    thread = threading.Thread(target=again_and_again)
    thread.start()
    try:
        assert up.wait(STOP_SECONDS)
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def _agent(made: World) -> Iterator[None]:
    """``rootlet agent run``; it must still run at the end, and stop when told to."""
    config, log = made.rig.folder / "rootlet-agent.toml", made.rig.folder / "agent.log"
    config.write_text(made.text(), encoding="utf-8")
    command = [sys.executable, "-m", "rootlet", "agent", "run", "--config", str(config)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        yield
        assert process.poll() is None, log.read_text(encoding="utf-8")
    finally:
        process.terminate()
        code = process.wait(STOP_SECONDS)
    assert code == 0, log.read_text(encoding="utf-8")


def soak(folder: Path, *, seconds: float, life: str, kill_every: float | None = None) -> Soaked:
    """Shake hands for ``seconds`` with an nginx whose certificates live for ``life``."""
    seen = Soaked()
    with world(folder, profiles={"short": life}) as made, _ca(made, kill_every, seen):
        while made.once(confirm_seconds="1").serial == "":
            time.sleep(1)  # the CA was just killed
        made.rig.start()
        with _agent(made):
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                _handshake(made, seen)
                time.sleep(BETWEEN_SECONDS)
    return seen
