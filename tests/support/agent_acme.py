"""The agent with everything real around it: our ACME server, nginx, files."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rootlet.agent import AgentConfig, AgentLog, Report, keepers_of, once, parse_config
from rootlet.agent.keeper import Keeper
from rootlet.ca import open_authority
from rootlet.maker import Maker
from support.acme_rig import AcmeServer, acme_maker, acme_server
from support.agent_rig import NAME, Rig
from support.processes import LOOPBACK, free_port

__all__ = ["World", "world"]


@dataclass
class World:
    """A maker, its CA that serves ACME, and an nginx whose certificate an agent keeps."""

    maker: Maker
    rig: Rig
    challenge_port: int
    ca_port: int
    top: list[str] = field(default_factory=list)
    """More lines before the certificate's table."""
    log: io.StringIO = field(default_factory=io.StringIO)

    @property
    def directory(self) -> str:
        return f"https://{LOOPBACK}:{self.ca_port}/acme/directory"

    def text(self, **changes: str) -> str:
        """The agent's configuration; ``changes`` replace or add keys of the certificate's table."""
        keys = {
            "names": json.dumps([NAME]),
            "profile": json.dumps(self.rig.profile.name),
            "folder": json.dumps(f"tls/{NAME}"),
            "server_config": json.dumps("nginx.conf"),
            "address": json.dumps(f"{LOOPBACK}:{self.rig.port}"),
            "confirm_seconds": "5",
            "listen": json.dumps(f"{LOOPBACK}:{self.challenge_port}"),
            **changes,
        }
        lines = [f"directory = {json.dumps(self.directory)}"]
        lines += [f"root = {json.dumps(str(self.maker.folder / 'ca/root.pem'))}"]
        lines += ['metrics = "agent.prom"', *self.top, "", "[[certificates]]"]
        lines += [f"{key} = {value}" for key, value in keys.items() if value]
        return "\n".join(lines) + "\n"

    def config(self, **changes: str) -> AgentConfig:
        return parse_config(self.text(**changes), self.rig.folder)

    def once(self, *, force: bool = False, **changes: str) -> Report:
        """One run of the agent."""
        [report] = once(self.config(**changes), AgentLog(self.log).tell, force=force)
        return report

    def keeper(self, **changes: str) -> Keeper:
        [keeper] = keepers_of(self.config(**changes), AgentLog(self.log).tell)
        return keeper

    def logged(self, what: str) -> list[Mapping[str, Any]]:
        """Lines of the agent's log."""
        lines = [json.loads(line) for line in self.log.getvalue().splitlines()]
        return [line for line in lines if line["event"] == what]

    def start(self) -> Report:
        """A first certificate, nginx that serves it, and the report that all is well."""
        self.once(confirm_seconds="1")
        self.rig.start()
        return self.once(force=True)

    def serving(self) -> contextlib.AbstractContextManager[AcmeServer]:
        """The CA, for a while."""
        return acme_server(self.maker, port=self.ca_port)


@contextlib.contextmanager
def world(
    folder: Path,
    profile: str = "c25519",
    *,
    profiles: Mapping[str, str] | None = None,
    more: str = "",
) -> Iterator[World]:
    """A maker and an nginx that is not started; the CA is not started either."""
    challenge_port = free_port()
    maker = acme_maker(
        folder / "mine",
        profile,
        addresses=(NAME,),
        profiles=profiles,
        http_port=challenge_port,
        more=more,
    )
    with open_authority(maker, verify=None) as authority:
        web = folder / "web"
        web.mkdir()
        rig = Rig(web, maker.profile, authority, free_port())
        rig.write_config()
        yield World(maker, rig, challenge_port, free_port())
        if (web / "run/nginx.pid").exists():
            rig.write_config()
            rig.stop()
