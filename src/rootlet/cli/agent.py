"""``rootlet agent``: keeps the certificates of this machine's servers fresh."""

from __future__ import annotations

import json
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from rootlet.agent import (
    AGENT_CONFIG,
    AgentConfig,
    AgentLog,
    Report,
    exit_code_of,
    keepers_of,
    load_config,
    once,
    parse_config,
    run,
    starter_config,
    table_text,
    unit_text,
)
from rootlet.cli.options import (
    FILE,
    date_text,
    dry_run_option,
    json_option,
    show,
    utc_now,
)
from rootlet.errors import Misuse, State
from rootlet.files import write_atomic
from rootlet.profile import PROFILE_NAMES, load_profile

__all__ = ["command"]

config_option = click.option(
    "--config",
    "path",
    type=FILE,
    default=Path(AGENT_CONFIG),
    show_default=True,
    metavar="FILE",
    help="What to keep fresh.",
)


@click.group(
    name="agent",
    epilog="\b\nFrom nothing to a certificate that is kept fresh:\n"
    "  rootlet agent init --name api.example.test \\\n"
    "      --directory https://ca.example.test:8443/acme/directory\n"
    "  rootlet agent once\n"
    "  rootlet agent unit > /etc/systemd/system/rootlet-agent.service",
)
def command() -> None:
    """Keep the certificates of this machine's servers fresh: renew, install, confirm, roll back."""


def _with_config(words: str, path: Path) -> str:
    return words if path == Path(AGENT_CONFIG) else f"{words} --config {shlex.quote(str(path))}"


@command.command(
    name="init",
    epilog="\b\nExample:\n"
    "  rootlet agent init --name api.example.test \\\n"
    "      --directory https://ca.example.test:8443/acme/directory",
)
@click.option("--name", required=True, metavar="NAME", help="Name of the first certificate.")
@click.option("--directory", required=True, metavar="URL", help="The CA's ACME directory.")
@click.option(
    "--profile",
    type=click.Choice(PROFILE_NAMES),
    default=PROFILE_NAMES[0],
    show_default=True,
    help="The maker's profile.",
)
@config_option
@dry_run_option
@json_option
def init(name: str, directory: str, profile: str, path: Path, dry_run: bool, as_json: bool) -> None:
    """Write a first configuration, every key explained."""
    text = starter_config(name=name, directory=directory, profile=load_profile(profile))
    parse_config(text, path.resolve().parent)
    if path.exists():
        raise State(f"{path} exists already", hint="edit it, or name another with --config")
    if not dry_run:
        write_atomic(path, text.encode(), private=False)
    following = _with_config("rootlet agent once", path)
    said = f"{'Would write' if dry_run else 'Wrote'} {path}\n\n"
    said += f"Next: copy the maker's ca/root.pem to root.pem beside it, then: {following}"
    show({"config": str(path), "written": not dry_run}, said, as_json=as_json)


@command.command(
    name="once",
    epilog="\b\nExamples, the second one a line for cron:\n"
    "  rootlet agent once --dry-run\n"
    "  */10 * * * * rootlet agent once --quiet --config /etc/rootlet/rootlet-agent.toml\n"
    "\b\nExit codes: 0 all is well; 1 the CA or a check refused, 4 the CA or the server was away,\n"
    "both with time left: it is tried again next time; 6 alarm: less than a quarter of a life is\n"
    "left, or the server was rolled back.",
)
@config_option
@click.option("--force", is_flag=True, help="Renew now, whether it is due or not.")
@click.option("--quiet", is_flag=True, help="Print only what is wrong.")
@dry_run_option
@json_option
@click.pass_context
def once_command(
    context: click.Context, path: Path, force: bool, quiet: bool, dry_run: bool, as_json: bool
) -> None:
    """Do what is due, once."""
    config = load_config(path)
    if dry_run:
        _show_plan(config, force=force, as_json=as_json)
        return
    reports = once(config, AgentLog(sys.stderr, quiet=True).tell, force=force)
    code = exit_code_of(reports)
    if code or not quiet:
        following = _with_config("rootlet agent status" if code else "rootlet agent run", path)
        text = f"{table_text(reports, now=utc_now())}\n\nNext: {following}"
        show(_fields(reports, code), text, as_json=as_json)
    context.exit(code)


