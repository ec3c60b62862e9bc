"""The files that a person begins with: a starter configuration, and a systemd unit."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from string import Template

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from rootlet.agent.model import AgentConfig, Kept
from rootlet.files import unit_path
from rootlet.pki import host_text, parse_host
from rootlet.profile import Profile
from rootlet.servers import WRITERS, Touch

__all__ = ["starter_config", "unit_text"]


def starter_config(*, name: str, directory: str, profile: Profile) -> str:
    """A first rootlet-agent.toml, every key explained; one that the agent reads as it stands."""
    host = host_text(parse_host(name))
    template = resources.files("rootlet.agent").joinpath("starter.toml").read_text("utf-8")
    return Template(template).substitute(
        directory=json.dumps(directory),
        name=json.dumps(host),
        profile=json.dumps(profile.name),
        folder=json.dumps(f"tls/{host}"),
    )


def unit_text(config: AgentConfig, *, path: Path, program: Path) -> str:
    """A systemd unit that runs the agent with this configuration and may write little else."""
    writable = {config.state, config.account_key.parent}
    writable |= {kept.folder.parent for kept in config.certificates}
    writable |= {kept.webroot for kept in config.certificates if kept.webroot is not None}
    writable |= {path for kept in config.certificates for path in _touched(kept)}
    if config.metrics is not None:
        writable.add(config.metrics.parent)
    environment = Environment(
        loader=PackageLoader("rootlet.agent", "."),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("unit.service.j2").render(
        config=unit_path(path),
        program=unit_path(program),
        writable=sorted(unit_path(each) for each in writable),
    )


def _touched(kept: Kept) -> set[Path]:
    """The folder of a file that is touched to make a server reload."""
    if kept.server_config is None:
        return set()
    trigger = WRITERS[kept.server]().reload_trigger(kept.server_config, complete=True)
    return {trigger.path.parent} if isinstance(trigger, Touch) else set()
