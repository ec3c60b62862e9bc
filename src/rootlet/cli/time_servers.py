"""Which Roughtime servers are asked: those of rootlet.toml or of a list; and writing a list."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from rootlet.cli.options import FILE, maker_option, show, with_maker
from rootlet.errors import Misuse
from rootlet.files import read_bytes, write_atomic
from rootlet.maker import Maker, load_maker
from rootlet.roughtime import (
    ListedServer,
    ServerList,
    Target,
    key_from_text,
    list_of,
    parse_address,
    read_list,
)

__all__ = ["list_command", "list_option", "read_list_file", "targets_of", "targets_of_list"]

list_option: Callable[[Any], Any] = click.option(
    "--list",
    "list_file",
    type=FILE,
    metavar="FILE",
    help="A server list (RFC 10049 section 8.3) instead of rootlet.toml.",
)


def targets_of(maker: Maker) -> list[Target]:
    """The servers of rootlet.toml, in an order nobody can foresee."""
    targets = [
        Target(server.name, parse_address(server.address), key_from_text(server.public_key))
        for server in maker.time_servers
    ]
    if not targets:
        raise Misuse(
            "rootlet.toml names no Roughtime server",
            hint="make a key and add the [[time.servers]] it prints: rootlet time keygen NAME",
        )
    secrets.SystemRandom().shuffle(targets)
    return targets


def read_list_file(file: Path) -> ServerList:
    """A server list; says on standard error who in it is passed over."""
    try:
        value = json.loads(read_bytes(file, what="the server list"))
    except (ValueError, RecursionError) as error:
        raise Misuse(f"{file} is not JSON", hint="give a list as RFC 10049 has it") from error
    found = read_list(value)
    for name, reason in found.passed_over:
        click.echo(f"Note: {name} is passed over: {reason}", err=True)
    return found


def targets_of_list(found: ServerList) -> list[Target]:
    """Its servers, in an order nobody can foresee."""
    targets = [
        Target(
            server.name,
            parse_address(server.udp or server.tcp),
            server.public_key,
            parse_address(server.tcp) if server.tcp else None,
            by_udp=bool(server.udp),
        )
        for server in found.servers
    ]
    secrets.SystemRandom().shuffle(targets)
    return targets


@click.command(
    name="list", epilog="\b\nExample:\n  rootlet time list --maker mine --out servers.json"
)
@maker_option
@click.option(
    "--reports",
    metavar="URL",
    default="",
    help="Where clients may send reports of malfeasance: https.",
)
@click.option("--out", type=FILE, metavar="FILE", help="Write it there.  [default: print it]")
def list_command(folder: Path, reports: str, out: Path | None) -> None:
    """Write the servers of rootlet.toml as a list that other clients read (RFC 10049, 8.3)."""
    if reports and not reports.startswith("https://"):
        raise Misuse(f"{reports!r} is no https URL", hint="the RFC allows no other")
    maker = load_maker(folder)
    targets_of(maker)  # says what to do when there is none
    servers = [
        ListedServer(server.name, key_from_text(server.public_key), server.address, server.address)
        for server in maker.time_servers
    ]
    text = json.dumps(list_of(servers, reports=reports), indent=2)
    if out is None:
        click.echo(text)
        return
    write_atomic(out, f"{text}\n".encode(), private=False)
    measure = with_maker(f"rootlet time measure --list {out}", folder)
    show(
        {"file": str(out), "servers": len(servers)},
        f"Wrote {len(servers)} servers to {out}\n\nNext: publish it; try it: {measure}",
        as_json=False,
    )