def _fields(reports: Sequence[Report], code: int) -> dict[str, Any]:
    return {"certificates": [report.fields() for report in reports], "exit_code": code}


def _show_plan(config: AgentConfig, *, force: bool, as_json: bool) -> None:
    lines, fields = [], []
    for keeper in keepers_of(config, AgentLog(sys.stderr).tell, dry=True):
        plan = keeper.plan()
        now = utc_now()
        does = "nothing"
        if force or plan.at <= now:
            does = "install the one that was received" if plan.under_way else "order and install"
        when = "" if does != "nothing" else f" before {date_text(plan.at)}"
        lines.append(f"{keeper.kept.name}: would do {does}{when}")
        fields.append({"name": keeper.kept.name, "would": does, "at": date_text(plan.at)})
    lines += ["", "Next: rootlet agent once"]
    show({"certificates": fields}, "\n".join(lines), as_json=as_json)


@command.command(
    name="run",
    epilog="\b\nExample:\n  rootlet agent run --config /etc/rootlet/rootlet-agent.toml\n"
    "\b\nThe log goes to standard error, one JSON object per line. kill (TERM) lets an\n"
    "installation under way end first.",
)
@config_option
@json_option
def run_command(path: Path, as_json: bool) -> None:
    """Keep everything fresh until told to stop: the service."""
    config = load_config(path)
    stop, wake = threading.Event(), threading.Event()

    def end(*_: object) -> None:
        stop.set()
        wake.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)

    def ready() -> None:
        names = [kept.name for kept in config.certificates]
        following = _with_config("rootlet agent status", path)
        text = f"Keeping fresh: {', '.join(names)}\n\nNext: {following}"
        click.echo(json.dumps({"keeping": names}) if as_json else text)
        sys.stdout.flush()

    run(config, AgentLog(sys.stderr).tell, stop=stop, wake=wake, ready=ready)


@command.command(
    name="status",
    epilog="\b\nExamples:\n  rootlet agent status\n  rootlet agent status --json\n"
    "\b\nExit codes as of rootlet agent once.",
)
@config_option
@json_option
@click.pass_context
def status(context: click.Context, path: Path, as_json: bool) -> None:
    """How each certificate is and how long is left; asks nobody, changes nothing."""
    config = load_config(path)
    keepers = keepers_of(config, AgentLog(sys.stderr).tell, dry=True)
    reports = [keeper.report() for keeper in keepers]
    code = exit_code_of(reports)
    following = _with_config("rootlet agent once", path)
    text = f"{table_text(reports, now=utc_now())}\n\nNext: {following}"
    show(_fields(reports, code), text, as_json=as_json)
    context.exit(code)


@command.command(
    name="unit",
    epilog="\b\nExample:\n  rootlet agent unit > /etc/systemd/system/rootlet-agent.service\n"
    "  systemctl enable --now rootlet-agent",
)
@config_option
@click.option(
    "--program", type=FILE, metavar="FILE", help="The rootlet command.  [default: this one]"
)
@json_option
def unit(path: Path, program: Path | None, as_json: bool) -> None:
    """Print a systemd unit for rootlet agent run, hardened, for this configuration."""
    chosen = program or Path(sys.executable).with_name("rootlet")
    if not chosen.is_absolute():
        raise Misuse(f"{chosen} is not an absolute path", hint="systemd wants one: --program")
    text = unit_text(load_config(path), path=path.resolve(), program=chosen)
    show({"unit": text}, text.rstrip("\n"), as_json=as_json)
