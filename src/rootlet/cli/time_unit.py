"""``rootlet time unit``: the server as a systemd service."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rootlet.cli.options import FILE, json_option, show
from rootlet.errors import Misuse
from rootlet.roughtime import parse_address, server_unit

__all__ = ["unit"]


@click.command(
    epilog="\b\nExamples:\n"
    "  rootlet time unit --key /srv/maker/time/north.key --listen 0.0.0.0:5319 \\\n"
    "      > /etc/systemd/system/rootlet-time.service\n"
    "  systemctl enable --now rootlet-time"
)
@click.option(
    "--key", "keys", multiple=True, type=FILE, help="A long-term key; systemd hands it over."
)
@click.option(
    "--online", "onlines", multiple=True, type=FILE, help="Or an online key, with --delegation."
)
@click.option(
    "--delegation", "delegations", multiple=True, type=FILE, help="One for each --online."
)
@click.option("--listen", required=True, metavar="HOST:PORT", help="UDP and TCP.")
@click.option(
    "--radius", type=click.IntRange(1, 0xFFFFFFFF), metavar="SECONDS", help="As for serve."
)
@click.option(
    "--processes", type=click.IntRange(1), default=1, metavar="COUNT", help="As for serve."
)
@click.option("--metrics", type=FILE, metavar="FILE", help="As for serve.")
@click.option(
    "--program", type=FILE, metavar="FILE", help="The rootlet command.  [default: this one]"
)
@json_option
def unit(
    keys: tuple[Path, ...],
    onlines: tuple[Path, ...],
    delegations: tuple[Path, ...],
    listen: str,
    radius: int | None,
    processes: int,
    metrics: Path | None,
    program: Path | None,
    as_json: bool,
) -> None:
    """Print a systemd unit for rootlet time serve, hardened, with a user of its own."""
    if not keys and not onlines:
        raise Misuse("no key is given", hint="give --key, or --online and --delegation")
    if len(onlines) != len(delegations):
        raise Misuse(
            f"{len(onlines)} --online and {len(delegations)} --delegation", hint="one for each"
        )
    chosen = program or Path(sys.executable).with_name("rootlet")
    if not chosen.is_absolute():
        raise Misuse(f"{chosen} is not an absolute path", hint="systemd wants one: --program")
    options = [] if radius is None else ["--radius", str(radius)]
    options += [] if processes == 1 else ["--processes", str(processes)]
    text = server_unit(
        program=chosen,
        keys=[key.resolve() for key in keys],
        onlines=[
            (online.resolve(), delegation.resolve())
            for online, delegation in zip(onlines, delegations, strict=True)
        ],
        address=parse_address(listen),
        options=options,
        metrics=None if metrics is None else metrics.resolve(),
    )
    show({"unit": text}, text.rstrip("\n"), as_json=as_json)
