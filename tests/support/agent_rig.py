"""A real nginx with certificates that an agent replaces, and a CA in memory to issue them."""

from __future__ import annotations

import os
import pwd
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from rootlet.agent.chain import Pair, Wanted, check_pair
from rootlet.agent.pair_store import Observer, PairStore, Step
from rootlet.agent.server_control import ServerControl
from rootlet.ca import Authority
from rootlet.pki import chain_to_pem, generate_key, key_to_pem
from rootlet.profile import Profile, load_profile
from rootlet.servers import ClientAuth, Listen, Nginx, ServerSettings
from support.makers import authority_of
from support.processes import LOOPBACK, free_port, tool

__all__ = ["NAME", "Rig", "nginx_rig", "started_rig", "wait_until"]

NAME = "api.example.test"

WAIT_SECONDS = 20.0
"""Longest wait; two busy cores need a second or two."""


def wait_until(true: Callable[[], bool]) -> None:
    """Look until something is so."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.01)


def _silent(_: Step) -> None:
    pass


@dataclass
class Rig:
    """One nginx, its configuration, and who issues for it."""

    folder: Path
    profile: Profile
    authority: Authority
    port: int
    settle: float = 0.0
    """Seconds; 0 goes on while an old worker of nginx may still answer."""
    steps: list[Step] = field(default_factory=list)

    @property
    def place(self) -> Path:
        return self.folder / "tls" / NAME

    @property
    def config(self) -> Path:
        return self.folder / "nginx.conf"

    @property
    def wanted(self) -> Wanted:
        return Wanted((NAME,), self.profile, self.authority.root)

    def control(self, *, seconds: float = 3.0, port: int | None = None) -> ServerControl:
        listen = Listen(LOOPBACK, port or self.port)
        root = self.authority.root
        return ServerControl(Nginx(), self.config, listen, NAME, root, seconds, self.settle)

    def store(self, observe: Observer | None = None, *, seconds: float = 3.0) -> PairStore:
        return PairStore(self.place, self.control(seconds=seconds), observe or self.steps.append)

    def pair(self, *, lifetime: timedelta | None = None) -> Pair:
        """A new pair, issued by the CA for a key made here."""
        now, key = datetime.now(UTC), generate_key(self.profile)
        public = key.public_key()
        issued = self.authority.issue_server([NAME], now=now, lifetime=lifetime, public_key=public)
        return check_pair(chain_to_pem(issued.chain), key_to_pem(key), self.wanted, now=now)

    def serial(self) -> int | None:
        """What nginx serves."""
        return self.control().look().serial

    def installed(self) -> Pair:
        return self.store().read_current(self.wanted, now=datetime.now(UTC))

    def install(self, *, lifetime: timedelta | None = None) -> Pair:
        """Renew once, nothing going wrong."""
        pair = self.pair(lifetime=lifetime)
        self.store().offer(pair)
        self.store().take_up(pair)
        return pair

    def write_config(self) -> None:
        state = self.folder / "run"
        state.mkdir(exist_ok=True)
        settings = ServerSettings(
            profile=self.profile,
            name=NAME,
            listen=Listen(LOOPBACK, self.port),
            certificate=self.place / "cert.pem",
            key=self.place / "key.pem",
            clients=self.folder / "clients.pem",
            client_auth=ClientAuth.OFF,
            root_dir=self.folder / "www",
            config=self.config,
            state=state,
            user=pwd.getpwuid(0).pw_name if os.geteuid() == 0 else None,
        )
        self.config.write_text(Nginx().config(settings), encoding="utf-8")

    def command(self, argv: tuple[str, ...]) -> None:
        program = tool(argv[0], argv[0])
        done = subprocess.run([program, *argv[1:]], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        self.command(Nginx().start_command(self.config, complete=True).argv)

    def stop(self) -> None:
        self.command(Nginx().stop_trigger(self.config, complete=True).argv)
        wait_until(lambda: not (self.folder / "run/nginx.pid").exists())


def nginx_rig(folder: Path, profile: str = "c25519") -> Rig:
    """Everything but a certificate; nginx does not run."""
    authority, _ = authority_of(profile, now=datetime.now(UTC), names=[NAME])
    (folder / "root.pem").write_bytes(authority.root.public_bytes(Encoding.PEM))
    rig = Rig(folder, load_profile(profile), authority, free_port())
    rig.write_config()
    return rig


@contextmanager
def started_rig(folder: Path, profile: str = "c25519") -> Iterator[Rig]:
    """nginx runs with a first certificate."""
    rig = nginx_rig(folder, profile)
    pair = rig.pair()
    store = rig.store(_silent)
    store.offer(pair)
    place = store.place
    place.symlink_to(Path(".versions", NAME, pair.version))
    rig.start()
    try:
        store.take_up(pair)
        yield rig
    finally:
        rig.write_config()
        rig.stop()
